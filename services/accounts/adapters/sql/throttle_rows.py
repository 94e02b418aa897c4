"""Counters of tries in SQL, under keyed hashes: the table tells nobody's e-mail or network."""

from __future__ import annotations

import hashlib
import hmac

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from ...domain.throttling import Limit, Tries
from .tables import throttle
from .upsert import insert


class SqlThrottle:
    """See `ports.Throttle`."""

    def __init__(self, connection: AsyncConnection, key: bytes) -> None:
        self._connection, self._key = connection, key

    async def count(self, limit: Limit, subject: str, now_ms: int) -> Tries:
        ends_at_ms = now_ms + limit.window_ms
        first = insert(self._connection, throttle).values(
            key=self._hashed(limit, subject), count=1, ends_at_ms=ends_at_ms
        )
        over = throttle.c.ends_at_ms <= now_ms
        # Counting stops far above every limit, so that nobody can make the number too large for its column.
        counted = sa.case((throttle.c["count"] < 1_000_000, throttle.c["count"] + 1), else_=throttle.c["count"])
        again = first.on_conflict_do_update(
            index_elements=[throttle.c.key],
            set_={
                "count": sa.case((over, 1), else_=counted),
                "ends_at_ms": sa.case((over, ends_at_ms), else_=throttle.c.ends_at_ms),
            },
        )
        row = (await self._connection.execute(again.returning(throttle.c["count"], throttle.c.ends_at_ms))).one()
        return Tries(*row)

    async def uncount(self, limit: Limit, subject: str, now_ms: int) -> None:
        counter = throttle.c.key == self._hashed(limit, subject)
        fewer = throttle.update().where(counter, throttle.c["count"] > 0, throttle.c.ends_at_ms > now_ms)
        await self._connection.execute(fewer.values(count=throttle.c["count"] - 1))

    async def reset(self, limit: Limit, subject: str) -> None:
        await self._connection.execute(throttle.delete().where(throttle.c.key == self._hashed(limit, subject)))

    async def prune(self, now_ms: int) -> int:
        return (await self._connection.execute(throttle.delete().where(throttle.c.ends_at_ms <= now_ms))).rowcount

    def _hashed(self, limit: Limit, subject: str) -> bytes:
        return hmac.digest(self._key, f"{limit.name}\0{subject}".encode("utf-8", "surrogatepass"), hashlib.sha256)
