"""Sessions and API keys in SQL."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import MappingResult, RowMapping
from sqlalchemy.ext.asyncio import AsyncConnection

from ...domain.people import ApiKey, Session
from ...ports import Owned
from .account_rows import account_of
from .tables import accounts, api_keys, sessions

_SESSION = [column.label(f"session_{column.name}") for column in sessions.c if column.name != "token_hash"]
_KEY = [column.label(f"key_{column.name}") for column in api_keys.c if column.name != "key_hash"]


class SqlCredentials:
    """See `ports.Credentials`."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def add_session(self, session: Session, token_hash: bytes) -> None:
        await self._connection.execute(sessions.insert().values(**vars(session), token_hash=token_hash))

    async def by_session_token(self, token_hash: bytes) -> Owned | None:
        query = sa.select(accounts, *_SESSION).join(sessions, sessions.c.account_id == accounts.c.id)
        row = await self._one(query.where(sessions.c.token_hash == token_hash))
        return Owned(account_of(row), _session(row, "session_"), None) if row else None

    async def sessions(self, account_id: str) -> Sequence[Session]:
        query = sa.select(sessions).where(sessions.c.account_id == account_id)
        rows = await self._connection.execute(query.order_by(sessions.c.created_at_ms.desc(), sessions.c.id))
        return [_session(row) for row in rows.mappings()]

    async def use_session(self, session_id: str, at_ms: int) -> None:
        used = sessions.update().where(sessions.c.id == session_id, sessions.c.last_used_at_ms < at_ms)
        await self._connection.execute(used.values(last_used_at_ms=at_ms))

    async def end_session(self, account_id: str, session_id: str) -> bool:
        ended = sessions.delete().where(sessions.c.account_id == account_id, sessions.c.id == session_id)
        return (await self._connection.execute(ended)).rowcount > 0

    async def end_sessions(self, account_id: str, except_id: str = "") -> Sequence[str]:
        ended = sessions.delete().where(sessions.c.account_id == account_id, sessions.c.id != except_id)
        return (await self._connection.execute(ended.returning(sessions.c.id))).scalars().all()

    async def prune_sessions(self, now_ms: int, idle_ms: int) -> int:
        ended = (sessions.c.expires_at_ms <= now_ms) | (sessions.c.last_used_at_ms <= now_ms - idle_ms)
        return (await self._connection.execute(sessions.delete().where(ended))).rowcount

    async def add_api_key(self, key: ApiKey, key_hash: bytes) -> None:
        row = {**vars(key), "scopes": " ".join(key.scopes), "key_hash": key_hash}
        await self._connection.execute(api_keys.insert().values(row))

    async def by_api_key(self, key_hash: bytes) -> Owned | None:
        query = sa.select(accounts, *_KEY).join(api_keys, api_keys.c.account_id == accounts.c.id)
        row = await self._one(query.where(api_keys.c.key_hash == key_hash))
        return Owned(account_of(row), None, _api_key(row, "key_")) if row else None

    async def api_keys(self, account_id: str) -> Sequence[ApiKey]:
        query = sa.select(api_keys).where(api_keys.c.account_id == account_id)
        rows = await self._connection.execute(query.order_by(api_keys.c.created_at_ms.desc(), api_keys.c.id))
        return [_api_key(row) for row in rows.mappings()]

    async def use_api_key(self, key_id: str, at_ms: int) -> None:
        used = api_keys.update().where(api_keys.c.id == key_id, api_keys.c.last_used_at_ms < at_ms)
        await self._connection.execute(used.values(last_used_at_ms=at_ms))

    async def revoke_api_key(self, account_id: str, key_id: str) -> bool:
        revoked = api_keys.delete().where(api_keys.c.account_id == account_id, api_keys.c.id == key_id)
        return (await self._connection.execute(revoked)).rowcount > 0

    async def _one(self, query: sa.Select[Any]) -> RowMapping | None:
        rows: MappingResult = (await self._connection.execute(query)).mappings()
        return rows.one_or_none()


def _session(row: RowMapping, prefix: str = "") -> Session:
    return Session(
        id=row[f"{prefix}id"],
        account_id=row[f"{prefix}account_id"],
        created_at_ms=row[f"{prefix}created_at_ms"],
        last_used_at_ms=row[f"{prefix}last_used_at_ms"],
        expires_at_ms=row[f"{prefix}expires_at_ms"],
        user_agent=row[f"{prefix}user_agent"],
    )


def _api_key(row: RowMapping, prefix: str = "") -> ApiKey:
    return ApiKey(
        id=row[f"{prefix}id"],
        account_id=row[f"{prefix}account_id"],
        name=row[f"{prefix}name"],
        prefix=row[f"{prefix}prefix"],
        scopes=tuple(row[f"{prefix}scopes"].split()),
        created_at_ms=row[f"{prefix}created_at_ms"],
        expires_at_ms=row[f"{prefix}expires_at_ms"],
        last_used_at_ms=row[f"{prefix}last_used_at_ms"],
    )
