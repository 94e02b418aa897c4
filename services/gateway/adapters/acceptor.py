"""Takes connections from a listening socket.

uvloop's own server takes one connection in a turn of the loop. While turns take long, which is when many come, those
who come would wait in the kernel without an answer, and nobody could turn them away.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable

import structlog

AT_ONCE = 256
"""Connections taken in one turn of the loop."""

PAUSE_SECONDS = 1.0

log = structlog.get_logger(__name__)


class Acceptor:
    """Takes what waits in every turn, from its making until `close`. What uvicorn needs of an `asyncio.Server`."""

    def __init__(self, listening: socket.socket, protocol: Callable[[], asyncio.Protocol], backlog: int) -> None:
        self._listening, self._protocol = listening, protocol
        self._loop = asyncio.get_running_loop()
        self._beginning: set[asyncio.Task[object]] = set()
        self._pause: asyncio.TimerHandle | None = None
        listening.setblocking(False)
        # Connections inherit it.
        listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        listening.listen(backlog)
        self._loop.add_reader(listening, self._accept)

    def close(self) -> None:
        if self._pause:
            self._pause.cancel()
        self._loop.remove_reader(self._listening)

    async def wait_closed(self) -> None:
        if self._beginning:
            await asyncio.wait(self._beginning)

    def _accept(self) -> None:
        for _ in range(AT_ONCE):
            try:
                connection, _ = self._listening.accept()
            except (BlockingIOError, InterruptedError, ConnectionAbortedError):
                return
            except OSError as error:  # no file descriptor is left, or no memory: waiting may help
                log.warning("no connection can be taken", error=str(error))
                self._loop.remove_reader(self._listening)
                self._pause = self._loop.call_later(PAUSE_SECONDS, self._loop.add_reader, self._listening, self._accept)
                return
            connection.setblocking(False)
            begun = self._loop.create_task(self._loop.connect_accepted_socket(self._protocol, connection))
            self._beginning.add(begun)
            begun.add_done_callback(self._begun)

    def _begun(self, task: asyncio.Task[object]) -> None:
        self._beginning.discard(task)
        if not task.cancelled() and (error := task.exception()):
            log.info("a connection was lost before it began", error=str(error))
