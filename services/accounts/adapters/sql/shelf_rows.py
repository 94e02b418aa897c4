"""Lists, saved codes and notes in SQL."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from ...domain.shelf import CodeKey, Note, SavedCode, SavedList
from ...ports import NameTaken
from .tables import lists, notes, saved_codes
from .upsert import insert


class SqlShelf:
    """See `ports.ShelfRows`."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def lists(self, account_id: str) -> Sequence[SavedList]:
        query = sa.select(lists.c.id, lists.c.name).where(lists.c.account_id == account_id)
        rows = await self._connection.execute(query.order_by(lists.c.created_at_ms, lists.c.id))
        return [SavedList(*row) for row in rows]

    async def add_list(self, account_id: str, saved_list: SavedList, at_ms: int) -> None:
        row = {"id": saved_list.id, "account_id": account_id, "name": saved_list.name, "created_at_ms": at_ms}
        try:
            await self._connection.execute(lists.insert().values(row))
        except IntegrityError:
            raise NameTaken from None

    async def rename_list(self, account_id: str, list_id: str, name: str) -> bool:
        try:
            renamed = await self._connection.execute(lists.update().where(_own(account_id, list_id)).values(name=name))
        except IntegrityError:
            raise NameTaken from None
        return renamed.rowcount > 0

    async def delete_list(self, account_id: str, list_id: str) -> bool:
        return (await self._connection.execute(lists.delete().where(_own(account_id, list_id)))).rowcount > 0

    async def saved(self, account_id: str, key: CodeKey | None = None) -> Sequence[SavedCode]:
        columns = [saved_codes.c[name] for name in SavedCode._fields]
        query = sa.select(*columns).where(_of(saved_codes, account_id, key))
        order = (saved_codes.c.saved_at_ms.desc(), saved_codes.c.system, saved_codes.c.code)
        return [SavedCode(*row) for row in await self._connection.execute(query.order_by(*order))]

    async def count_saved(self, account_id: str) -> int:
        return await self._count(saved_codes, account_id)

    async def save(self, account_id: str, saved: SavedCode) -> SavedCode:
        values = {**saved._asdict(), "account_id": account_id}
        await self._connection.execute(insert(self._connection, saved_codes).values(values).on_conflict_do_nothing())
        kept = sa.select(saved_codes.c.saved_at_ms).where(
            saved_codes.c.list_id == saved.list_id,
            saved_codes.c.system == saved.system,
            saved_codes.c.code == saved.code,
        )
        return saved._replace(saved_at_ms=(await self._connection.execute(kept)).scalar_one())

    async def remove(self, account_id: str, list_id: str, key: CodeKey) -> None:
        removed = saved_codes.delete().where(_of(saved_codes, account_id, key))
        if list_id:
            removed = removed.where(saved_codes.c.list_id == list_id)
        await self._connection.execute(removed)

    async def notes(self, account_id: str, key: CodeKey | None = None) -> Sequence[Note]:
        columns = [notes.c[name] for name in Note._fields]
        query = sa.select(*columns).where(_of(notes, account_id, key)).order_by(notes.c.updated_at_ms.desc())
        return [Note(*row) for row in await self._connection.execute(query)]

    async def count_notes(self, account_id: str) -> int:
        return await self._count(notes, account_id)

    async def set_note(self, account_id: str, note: Note) -> None:
        added = insert(self._connection, notes).values(**note._asdict(), account_id=account_id)
        await self._connection.execute(
            added.on_conflict_do_update(
                index_elements=[notes.c.account_id, notes.c.system, notes.c.code],
                set_={"text": note.text, "updated_at_ms": note.updated_at_ms},
            )
        )

    async def remove_note(self, account_id: str, key: CodeKey) -> None:
        await self._connection.execute(notes.delete().where(_of(notes, account_id, key)))

    async def _count(self, table: sa.Table, account_id: str) -> int:
        query = sa.select(sa.func.count()).select_from(table).where(table.c.account_id == account_id)
        return int((await self._connection.execute(query)).scalar_one())


def _own(account_id: str, list_id: str) -> sa.ColumnElement[bool]:
    return (lists.c.id == list_id) & (lists.c.account_id == account_id)


def _of(table: sa.Table, account_id: str, key: CodeKey | None) -> Any:
    of_account = table.c.account_id == account_id
    return of_account if key is None else of_account & (table.c.system == key.system) & (table.c.code == key.code)
