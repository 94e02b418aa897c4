"""Tells within a process that there is something to do; other replicas' is found by looking again."""

from __future__ import annotations

import asyncio
import contextlib

LOOK_AGAIN_SECONDS = 1.0


class Signal:
    def __init__(self) -> None:
        self._given = asyncio.Event()

    def give(self) -> None:
        self._given.set()

    async def wait(self) -> None:
        """Returns once it was given since the last wait, at the latest after a second."""
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._given.wait(), LOOK_AGAIN_SECONDS)
        self._given.clear()
