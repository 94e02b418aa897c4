"""Accounts in SQL."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import RowMapping
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from ...domain.people import Account, Guest
from ...domain.shelf import Preferences
from ...ports import EmailTaken
from .tables import accounts, mails


class SqlAccounts:
    """See `ports.Accounts`."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def add(self, account: Account) -> None:
        guest = account.registered_from or Guest("", 0)
        row = {
            "id": account.id,
            "email": account.email,
            "email_key": account.email_key,
            "password_hash": account.password_hash,
            "plan": account.plan,
            "created_at_ms": account.created_at_ms,
            "email_verified_at_ms": account.email_verified_at_ms,
            "locked_at_ms": account.locked_at_ms,
            "guest_id": guest.id,
            "guest_issued_at": guest.issued_at,
            "keep_searches": account.keep_searches,
            "keep_recent_views": account.keep_recent_views,
        }
        try:
            await self._connection.execute(accounts.insert().values(row))
        except IntegrityError:
            raise EmailTaken from None

    async def get(self, account_id: str) -> Account | None:
        return await self._one(sa.select(accounts).where(accounts.c.id == account_id))

    async def by_email(self, email_key: str) -> Account | None:
        return await self._one(sa.select(accounts).where(accounts.c.email_key == email_key))

    async def hold(self, account_id: str) -> Account | None:
        return await self._one(sa.select(accounts).where(accounts.c.id == account_id).with_for_update())

    async def find(self, text: str, plan: str, before: tuple[int, str] | None, limit: int) -> Sequence[Account]:
        order = sa.tuple_(accounts.c.created_at_ms, accounts.c.id)
        query = sa.select(accounts).order_by(accounts.c.created_at_ms.desc(), accounts.c.id.desc()).limit(limit)
        if text:
            part = accounts.c.email_key.contains(text.casefold(), autoescape=True)
            query = query.where(part | (accounts.c.id == text))
        if plan:
            query = query.where(accounts.c.plan == plan)
        if before:
            query = query.where(order < sa.tuple_(sa.literal(before[0], sa.BigInteger), sa.literal(before[1])))
        return [account_of(row) for row in (await self._connection.execute(query)).mappings()]

    async def set_password(self, account_id: str, password_hash: str) -> None:
        await self._set(account_id, password_hash=password_hash)

    async def set_verified(self, account_id: str, at_ms: int) -> None:
        await self._set(account_id, email_verified_at_ms=at_ms)

    async def set_plan(self, account_id: str, plan: str) -> None:
        await self._set(account_id, plan=plan)

    async def set_locked(self, account_id: str, at_ms: int) -> None:
        await self._set(account_id, locked_at_ms=at_ms)

    async def set_preferences(self, account_id: str, preferences: Preferences) -> None:
        await self._set(account_id, **preferences._asdict())

    async def erase(self, account_id: str) -> None:
        email_key = sa.select(accounts.c.email_key).where(accounts.c.id == account_id).scalar_subquery()
        await self._connection.execute(mails.delete().where(mails.c.email_key == email_key))
        # The rows of all other tables go with it (ON DELETE CASCADE).
        await self._connection.execute(accounts.delete().where(accounts.c.id == account_id))

    async def _one(self, query: sa.Select[Any]) -> Account | None:
        row = (await self._connection.execute(query)).mappings().one_or_none()
        return account_of(row) if row is not None else None

    async def _set(self, account_id: str, **values: object) -> None:
        await self._connection.execute(accounts.update().where(accounts.c.id == account_id).values(**values))


def account_of(row: RowMapping) -> Account:
    """The account in a row that has all columns of `accounts`."""
    return Account(
        id=row["id"],
        email=row["email"],
        email_key=row["email_key"],
        password_hash=row["password_hash"],
        plan=row["plan"],
        created_at_ms=row["created_at_ms"],
        email_verified_at_ms=row["email_verified_at_ms"],
        locked_at_ms=row["locked_at_ms"],
        registered_from=Guest(row["guest_id"], row["guest_issued_at"]) if row["guest_id"] else None,
        keep_searches=row["keep_searches"],
        keep_recent_views=row["keep_recent_views"],
    )
