"""The use cases of usage: take what gateways have counted, and say it by plan. Nothing is decided by any of it."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

from services.common.errors import InvalidArgument

from .domain.usage import DAY_SECONDS, HOUR_SECONDS, KEPT_DAYS, PlanUsage, Report, by_plan, faults
from .ports import UsageStore

HOURLY_DAYS = 3
"""Up to so many days are shown by the hour."""


class Usage:
    def __init__(self, store: UsageStore, clock: Callable[[], float] = time.time) -> None:
        self._store, self._clock = store, clock

    async def record(self, report: Report) -> bool:
        """Whether the report was new. Raises `InvalidArgument` and `MeterUnavailable`; may be repeated."""
        if fields := {field: f"must be {expected}" for field, expected in faults(report, int(self._clock()))}:
            raise InvalidArgument("malformed report", fields=fields)
        return await self._store.add(report)

    async def last_days(self, days: int) -> Sequence[PlanUsage]:
        """Today (UTC) and the days before it, `days` in all: by the hour if they are few. Raises `InvalidArgument` and
        `MeterUnavailable`."""
        if not 1 <= days <= KEPT_DAYS:
            raise InvalidArgument("too many days", fields={"days": f"must be 1 to {KEPT_DAYS}"})
        now = int(self._clock())
        today = now // DAY_SECONDS
        counts = await self._store.days(today - days + 1, today)
        seconds = HOUR_SECONDS if days <= HOURLY_DAYS else DAY_SECONDS
        return by_plan(counts, (today - days + 1) * DAY_SECONDS, now, seconds)
