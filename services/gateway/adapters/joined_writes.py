"""A transport that sends the head of an answer and its body together.

uvicorn hands them over one after the other, and uvloop makes a system call of each. Of the work for a page that is
ready, the second one is a twentieth.
"""

from __future__ import annotations

import asyncio
from typing import Any

HEAD = b"HTTP/1."


class JoinedWrites(asyncio.Transport):
    """What uvicorn needs of a transport. A head waits for what is written next, at most for the end of this turn of the
    loop; everything else goes on as it comes."""

    def __init__(self, transport: asyncio.Transport) -> None:
        super().__init__()
        self._transport, self._head = transport, b""
        self._loop = asyncio.get_running_loop()

    def write(self, data: Any) -> None:
        if self._head:
            head, self._head = self._head, b""
            self._transport.write(head + data)
        elif data[:7] == HEAD:
            self._head = data
            self._loop.call_soon(self._flush)
        else:
            self._transport.write(data)

    def close(self) -> None:
        self._flush()
        self._transport.close()

    def is_closing(self) -> bool:
        return self._transport.is_closing()

    def pause_reading(self) -> None:
        self._transport.pause_reading()

    def resume_reading(self) -> None:
        self._transport.resume_reading()

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        return self._transport.get_extra_info(name, default)

    def _flush(self) -> None:
        if self._head:
            head, self._head = self._head, b""
            self._transport.write(head)
