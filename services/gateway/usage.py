"""What became of views, by plan: Prometheus' counters, and totals by the hour that metering keeps for operators."""

from __future__ import annotations

import secrets
import time
from asyncio import sleep
from collections import Counter as Totals
from collections.abc import Callable
from enum import IntEnum

import structlog
from medcodes.metering.v1 import metering_pb2
from prometheus_client import Counter

from services.common.errors import InvalidArgument, ServiceError
from services.common.lifecycle import Task

from .members.member import Member
from .ports import Metering

GUEST, OTHER = "guest", "other"
MAX_PLANS = 32
"""Plans that are told apart; whatever else there is counts as `OTHER`."""
REPORT_SECONDS = 5.0
MAX_WAITING = 2000
"""Different totals that wait for metering, each of an hour; those of the oldest hours go first."""
HOUR_SECONDS = 3600

log = structlog.get_logger(__name__)
_views = Counter(
    "gateway_views",
    "Views of code pages by the visitor's plan, what became of them, and why or how.",
    ["plan", "outcome", "reason"],
)
_lost = Counter("gateway_usage_lost", "Counted views that the plot of usage lacks, because metering was away too long.")


class View(IntEnum):
    """What became of a view."""

    GRANTED = 0
    BY_RECEIPT = 1
    BY_METER = 2
    VIEWS_EXHAUSTED = 3
    NETWORK_EXHAUSTED = 4
    PREFETCHED = 5
    UNAVAILABLE = 6


_LABELS = {
    View.GRANTED: ("granted", ""),
    View.BY_RECEIPT: ("repeated", "receipt"),
    View.BY_METER: ("repeated", "meter"),
    View.VIEWS_EXHAUSTED: ("refused", "views_exhausted"),
    View.NETWORK_EXHAUSTED: ("refused", "network_exhausted"),
    View.PREFETCHED: ("refused", "prefetch"),
    View.UNAVAILABLE: ("refused", "unavailable"),
}
_KINDS = {
    View.GRANTED: metering_pb2.USAGE_KIND_GRANTED,
    View.BY_RECEIPT: metering_pb2.USAGE_KIND_REPEATED,
    View.BY_METER: metering_pb2.USAGE_KIND_REPEATED,
    View.VIEWS_EXHAUSTED: metering_pb2.USAGE_KIND_VIEWS_EXHAUSTED,
    View.NETWORK_EXHAUSTED: metering_pb2.USAGE_KIND_NETWORK_EXHAUSTED,
    View.PREFETCHED: metering_pb2.USAGE_KIND_PREFETCHED,
    View.UNAVAILABLE: metering_pb2.USAGE_KIND_UNAVAILABLE,
}


class Tally:
    """The counts of one plan since they were last taken."""

    def __init__(self, plan: str) -> None:
        self._counters = [_views.labels(plan, *_LABELS[view]) for view in View]
        self._new = [0] * len(View)

    def count(self, view: int) -> None:
        self._new[view] += 1
        self._counters[view].inc()

    def take(self) -> list[tuple[View, int]]:
        new, self._new = self._new, [0] * len(View)
        return [(view, new[view]) for view in View if new[view]]


class Usage:
    """Counts every view that this gateway answers; cheap, because every view passes here.

    A component that tells metering every few seconds, and once more when it stops. What metering could not be told is
    told later; a process that is killed takes the last seconds with it.
    """

    def __init__(self, metering: Metering, clock: Callable[[], float] = time.time) -> None:
        self._metering, self._clock = metering, clock
        self._tallies = {name: Tally(name) for name in (GUEST, OTHER)}
        self._waiting: Totals[tuple[int, str, int]] = Totals()
        self._report = metering_pb2.RecordUsageRequest(reporter=secrets.token_urlsafe(16))
        self._task = Task("tell usage", self._tell_now_and_then)

    def count(self, member: Member | None, view: int) -> None:
        plan = member.plan.name if member else GUEST
        (self._tallies.get(plan) or self._tally(plan)).count(view)

    async def start(self) -> None:
        await self._task.start()

    async def stop(self) -> None:
        await self._task.stop()
        await self.tell()

    async def tell(self) -> None:
        """Sends what was counted. A report whose fate is not known is sent again as it was, before any other."""
        self._gather()
        while self._report.counts or self._waiting:
            if not self._report.counts:
                self._begin_report()
            try:
                await self._metering.record_usage(self._report)
            except InvalidArgument as error:  # never to be taken
                log.warning("usage refused", fields=error.fields)
                _lost.inc(sum(each.views for each in self._report.counts))
            except ServiceError:
                return
            del self._report.counts[:]

    async def _tell_now_and_then(self) -> None:
        while True:
            await sleep(REPORT_SECONDS)
            await self.tell()

    def _tally(self, plan: str) -> Tally:
        """That of a plan seen for the first time."""
        if not plan or len(self._tallies) >= MAX_PLANS:
            return self._tallies[OTHER]
        return self._tallies.setdefault(plan, Tally(plan))

    def _gather(self) -> None:
        hour = int(self._clock()) // HOUR_SECONDS
        for plan, tally in self._tallies.items():
            for view, number in tally.take():
                self._waiting[hour, plan, _KINDS[view]] += number
        for oldest in sorted(self._waiting)[:-MAX_WAITING]:
            _lost.inc(self._waiting.pop(oldest))

    def _begin_report(self) -> None:
        self._report.sequence += 1
        for (hour, plan, kind), views in self._waiting.items():
            self._report.counts.add(hour=hour, plan=plan, kind=kind, views=views)
        self._waiting.clear()
