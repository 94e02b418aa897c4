"""The connection to SQLite or PostgreSQL: which one the URL's scheme says, with time-outs, and one kind of failure."""

from __future__ import annotations

import asyncio
import contextlib
import sqlite3
import time
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import DataError, DBAPIError, IntegrityError, ProgrammingError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlalchemy.util import await_only

from ...ports import StoreUnavailable

DRIVERS = {"sqlite": "sqlite+aiosqlite", "postgresql": "postgresql+asyncpg"}
FILE_NAME = "accounts.db"
BUSY_SECONDS = 0.02
PRIMARY_CODE = 0xFF  # of SQLite's result codes, whose higher bits say more


class Database:
    """Opens nothing until it is first used; `close` when it is no longer needed."""

    def __init__(self, url: str, *, folder: Path, seconds: float, connections: int) -> None:
        """`folder` is where SQLite's file goes if the URL names none."""
        self._url, self._seconds = _with_driver(url, folder), seconds
        self._folder = folder
        self.is_sqlite = self._url.get_backend_name() == "sqlite"
        self.engine = self._engine(connections)
        # SQLite has one writer at a time. To wait for one's turn here costs nothing; in SQLite it is polling.
        self._writer = asyncio.Lock()

    async def close(self) -> None:
        await self.engine.dispose()

    @contextlib.asynccontextmanager
    async def transaction(self, *, write: bool, seconds: float | None = None) -> AsyncIterator[AsyncConnection]:
        """Commits at the end of the block. Raises `StoreUnavailable` if the database is away or takes too long."""
        try:
            async with (
                asyncio.timeout(seconds or self._seconds),
                self._turn(write),
                self._connection(write) as connection,
            ):
                yield connection
        except (TimeoutError, PoolTimeout):
            raise StoreUnavailable("the database takes too long") from None
        except (IntegrityError, ProgrammingError, DataError):
            raise
        except (DBAPIError, OSError) as error:
            raise StoreUnavailable("the database does not answer") from error

    def _turn(self, write: bool) -> AbstractAsyncContextManager[Any]:
        return self._writer if write and self.is_sqlite else contextlib.nullcontext()

    @contextlib.asynccontextmanager
    async def _connection(self, write: bool) -> AsyncIterator[AsyncConnection]:
        async with self.engine.connect() as connection:
            await connection.execution_options(**self._options(write))
            async with connection.begin():
                yield connection

    def _options(self, write: bool) -> dict[str, Any]:
        """Readers see one state of everything; PostgreSQL is told so as the transaction begins."""
        if write or self.is_sqlite:
            return {"writes": write}
        return {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}

    def _engine(self, connections: int) -> AsyncEngine:
        options: dict[str, Any] = {
            # Statements' parameters are e-mails, hashes and notes: they do not belong in logs.
            "hide_parameters": True,
            "pool_size": connections,
            "max_overflow": 0,
            "pool_timeout": self._seconds,
        }
        if self.is_sqlite:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            engine = create_async_engine(self._url, connect_args={"timeout": self._seconds}, **options)
            _prepare_sqlite(engine, self._seconds)
            return engine
        milliseconds = str(int(self._seconds * 1000))
        settings = {
            "application_name": "medcodes accounts",
            "statement_timeout": milliseconds,
            "idle_in_transaction_session_timeout": str(int(self._seconds * 4000)),
        }
        arguments = {"timeout": self._seconds, "command_timeout": self._seconds * 2, "server_settings": settings}
        return create_async_engine(self._url, connect_args=arguments, pool_pre_ping=True, **options)


def _with_driver(url: str, folder: Path) -> URL:
    scheme, _, rest = url.partition(":")
    parsed = make_url(f"{DRIVERS[scheme]}:{rest or '//'}")
    return parsed if parsed.database else parsed.set(database=str(folder / FILE_NAME))


def _prepare_sqlite(engine: AsyncEngine, seconds: float) -> None:
    @sa.event.listens_for(engine.sync_engine, "connect")
    def set_up(connection: Any, record: Any) -> None:
        # Transactions begin where we say so (below), not where the driver thinks that one is needed.
        connection.isolation_level = None
        cursor = connection.cursor()
        _write_ahead(cursor, seconds)
        for pragma in ("synchronous=FULL", "foreign_keys=ON", "secure_delete=ON"):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    @sa.event.listens_for(engine.sync_engine, "begin")
    def begin(connection: sa.Connection) -> None:
        # A transaction that reads first and writes then would fail if another one wrote in between.
        writes = connection.get_execution_options().get("writes", True)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

    @sa.event.listens_for(engine.sync_engine, "invalidate")
    def roll_back(connection: Any, record: Any, error: BaseException | None) -> None:
        # Who is cancelled while a statement runs leaves its rows unread, and SQLite ends a closed connection, and gives
        # back its lock, only after its last statement: nobody else could write as long as anything still refers to it.
        with contextlib.suppress(DBAPIError, sqlite3.Error, ValueError):
            connection.rollback()


def _write_ahead(cursor: Any, seconds: float) -> None:
    """Of several who open a new file at once, one makes this change of it, and SQLite lets the others not wait."""
    ends = time.monotonic() + seconds
    while True:
        try:
            cursor.execute("PRAGMA journal_mode=WAL")
            return
        except sqlite3.OperationalError as error:
            is_busy = error.sqlite_errorcode & PRIMARY_CODE == sqlite3.SQLITE_BUSY
            if not is_busy or time.monotonic() > ends:
                raise
            await_only(asyncio.sleep(BUSY_SECONDS))


def sqlite_file(url: str, folder: Path) -> Path | None:
    """SQLite's file; None if the URL is not SQLite's."""
    parsed = _with_driver(url, folder)
    return Path(parsed.database or "") if parsed.get_backend_name() == "sqlite" else None
