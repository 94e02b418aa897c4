"""uvicorn as a component."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import Callable, Iterator
from typing import Any

import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from services.common.health import Health

MAX_HEAD_BYTES = 64 * 1024
KEEP_ALIVE_SECONDS = 30
BACKLOG = 2048


class HttpServer:
    """Serves an ASGI application. `port` is the one that was bound; `health` is polled while it runs."""

    def __init__(self, app: Callable[..., Any], host: str, port: int, health: Health, drain_seconds: float) -> None:
        self._app, self._host, self._asked_port, self._health = app, host, port, health
        self._drain_seconds = drain_seconds
        self.port = 0

    async def start(self) -> None:
        """Raises OSError, naming the address, where it cannot be bound."""
        listening = _bind(self._host, self._asked_port)
        self.port = listening.getsockname()[1]
        config = uvicorn.Config(
            self._app,
            http=_BoundedHead,
            ws="none",
            lifespan="off",
            interface="asgi3",
            log_config=None,
            access_log=False,
            proxy_headers=False,
            server_header=False,
            timeout_keep_alive=KEEP_ALIVE_SECONDS,
            timeout_graceful_shutdown=max(1, round(self._drain_seconds)),
            backlog=BACKLOG,
        )
        await self._health.start()
        self._server = _Server(config)
        self._task = asyncio.create_task(self._server.serve(sockets=[listening]), name="http server")
        while not self._server.started and not self._task.done():  # noqa: ASYNC110 - uvicorn offers no event
            await asyncio.sleep(0.005)

    async def stop(self) -> None:
        """Takes no new connections, lets requests in flight finish for at most the drain time."""
        self._server.should_exit = True
        await self._task
        await self._health.stop()


class _Server(uvicorn.Server):
    """Leaves signals to whoever runs the service."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


class _BoundedHead(HttpToolsProtocol):
    """Cuts off who sends an endless request line or endless header fields, which the parser would keep in memory."""

    _reads_head, _head_bytes = False, 0

    def data_received(self, data: bytes) -> None:
        if self._reads_head and self._head_bytes > MAX_HEAD_BYTES:
            self.transport.close()
            return
        super().data_received(data)
        # What arrives at once is bounded by the loop; it may hold a body as well, which others bound.
        self._head_bytes = self._head_bytes + len(data) if self._reads_head else 0

    def on_message_begin(self) -> None:
        self._reads_head = True
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        self._reads_head = False
        super().on_headers_complete()


def _bind(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listening = socket.socket(family, socket.SOCK_STREAM)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((host, port))
    except OSError as error:
        listening.close()
        raise OSError(error.errno, f"cannot listen on {host} port {port}: {error.strerror}") from None
    return listening
