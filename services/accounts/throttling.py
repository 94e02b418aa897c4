"""Too many tries: counted before the work is done, so that tries at the same moment cannot slip through together."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from prometheus_client import Counter

from services.common.errors import ResourceExhausted

from .domain.throttling import Limit, seconds_to_wait
from .ports import Store

MINUTE_MS = 60 * 1000
_throttled = Counter("accounts_throttled", "Requests refused for too many tries.", ["limit"])


class Throttle:
    def __init__(self, store: Store, clock: Callable[[], int]) -> None:
        self._store, self._clock = store, clock

    async def count(self, *tries: tuple[Limit, str]) -> None:
        """Counts a try for each limit and its subject. Raises `ResourceExhausted` (THROTTLED) if one is exceeded."""
        counted = _counted(tries)
        if not counted:
            return
        now_ms, waits = self._clock(), {}
        async with self._store.writing() as transaction:
            for limit, subject in counted:
                found = await transaction.throttle.count(limit, subject, now_ms)
                waits[limit.name] = seconds_to_wait(limit, found, now_ms)
        name, seconds = max(waits.items(), key=lambda each: each[1])
        if seconds:
            _throttled.labels(name).inc()
            raise ResourceExhausted(
                "too many tries; wait before the next one",
                reason="THROTTLED",
                metadata={"retry_after_seconds": str(seconds)},
            )


def _counted(tries: Sequence[tuple[Limit, str]]) -> list[tuple[Limit, str]]:
    """Those that count. In a fixed order: transactions that lock rows in different orders can block each other."""
    return sorted((limit, subject) for limit, subject in tries if limit.most and subject)
