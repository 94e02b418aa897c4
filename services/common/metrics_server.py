"""The port on loopback where operators look: Prometheus' /metrics, and the pages that services add."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from socketserver import ThreadingMixIn
from threading import Thread
from typing import Any
from urllib.parse import parse_qsl
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

import structlog
from prometheus_client import make_wsgi_app

from .errors import InvalidArgument, ServiceError

HTML = "text/html; charset=utf-8"
TEXT = "text/plain; charset=utf-8"
# Pages hold their own styles, and nothing else: no script, and nothing from elsewhere.
POLICY = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"

Page = Callable[[Mapping[str, str]], bytes]
"""HTML for the query of a request, made in a thread of the server. Raises `ServiceError` with a sentence."""

_Application = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]

log = structlog.get_logger(__name__)
_pages: dict[str, Page] = {}


def add_page(path: str, page: Page) -> None:
    """Serves a page beside /metrics, if this process has such a port."""
    _pages[path] = page


def remove_page(path: str) -> None:
    _pages.pop(path, None)


def start(port: int) -> int:
    """Serves in a thread until the process ends; returns the port."""
    server = make_server("127.0.0.1", port, _application(), _Server, handler_class=_Quiet)
    Thread(target=server.serve_forever, name="metrics", daemon=True).start()
    return server.server_port


def _application() -> _Application:
    metrics: _Application = make_wsgi_app()

    def answer(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        page = _pages.get(environ["PATH_INFO"])
        if page is None:
            return metrics(environ, start_response)
        status, kind, body = _made(page, dict(parse_qsl(environ["QUERY_STRING"])))
        headers = [("Content-Type", kind), ("Content-Security-Policy", POLICY), ("Cache-Control", "no-store")]
        start_response(status, headers)
        return [body]

    return answer


def _made(page: Page, query: Mapping[str, str]) -> tuple[str, str, bytes]:
    try:
        return "200 OK", HTML, page(query)
    except InvalidArgument as error:
        said = "; ".join(f"{name} {why}" for name, why in error.fields.items())
        return "400 Bad Request", TEXT, (said or error.message).encode()
    except (ServiceError, TimeoutError):
        return "503 Service Unavailable", TEXT, b"This cannot be told at the moment."
    except Exception:
        log.exception("page failed")
        return "500 Internal Server Error", TEXT, b"internal error"


class _Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True


class _Quiet(WSGIRequestHandler):
    def log_request(self, code: Any = "-", size: Any = "-") -> None:
        """No line for each request."""
