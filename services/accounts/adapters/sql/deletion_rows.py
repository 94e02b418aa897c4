"""Records of deletions in SQL."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from ...domain.people import Deletion
from .tables import deletions


class SqlDeletions:
    """See `ports.Deletions`."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def add(self, deletion: Deletion, account_id: str) -> None:
        await self._connection.execute(deletions.insert().values(**deletion._asdict(), account_id=account_id))

    async def get(self, deletion_id: str) -> Deletion | None:
        columns = [deletions.c[name] for name in Deletion._fields]
        row = (await self._connection.execute(sa.select(*columns).where(deletions.c.id == deletion_id))).one_or_none()
        return Deletion(*row) if row else None

    async def metering_erased(self, account_id: str, at_ms: int) -> bool:
        completed = deletions.update().where(deletions.c.account_id == account_id)
        done = await self._connection.execute(completed.values(account_id=None, metering_erased_at_ms=at_ms))
        return done.rowcount > 0
