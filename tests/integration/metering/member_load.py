"""Guests who register, view on as members, and are sometimes deleted, while servers are killed."""

from __future__ import annotations

import asyncio
import random

from services.metering.adapters.valkey_store import ValkeyStore
from services.metering.domain.views import Claim, Decision, Outcome
from services.metering.ports import MeterUnavailable
from tests.integration.metering.load import RETRY_SECONDS, Load
from tests.metering_stores import account, account_claim, claim, guest, terms

PLAN = 3


class MemberLoad(Load):
    """Each client is one visitor after the other: two codes as a guest of one, then as a member of five codes in all; a
    fifth of the members are deleted in the middle of it. An unknown outcome is asked again with its request id."""

    def __init__(self, store: ValkeyStore, seed: int) -> None:
        super().__init__(store)
        self._chance = random.Random(seed)
        self.members: dict[str, set[str]] = {}
        self.sealed: list[str] = []
        self.erased: set[str] = set()

    async def check(self) -> None:
        """What a member was granted it still has, and no more than its plan and its guest's one; guests are sealed; who
        was deleted has nothing."""
        for member, pages in self.members.items():
            found = {f"{view.system}:{view.code}": view for view in await self._store.views(member)}
            if member in self.erased:
                assert not found, f"{member} was erased and holds {found}"
                continue
            assert pages <= found.keys(), f"{member} was granted {pages} and holds {found.keys()}"
            assert len(found) <= PLAN + sum(view.copied for view in found.values()) <= PLAN + 1
        for visitor in self.sealed:
            used, limit, _ = await self._store.meter(visitor, None)
            assert (used, limit) == (1, 1), f"{visitor} is not sealed"

    async def _ask_on(self) -> None:
        while True:
            visitor, member = guest(), account()
            await asyncio.gather(self._decided(claim(visitor, "1")), self._decided(claim(visitor, "2")))
            await self._live(visitor, member)

    async def _live(self, visitor: str, member: str) -> None:
        on, pages = terms(visitor), self.members.setdefault(member, set())
        deleted = self._chance.random() < 0.2
        asked = [self._view(account_claim(member, str(code), limit=PLAN, on=on)) for code in range(1, 7)]
        if self._chance.random() < 0.5:
            asked.append(self._merge(member, visitor))
        if deleted:
            asked.append(self._erase(member))
        for found in await asyncio.gather(*asked):
            if found and found[1].outcome == Outcome.GRANTED:
                pages.add(found[0])
                self.granted.append((member, found[0]))
        if member not in self.erased:  # else it may have been before it was merged
            self.sealed.append(visitor)

    async def _view(self, asked: Claim) -> tuple[str, Decision]:
        return asked.page, await self._decided(asked)

    async def _merge(self, member: str, visitor: str) -> None:
        while True:
            try:
                await self._store.merge(member, terms(visitor))
                return
            except MeterUnavailable:
                await asyncio.sleep(RETRY_SECONDS)

    async def _erase(self, member: str) -> None:
        while True:
            try:
                await self._store.erase(member)
            except MeterUnavailable:
                await asyncio.sleep(RETRY_SECONDS)
                continue
            self.erased.add(member)
            return
