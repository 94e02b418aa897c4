"""A TCP proxy between two parts that makes the network misbehave while it is told to."""

from __future__ import annotations

import asyncio
import contextlib
import random

from services.standalone.ports import LOOPBACK

CHUNK = 64 * 1024

# What a link can do:
#   delay      replies come late
#   cut        the connection ends in the middle of a reply
#   drop       replies never come; the connection ends when the fault does, as a byte stream cannot go on after that
#   duplicate  a request arrives a second time, later and on a connection of its own, and nobody hears the answer. Only
#              commands to Valkey are whole messages that can be repeated so; in HTTP/2 a repeated stretch of bytes is
#              a connection error. There the gateway's retries, and clients that ask twice at once, stand in for it.
MODES = ("delay", "cut", "drop", "duplicate")


class Link:
    """Listens on a port of its own and passes everything on to `target`, as `mode` says; "": faithfully."""

    def __init__(self, target: int, *, repeats: bool) -> None:
        self._target = target
        self.modes = MODES if repeats else MODES[:-1]
        self.mode = ""
        self._chance = random.Random(target)
        self._server: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._healed = asyncio.Event()

    @property
    def port(self) -> int:
        return int(self._server.sockets[0].getsockname()[1]) if self._server else 0

    async def start(self) -> None:
        self._server = await asyncio.start_server(self._accept, LOOPBACK, 0)

    async def stop(self) -> None:
        if self._server:
            self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def move(self, target: int) -> None:
        """From here on `target` is what is listened for; the connections there are end."""
        self._target = target
        for task in self._tasks:
            task.cancel()

    async def misbehave(self, mode: str, seconds: float) -> None:
        self._healed.clear()
        self.mode = mode
        await asyncio.sleep(seconds)
        self.mode = ""
        self._healed.set()

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._keep(asyncio.create_task(self._connect(reader, writer)))

    async def _connect(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            target_reader, target_writer = await asyncio.open_connection(LOOPBACK, self._target)
        except OSError:
            writer.close()
            return
        requests = asyncio.create_task(self._requests(reader, target_writer))
        replies = asyncio.create_task(self._replies(target_reader, writer))
        try:
            await asyncio.wait({requests, replies}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in (requests, replies):
                task.cancel()
            for each in (writer, target_writer):
                each.close()
            await asyncio.gather(requests, replies, return_exceptions=True)

    async def _requests(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(CHUNK):
            if self.mode == "duplicate" and data.startswith(b"*") and b"FCALL\r\n" in data:
                self._keep(asyncio.create_task(self._repeat(data)))
            writer.write(data)
            await writer.drain()

    async def _replies(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(CHUNK):
            if self.mode == "delay":
                await asyncio.sleep(self._chance.uniform(0.02, 0.3))
            elif self.mode == "cut" and self._chance.random() < 0.3:
                writer.write(data[: len(data) // 2])
                await writer.drain()
                return
            elif self.mode == "drop":
                await self._healed.wait()
                return
            writer.write(data)
            await writer.drain()

    async def _repeat(self, data: bytes) -> None:
        await asyncio.sleep(self._chance.uniform(0, 0.5))
        with contextlib.suppress(OSError, TimeoutError):
            reader, writer = await asyncio.open_connection(LOOPBACK, self._target)
            writer.write(data)
            await asyncio.wait_for(reader.read(CHUNK), 1)
            writer.close()

    def _keep(self, task: asyncio.Task[None]) -> None:
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
