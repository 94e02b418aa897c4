"""Clients that ask for views while servers are killed, and remember what they were told."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator

from services.metering.adapters.valkey_store import ValkeyStore
from services.metering.domain.views import Claim, Decision, Outcome
from services.metering.ports import MeterUnavailable
from tests.metering_stores import claim, guest

RETRY_SECONDS = 0.02
# A server that was killed starts, is compared and restored meanwhile.
MORE_SECONDS = 90.0


class Load:
    """Guests with an allowance of one, each asking for two codes; an unknown outcome is asked again with its id."""

    def __init__(self, store: ValkeyStore) -> None:
        self._store = store
        self.granted: list[tuple[str, str]] = []
        self.charged: list[tuple[str, str]] = []
        self.unknown = 0

    @contextlib.asynccontextmanager
    async def running(self, clients: int = 8) -> AsyncIterator[Load]:
        tasks = [asyncio.create_task(self._ask_on()) for _ in range(clients)]
        try:
            yield self
        finally:
            for task in tasks:
                task.cancel()
            ended = await asyncio.gather(*tasks, return_exceptions=True)
            failed = [error for error in ended if not isinstance(error, asyncio.CancelledError)]
            assert not failed, failed

    async def more(self, grants: int = 200) -> None:
        """Returns once that many more views were granted."""
        goal = len(self.granted) + grants
        async with asyncio.timeout(MORE_SECONDS):
            while len(self.granted) < goal:
                await asyncio.sleep(0.01)

    async def check(self) -> None:
        """What was granted once is still granted, and nobody has more than the allowance."""
        subjects = [subject for subject, _ in self.granted]
        assert len(subjects) == len(set(subjects)), "a guest was granted two codes"
        assert len(self.charged) == len(set(self.charged))
        for subject, page in self.granted:
            views = await self._store.views(subject)
            assert [f"{view.system}:{view.code}" for view in views] == [page]

    async def _ask_on(self) -> None:
        while True:
            subject = guest()
            await asyncio.gather(self._ask(claim(subject, "1")), self._ask(claim(subject, "2")))

    async def _ask(self, asked: Claim) -> None:
        decision = await self._decided(asked)
        if decision.outcome == Outcome.GRANTED:
            self.granted.append((asked.subject, asked.page))
            if decision.charged:
                self.charged.append((asked.subject, asked.page))

    async def _decided(self, asked: Claim) -> Decision:
        while True:
            try:
                [decision] = (await self._store.consume([asked])).decisions
                return decision
            except MeterUnavailable:
                self.unknown += 1
                await asyncio.sleep(RETRY_SECONDS)
