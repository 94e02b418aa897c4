"""What members looked at and searched for, told to accounts beside their requests."""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable

import structlog
from prometheus_client import Counter

from services.common.errors import ServiceError

from .members import Member
from .ports import Shelf

MAX_WAITING = 1000
MAX_REMEMBERED = 10_000
SAME_SECONDS = 60.0

log = structlog.get_logger(__name__)
_lost = Counter("gateway_history_lost", "Entries of members' history that could not be kept.")

Work = Callable[[], Awaitable[None]]


class History:
    """Records in the background; a page never waits for it.

    It is a convenience: what cannot be recorded is lost, and the same code or query within a minute counts once.
    """

    def __init__(self, shelf: Shelf, clock: Callable[[], float] = time.monotonic) -> None:
        self._shelf, self._clock = shelf, clock
        self._waiting: asyncio.Queue[Work] = asyncio.Queue(MAX_WAITING)
        self._recent: OrderedDict[tuple[str, ...], float] = OrderedDict()

    def viewed(self, member: Member, system: str, code: str) -> None:
        if self._is_new((member.account_id, system, code)):
            self._put(lambda: self._shelf.record_view(member.account_id, system, code))

    def searched(self, member: Member, query: str) -> None:
        if self._is_new((member.account_id, query)):
            self._put(lambda: self._shelf.record_search(member.account_id, query))

    async def record(self) -> None:
        """Run it as a `Task`."""
        while True:
            work = await self._waiting.get()
            try:
                await work()
            except ServiceError as error:
                _lost.inc()
                log.debug("history not recorded", reason=error.reason)

    def _put(self, work: Work) -> None:
        try:
            self._waiting.put_nowait(work)
        except asyncio.QueueFull:
            _lost.inc()

    def _is_new(self, what: tuple[str, ...]) -> bool:
        now = self._clock()
        if now - self._recent.get(what, float("-inf")) < SAME_SECONDS:
            return False
        self._recent[what] = now
        self._recent.move_to_end(what)
        if len(self._recent) > MAX_REMEMBERED:
            self._recent.popitem(last=False)
        return True
