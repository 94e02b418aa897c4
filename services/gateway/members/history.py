"""What members looked at and searched for, told to accounts beside their requests."""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict, deque
from collections.abc import Awaitable, Callable
from typing import TypeVar

import structlog
from medcodes.accounts.v1 import shelf_pb2
from prometheus_client import Counter

from services.common.clock import now_ms
from services.common.errors import ServiceError

from ..ports import Shelf
from .member import Member

MAX_WAITING = 5000
MAX_REMEMBERED = 10_000
SAME_SECONDS = 60.0
# Views of so long travel together: a transaction for each would cost accounts more than all else that members ask.
GATHER_SECONDS = 0.2
BATCH = 500

T = TypeVar("T")
log = structlog.get_logger(__name__)
_lost = Counter("gateway_history_lost", "Entries of members' history that could not be kept.")


class History:
    """Records in the background; a page never waits for it.

    It is a convenience: what cannot be recorded is lost, and the same code or query within a minute counts once.
    """

    def __init__(self, shelf: Shelf, clock: Callable[[], float] = time.monotonic) -> None:
        self._shelf, self._clock = shelf, clock
        self._views: deque[shelf_pb2.AccountView] = deque()
        self._searches: deque[tuple[str, str]] = deque()
        self._something = asyncio.Event()
        self._recent: OrderedDict[tuple[str, ...], float] = OrderedDict()

    def viewed(self, member: Member, system: str, code: str) -> None:
        account_id = member.account_id
        if self._is_new((account_id, system, code)) and self._has_room():
            view = shelf_pb2.AccountView(account_id=account_id, system=system, code=code, viewed_at_ms=now_ms())
            self._views.append(view)
            self._something.set()

    def searched(self, member: Member, query: str) -> None:
        if self._is_new((member.account_id, query)) and self._has_room():
            self._searches.append((member.account_id, query))
            self._something.set()

    async def record(self) -> None:
        """Run it as a `Task`."""
        while True:
            await self._something.wait()
            await asyncio.sleep(GATHER_SECONDS)
            self._something.clear()
            # Only what has gathered: what comes during a call would leave in ones and twos.
            views, searches = _taken(self._views), _taken(self._searches)
            for begin in range(0, len(views), BATCH):
                batch = views[begin : begin + BATCH]
                await self._told(self._shelf.record_views(batch), len(batch))
            for account_id, query in searches:
                await self._told(self._shelf.record_search(account_id, query), 1)

    async def _told(self, call: Awaitable[None], entries: int) -> None:
        try:
            await call
        except ServiceError as error:
            _lost.inc(entries)
            log.debug("history not recorded", entries=entries, reason=error.reason)

    def _has_room(self) -> bool:
        if len(self._views) + len(self._searches) < MAX_WAITING:
            return True
        _lost.inc()
        return False

    def _is_new(self, what: tuple[str, ...]) -> bool:
        now = self._clock()
        if now - self._recent.get(what, float("-inf")) < SAME_SECONDS:
            return False
        self._recent[what] = now
        self._recent.move_to_end(what)
        if len(self._recent) > MAX_REMEMBERED:
            self._recent.popitem(last=False)
        return True


def _taken(queue: deque[T]) -> list[T]:
    taken = list(queue)
    queue.clear()
    return taken
