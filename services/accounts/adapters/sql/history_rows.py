"""What was looked at and searched for, in SQL: the newest, each once."""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from ...domain.shelf import RecentView, Search
from .tables import recent_views, searches
from .upsert import insert


class SqlHistory:
    """See `ports.History`."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def add_view(self, account_id: str, view: RecentView, keep: int) -> None:
        added = insert(self._connection, recent_views).values(**view._asdict(), account_id=account_id)
        key = [recent_views.c.account_id, recent_views.c.system, recent_views.c.code]
        newer = {"viewed_at_ms": view.viewed_at_ms}
        await self._connection.execute(added.on_conflict_do_update(index_elements=key, set_=newer))
        await self._keep(recent_views, recent_views.c.viewed_at_ms, account_id, keep)

    async def add_search(self, account_id: str, search: Search, keep: int) -> None:
        added = insert(self._connection, searches).values(**search._asdict(), account_id=account_id)
        key = [searches.c.account_id, searches.c.query]
        newer = {"searched_at_ms": search.searched_at_ms}
        await self._connection.execute(added.on_conflict_do_update(index_elements=key, set_=newer))
        await self._keep(searches, searches.c.searched_at_ms, account_id, keep)

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

    async def _keep(self, table: sa.Table, time: sa.Column[int], account_id: str, keep: int) -> None:
        """Deletes what is older than the newest `keep`."""
        of_account = table.c.account_id == account_id
        oldest = sa.select(time).where(of_account).order_by(time.desc()).offset(keep - 1).limit(1).scalar_subquery()
        await self._connection.execute(table.delete().where(of_account, time < oldest))


_SEARCHES = searches
