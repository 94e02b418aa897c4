"""The store of accounts in SQL: one transaction, and the parts of the store in it."""

from __future__ import annotations

import asyncio
import contextlib
import secrets as random_bytes
from collections.abc import AsyncIterator, Awaitable, Callable
from functools import cached_property

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from services.common.lifecycle import Task

from ...ports import StoreUnavailable
from ..migrations.upgrade import upgrade
from .account_rows import SqlAccounts
from .credential_rows import SqlCredentials
from .database import Database
from .deletion_rows import SqlDeletions
from .feed_rows import SqlFeeds
from .history_rows import SqlHistory
from .mail_rows import SqlLinks, SqlMails
from .outbox import SqlEvents
from .shelf_rows import SqlShelf
from .signal import Signal
from .tables import secrets
from .throttle_rows import SqlThrottle
from .upsert import insert

MIGRATION_SECONDS = 300.0
THROTTLE_KEY = "throttle"
EVENTS, MAILS = "events", "mails"


class SqlTransaction:
    """See `ports.Transaction`."""

    def __init__(self, connection: AsyncConnection, throttle_key: bytes) -> None:
        self._connection, self._throttle_key = connection, throttle_key
        self.added: set[str] = set()

    @cached_property
    def accounts(self) -> SqlAccounts:
        return SqlAccounts(self._connection)

    @cached_property
    def credentials(self) -> SqlCredentials:
        return SqlCredentials(self._connection)

    @cached_property
    def links(self) -> SqlLinks:
        return SqlLinks(self._connection)

    @cached_property
    def mails(self) -> SqlMails:
        return SqlMails(self._connection, lambda: self.added.add(MAILS))

    @cached_property
    def throttle(self) -> SqlThrottle:
        return SqlThrottle(self._connection, self._throttle_key)

    @cached_property
    def events(self) -> SqlEvents:
        return SqlEvents(self._connection, lambda: self.added.add(EVENTS))

    @cached_property
    def deletions(self) -> SqlDeletions:
        return SqlDeletions(self._connection)

    @cached_property
    def shelf(self) -> SqlShelf:
        return SqlShelf(self._connection)

    @cached_property
    def history(self) -> SqlHistory:
        return SqlHistory(self._connection)

    @cached_property
    def feeds(self) -> SqlFeeds:
        return SqlFeeds(self._connection)


class SqlStore:
    """See `ports.Store`. A component: `start` brings the schema up to date, in the background while the database is
    away; until then blocks raise `StoreUnavailable`. `prepared` is told as soon as it is."""

    def __init__(self, database: Database, prepared: Callable[[], Awaitable[None]] | None = None) -> None:
        self._database, self._prepared = database, prepared
        self._throttle_key, self._is_prepared = b"", asyncio.Event()
        self._preparing = Task("accounts' schema", self.prepare)
        self._signals = {EVENTS: Signal(), MAILS: Signal()}

    async def start(self) -> None:
        await self._preparing.start()

    async def stop(self) -> None:
        await self._preparing.stop()
        await self._database.close()

    async def prepare(self) -> None:
        """Migrates, and reads what must be known. Several replicas may do so at once."""
        await upgrade(self._database, MIGRATION_SECONDS)
        async with self._database.transaction(write=True) as connection:
            made = insert(connection, secrets).values(name=THROTTLE_KEY, value=random_bytes.token_bytes(32))
            await connection.execute(made.on_conflict_do_nothing())
            found = await connection.execute(sa.select(secrets.c.value).where(secrets.c.name == THROTTLE_KEY))
            self._throttle_key = found.scalar_one()
        self._is_prepared.set()
        if self._prepared:
            await self._prepared()

    async def until_prepared(self) -> None:
        """Returns once the schema is up to date; for who works on the database without being asked."""
        await self._is_prepared.wait()

    def signal(self, name: str) -> Signal:
        """What tells of `EVENTS` or `MAILS` that were added."""
        return self._signals[name]

    async def answers(self) -> bool:
        """Whether the database can be used now; a health check."""
        async with self.reading():
            return True

    @contextlib.asynccontextmanager
    async def reading(self) -> AsyncIterator[SqlTransaction]:
        self._check_prepared()
        async with self._database.transaction(write=False) as connection:
            yield SqlTransaction(connection, self._throttle_key)

    @contextlib.asynccontextmanager
    async def writing(self) -> AsyncIterator[SqlTransaction]:
        self._check_prepared()
        async with self._database.transaction(write=True) as connection:
            transaction = SqlTransaction(connection, self._throttle_key)
            yield transaction
        for name in transaction.added:
            self._signals[name].give()

    def _check_prepared(self) -> None:
        if not self._throttle_key:
            raise StoreUnavailable("the database is not ready")
