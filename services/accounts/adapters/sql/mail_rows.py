"""E-mails that wait, and the links that they carried, in SQL."""

from __future__ import annotations

from collections.abc import Callable

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from ...domain.mails import MailKind
from ...domain.people import LinkKind, new_id
from ...ports import QueuedMail
from .tables import accounts, links, mails
from .upsert import insert


class SqlLinks:
    """See `ports.Links`."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def add(self, kind: LinkKind, account_id: str, token_hash: bytes, expires_at_ms: int) -> None:
        values = {"token_hash": token_hash, "expires_at_ms": expires_at_ms}
        added = insert(self._connection, links).values(kind=kind.value, account_id=account_id, **values)
        await self._connection.execute(
            added.on_conflict_do_update(index_elements=[links.c.account_id, links.c.kind], set_=values)
        )

    async def take(self, kind: LinkKind, token_hash: bytes, now_ms: int) -> str:
        works = (links.c.token_hash == token_hash) & (links.c.kind == kind.value) & (links.c.expires_at_ms > now_ms)
        # The account first: who erases it holds it and waits for its links.
        owner = sa.select(links.c.account_id).where(works).scalar_subquery()
        await self._connection.execute(sa.select(accounts.c.id).where(accounts.c.id == owner).with_for_update())
        taken = links.delete().where(works).returning(links.c.account_id)
        return (await self._connection.execute(taken)).scalar_one_or_none() or ""

    async def drop(self, kind: LinkKind, account_id: str) -> None:
        await self._connection.execute(
            links.delete().where(links.c.account_id == account_id, links.c.kind == kind.value)
        )

    async def prune(self, now_ms: int) -> int:
        return (await self._connection.execute(links.delete().where(links.c.expires_at_ms <= now_ms))).rowcount


class SqlMails:
    """See `ports.Mails`."""

    def __init__(self, connection: AsyncConnection, on_add: Callable[[], None]) -> None:
        self._connection, self._on_add = connection, on_add

    async def add(self, kind: MailKind, email_key: str, now_ms: int) -> None:
        row = {"id": new_id(), "kind": kind.value, "email_key": email_key, "created_at_ms": now_ms, "due_at_ms": now_ms}
        await self._connection.execute(mails.insert().values(row))
        self._on_add()

    async def claim(self, now_ms: int, until_ms: int) -> QueuedMail | None:
        due = (
            sa.select(mails.c.id)
            .where(mails.c.dead_at_ms == 0, mails.c.due_at_ms <= now_ms)
            .order_by(mails.c.due_at_ms)
            .limit(1)
            .with_for_update(skip_locked=True)
        )
        claimed = (
            mails.update()
            .where(mails.c.id == due.scalar_subquery())
            .values(due_at_ms=until_ms, tries=mails.c.tries + 1)
            .returning(mails.c.id, mails.c.kind, mails.c.email_key, mails.c.tries)
        )
        row = (await self._connection.execute(claimed)).one_or_none()
        return QueuedMail(row.id, MailKind(row.kind), row.email_key, row.tries) if row else None

    async def postpone(self, mail_id: str, until_ms: int) -> None:
        await self._connection.execute(mails.update().where(mails.c.id == mail_id).values(due_at_ms=until_ms))

    async def bury(self, mail_id: str, now_ms: int) -> None:
        await self._connection.execute(mails.update().where(mails.c.id == mail_id).values(dead_at_ms=now_ms))

    async def remove(self, mail_id: str) -> None:
        await self._connection.execute(mails.delete().where(mails.c.id == mail_id))

    async def prune(self, before_ms: int) -> int:
        old = mails.delete().where(mails.c.dead_at_ms > 0, mails.c.dead_at_ms < before_ms)
        return (await self._connection.execute(old)).rowcount

    async def waiting(self) -> int:
        query = sa.select(sa.func.count()).select_from(mails).where(mails.c.dead_at_ms == 0)
        return int((await self._connection.execute(query)).scalar_one())
