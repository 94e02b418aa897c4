"""uvicorn as a component."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from services.common.health import Health

from ..answers import Header
from ..shedding import Door, Refusal
from .acceptor import Acceptor
from .joined_writes import JoinedWrites

MAX_HEAD_BYTES = 64 * 1024
KEEP_ALIVE_SECONDS = 30
BACKLOG = 2048
TOO_LATE = b"HTTP/1.1 408 Request Timeout\r\nconnection: close\r\ncontent-length: 0\r\n\r\n"


class HttpServer:
    """Serves an ASGI application. `port` is the one that was bound; `health` is polled while it runs.

    `request_seconds` is how long the head of a request may take to arrive, and then its body. Whoever is not admitted
    at the `door` gets the `refusal`.
    """

    def __init__(
        self,
        app: Callable[..., Any],
        host: str,
        port: int,
        health: Health,
        *,
        door: Door,
        refusal: Refusal,
        drain_seconds: float,
        request_seconds: float,
    ) -> None:
        self._door, self._refusal = door, refusal
        self._app, self._host, self._asked_port, self._health = app, host, port, health
        self._drain_seconds, self._request_seconds = drain_seconds, request_seconds
        self.port = 0

    async def start(self) -> None:
        """Raises OSError, naming the address, where it cannot be bound."""
        listening = _bind(self._host, self._asked_port)
        self.port = listening.getsockname()[1]
        config = uvicorn.Config(
            self._app,
            http=partial(  # type: ignore[arg-type]
                _BoundedProtocol, door=self._door, refusal=self._refusal, request_seconds=self._request_seconds
            ),
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
    """Leaves signals to whoever runs the service, and takes connections in its own way."""

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets=[])
        config: Any = self.config
        protocol = partial(
            config.http_protocol_class, config=config, server_state=self.server_state, app_state=self.lifespan.state
        )
        self.servers = [Acceptor(listening, protocol, config.backlog) for listening in sockets or ()]  # type: ignore[misc]

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


class _BoundedProtocol(HttpToolsProtocol):
    """HTTP/1.1 with bounds on how much and how long who sends a request may keep the server waiting.

    Cut off is who sends an endless request line or endless header fields, which the parser would keep in memory; whose
    head or body does not arrive in time; and who names no host, or several of them. What is left of a request that asks
    for another protocol is not read: its body would be taken for the next request.

    Whoever is not admitted at the door is answered here, without an application and a task for it.
    """

    def __init__(self, *arguments: Any, door: Door, refusal: Refusal, request_seconds: float, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self._door, self._refusal, self._refuses = door, refusal, False
        self._request_seconds = request_seconds
        self._reads_head, self._reads_body, self._head_bytes = False, False, 0
        # Since when a head or a body is awaited; 0.0 while none is.
        self._awaited_since = 0.0
        self._timer: asyncio.TimerHandle | None = None
        self._upgrades = False

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(JoinedWrites(transport))
        self._awaited_since = self.loop.time()
        self._timer = self.loop.call_later(self._request_seconds, self._cut_off_late)

    def connection_lost(self, exc: Exception | None) -> None:
        if self._timer:
            self._timer.cancel()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if self._upgrades:
            return
        if self._reads_head and self._head_bytes > MAX_HEAD_BYTES:
            self.transport.close()
            return
        super().data_received(data)
        # What arrives at once is bounded by the loop; it may hold a body as well, which others bound.
        self._head_bytes = self._head_bytes + len(data) if self._reads_head else 0
        if not self._awaited_since and (self.cycle is None or self.cycle.response_complete):
            # Empty lines before a request, which begin none but end uvicorn's own waiting for one.
            self._awaited_since = self.loop.time()

    def on_message_begin(self) -> None:
        self._reads_head = True
        self._awaited_since = self._awaited_since or self.loop.time()
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        self._reads_head, self._reads_body = False, True
        self._awaited_since = self.loop.time()
        _check_host(self.headers, self.parser.get_http_version())
        self._refuses = self._may_refuse() and not self._door.admits(self.url, self.headers, len(self.tasks))
        if self._refuses:
            return
        super().on_headers_complete()
        if self.parser.should_upgrade():
            self._upgrades, self.cycle.keep_alive = True, False

    def on_body(self, body: bytes) -> None:
        if not self._refuses:
            super().on_body(body)

    def on_message_complete(self) -> None:
        self._reads_body, self._awaited_since = False, 0.0
        if self._refuses:
            self._refuse()
        else:
            super().on_message_complete()

    def _may_refuse(self) -> bool:
        """Only what changes nothing, and what is not behind another request whose answer comes first."""
        is_idle = self.cycle is None or self.cycle.response_complete
        return is_idle and self.parser.get_method() in (b"GET", b"HEAD") and not self.parser.should_upgrade()

    def _refuse(self) -> None:
        with_body = self.parser.get_method() == b"GET"
        self.transport.write(self._refusal.answer(self.url, self.headers, with_body=with_body))
        if not self.parser.should_keep_alive():
            self.transport.close()
        self.on_response_complete()

    def _cut_off_late(self) -> None:
        """One timer for a connection, as a timer for every request would cost each of them."""
        waited = self.loop.time() - self._awaited_since if self._awaited_since else 0.0
        if waited < self._request_seconds:
            self._timer = self.loop.call_later(self._request_seconds - waited, self._cut_off_late)
            return
        if self._may_answer():
            self.transport.write(TOO_LATE)
        self.transport.close()

    def _may_answer(self) -> bool:
        """Whether an answer now would be taken for that of what is awaited: a request must never have two."""
        if self.cycle is None or self.pipeline:
            return self.cycle is None
        return not self.cycle.response_started if self._reads_body else bool(self.cycle.response_complete)


def _check_host(headers: list[Header], version: str) -> None:
    """Exactly one Host, as RFC 9112 (section 3.2) has it. What is raised here, the parser turns into 400."""
    hosts = [name for name, _ in headers].count(b"host")
    if hosts > 1 or (not hosts and version == "1.1"):
        raise ValueError(f"{hosts} hosts")


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
