"""Tokens of feeds in SQL."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from ...domain.people import Account
from .account_rows import account_of
from .tables import accounts, feeds
from .upsert import insert


class SqlFeeds:
    """See `ports.FeedRows`."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def set(self, account_id: str, token_hash: bytes, at_ms: int) -> None:
        values = {"token_hash": token_hash, "created_at_ms": at_ms}
        added = insert(self._connection, feeds).values(account_id=account_id, **values)
        await self._connection.execute(added.on_conflict_do_update(index_elements=[feeds.c.account_id], set_=values))

    async def created_at_ms(self, account_id: str) -> int:
        query = sa.select(feeds.c.created_at_ms).where(feeds.c.account_id == account_id)
        return int((await self._connection.execute(query)).scalar_one_or_none() or 0)

    async def remove(self, account_id: str) -> None:
        await self._connection.execute(feeds.delete().where(feeds.c.account_id == account_id))

    async def owner(self, token_hash: bytes) -> Account | None:
        query = sa.select(accounts).join(feeds, feeds.c.account_id == accounts.c.id)
        rows = (await self._connection.execute(query.where(feeds.c.token_hash == token_hash))).mappings()
        row = rows.one_or_none()
        return account_of(row) if row is not None else None
