"""What was looked at and searched for, in SQL: the newest, each once."""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from ...domain.shelf import RecentView, Search
from .tables import accounts, recent_views, searches
from .upsert import insert


class SqlHistory:
    """See `ports.History`."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def add_views(self, views: Sequence[tuple[str, RecentView]], keep: int) -> None:
        # Held until the commit, so that none of them is erased or switched off meanwhile; in one order for everybody.
        wanted = {account_id for account_id, _ in views}
        holding = sa.select(accounts.c.id).where(accounts.c.id.in_(wanted), accounts.c.keep_recent_views)
        found = await self._connection.execute(holding.order_by(accounts.c.id).with_for_update())
        keeping = set(found.scalars())
        newest = {(account_id, view.system, view.code): view for account_id, view in views if account_id in keeping}
        if not newest:
            return
        rows = [{"account_id": owner, **view._asdict()} for (owner, _, _), view in sorted(newest.items())]
        added = insert(self._connection, recent_views)
        key = [recent_views.c.account_id, recent_views.c.system, recent_views.c.code]
        newer = {"viewed_at_ms": added.excluded.viewed_at_ms}
        await self._connection.execute(added.on_conflict_do_update(index_elements=key, set_=newer), rows)
        place = sa.func.row_number().over(
            partition_by=recent_views.c.account_id, order_by=recent_views.c.viewed_at_ms.desc()
        )
        placed = sa.select(*key, place.label("place")).where(recent_views.c.account_id.in_(keeping)).subquery()
        older = sa.select(placed.c.account_id, placed.c.system, placed.c.code).where(placed.c.place > keep)
        await self._connection.execute(recent_views.delete().where(sa.tuple_(*key).in_(older)))

    async def add_search(self, account_id: str, search: Search, keep: int) -> None:
        added = insert(self._connection, searches).values(**search._asdict(), account_id=account_id)
        key = [searches.c.account_id, searches.c.query]
        newer = {"searched_at_ms": search.searched_at_ms}
        await self._connection.execute(added.on_conflict_do_update(index_elements=key, set_=newer))
        of_account = searches.c.account_id == account_id
        times = sa.select(searches.c.searched_at_ms).where(of_account).order_by(searches.c.searched_at_ms.desc())
        oldest = times.offset(keep - 1).limit(1).scalar_subquery()
        await self._connection.execute(searches.delete().where(of_account, searches.c.searched_at_ms < oldest))

    async def views(self, account_id: str) -> Sequence[RecentView]:
        columns = [recent_views.c[name] for name in RecentView._fields]
        query = sa.select(*columns).where(recent_views.c.account_id == account_id)
        rows = await self._connection.execute(query.order_by(recent_views.c.viewed_at_ms.desc()))
        return [RecentView(*row) for row in rows]

    async def searches(self, account_id: str) -> Sequence[Search]:
        columns = [searches.c[name] for name in Search._fields]
        query = sa.select(*columns).where(searches.c.account_id == account_id)
        rows = await self._connection.execute(query.order_by(searches.c.searched_at_ms.desc()))
        return [Search(*row) for row in rows]

    async def clear(self, account_id: str, *, searches: bool, views: bool) -> None:
        for table, wanted in ((_SEARCHES, searches), (recent_views, views)):
            if wanted:
                await self._connection.execute(table.delete().where(table.c.account_id == account_id))


_SEARCHES = searches
