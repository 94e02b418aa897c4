"""Hourly totals of views in Valkey or Redis: one small hash a day, beside the grants and never on their way.

Keys, in the slot of all metering's keys:
  {m}:usage:<day>             hash "hour of the day|plan|kind" -> views; the day counts from 1970, UTC
  {m}:usage:by:<reporter>     number of the last report that was taken from one process
"""

from __future__ import annotations

from collections.abc import Sequence

from redis.asyncio import Redis
from redis.commands.core import AsyncScript

from ..domain.usage import DAY_SECONDS, HOURS, KEPT_DAYS, OTHER, Count, Report
from .valkey_client import client, guarded

PREFIX = "{m}:usage:"
CONNECTIONS = 2
MAX_FIELDS = 10_000
"""Of a day; some sixty plans. Beyond it what belongs to further plans counts as `other`."""
REPORTER_SECONDS = 7 * DAY_SECONDS
DAY_KEPT_SECONDS = (KEPT_DAYS + 1) * DAY_SECONDS

# KEYS: the reporter's, then a day's for each count. ARGV: number of the report, how long the reporter is remembered,
# how long a day is kept, fields of a day at most, then hour of the day, plan, kind and views of each count.
# Returns 1, or 0 if that report or a later one was taken before.
ADD = """
if tonumber(redis.call('GET', KEYS[1]) or '0') >= tonumber(ARGV[1]) then
  return 0
end
redis.call('SET', KEYS[1], ARGV[1], 'EX', ARGV[2])
for i = 2, #KEYS do
  local at = 5 + (i - 2) * 4
  local field = ARGV[at] .. '|' .. ARGV[at + 1] .. '|' .. ARGV[at + 2]
  if redis.call('HLEN', KEYS[i]) >= tonumber(ARGV[4]) and redis.call('HEXISTS', KEYS[i], field) == 0 then
    field = ARGV[at] .. '|OTHER|' .. ARGV[at + 2]
  end
  redis.call('HINCRBY', KEYS[i], field, ARGV[at + 3])
  redis.call('EXPIRE', KEYS[i], ARGV[3])
end
return 1
""".replace("OTHER", OTHER)


class ValkeyUsage:
    """Fills `UsageStore`; a component with connections of its own, so that no decision waits for one."""

    def __init__(self, url: str, *, timeout: float = 2.0, max_fields: int = MAX_FIELDS) -> None:
        self._timeout, self._max_fields = timeout, max_fields
        self._client: Redis = client(url, timeout=timeout, connections=CONNECTIONS)
        self._add: AsyncScript = self._client.register_script(ADD)

    async def start(self) -> None:
        """Connects to nothing yet: Valkey may come later."""

    async def stop(self) -> None:
        await self._client.aclose()

    async def add(self, report: Report) -> bool:
        keys, arguments = [f"{PREFIX}by:{report.reporter}"], [report.sequence, REPORTER_SECONDS, DAY_KEPT_SECONDS]
        items: list[int | str] = [*arguments, self._max_fields]
        for hour, plan, kind, views in report.counts:
            keys.append(f"{PREFIX}{hour // HOURS}")
            items += hour % HOURS, plan, int(kind), views
        return bool(await guarded(self._add(keys, items), self._timeout))

    async def days(self, first: int, last: int) -> Sequence[Count]:
        pipeline = self._client.pipeline(transaction=False)
        for day in range(first, last + 1):
            pipeline.hgetall(f"{PREFIX}{day}")
        found = await guarded(pipeline.execute(), self._timeout)
        return [
            _count(day, field, views)
            for day, values in zip(range(first, last + 1), found, strict=True)
            for field, views in values.items()
        ]


def _count(day: int, field: str, views: str) -> Count:
    hour, plan, kind = field.split("|")
    return Count(day * HOURS + int(hour), plan, int(kind), int(views))
