"""Deletes what has ended by itself: sessions, links, counters of tries, mails that were given up."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable

from .domain.people import DAY_MS
from .ports import Store

EVERY_SECONDS = 3600.0
DEAD_MAILS_KEPT_MS = 7 * DAY_MS


class Housekeeping:
    """Run `run` as a `Task`."""

    def __init__(self, store: Store, clock: Callable[[], int], *, idle_ms: int) -> None:
        self._store, self._clock, self._idle_ms = store, clock, idle_ms

    async def run(self) -> None:
        while True:
            # Not all replicas at the same moment.
            await asyncio.sleep(EVERY_SECONDS * random.uniform(0.5, 1.5))  # noqa: S311
            await self.prune()

    async def prune(self) -> int:
        """How many rows that were."""
        now_ms = self._clock()
        async with self._store.writing() as transaction:
            return sum(
                [
                    await transaction.credentials.prune_sessions(now_ms, self._idle_ms),
                    await transaction.links.prune(now_ms),
                    await transaction.throttle.prune(now_ms),
                    await transaction.mails.prune(now_ms - DEAD_MAILS_KEPT_MS),
                ]
            )
