"""The schema comes from the migrations, from every earlier one, in both databases, however many start at once."""

from __future__ import annotations

import asyncio

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory

from services.accounts.adapters.migrations.upgrade import config, upgrade
from services.accounts.adapters.sql.database import Database
from services.accounts.adapters.sql.store import SqlStore
from services.accounts.adapters.sql.tables import metadata, outbox_position

REVISIONS = [script.revision for script in reversed(list(ScriptDirectory.from_config(config()).walk_revisions()))]


@pytest.fixture(params=["sqlite", "postgresql"])
async def url(request, tmp_path) -> str:
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/accounts.db"
    return await request.getfixturevalue("postgres").new_database()


@pytest.fixture
async def database(url, tmp_path):
    database = Database(url, folder=tmp_path, seconds=5, connections=2)
    yield database
    await database.close()


async def differences(database: Database) -> list[object]:
    def compare(connection: sa.Connection) -> list[object]:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "compare_server_default": True})
        return compare_metadata(context, metadata)

    async with database.transaction(write=False) as connection:
        return await connection.run_sync(compare)


async def revision(database: Database) -> str:
    async with database.transaction(write=False) as connection:
        return (await connection.execute(sa.text("SELECT version_num FROM alembic_version"))).scalar_one()


async def test_an_empty_database_gets_the_tables_that_the_code_has(database):
    await upgrade(database, 30)
    assert await differences(database) == []
    assert await revision(database) == REVISIONS[-1]


@pytest.mark.parametrize("earlier", REVISIONS)
async def test_every_earlier_schema_is_brought_up_to_date_with_its_rows(database, earlier):
    await upgrade(database, 30, earlier)
    async with database.transaction(write=True) as connection:
        await connection.execute(outbox_position.update().values(last=42))
        await connection.execute(
            sa.text(
                "INSERT INTO accounts (id, email, email_key, password_hash, plan, guest_id, "
                "keep_searches, keep_recent_views) "
                "VALUES ('a', 'a@example.org', 'a@example.org', 'h', 'registered', '', :yes, :yes)"
            ),
            {"yes": True},
        )
    await upgrade(database, 30)
    assert await differences(database) == []
    async with database.transaction(write=False) as connection:
        assert (await connection.execute(sa.select(outbox_position.c.last))).scalar_one() == 42
        assert (await connection.execute(sa.text("SELECT email FROM accounts"))).scalars().all() == ["a@example.org"]


async def test_many_that_start_at_once_migrate_once(url, tmp_path):
    databases = [Database(url, folder=tmp_path, seconds=10, connections=2) for _ in range(4)]
    stores = [SqlStore(database) for database in databases]
    await asyncio.gather(*(store.prepare() for store in stores))
    assert await asyncio.gather(*(store.answers() for store in stores)) == [True] * 4
    assert await differences(databases[0]) == []
    assert len({store._throttle_key for store in stores}) == 1
    for store in stores:
        await store.stop()


async def test_a_schema_of_a_later_release_is_left_as_it_is(database):
    await upgrade(database, 30)
    async with database.transaction(write=True) as connection:
        await connection.execute(sa.text("UPDATE alembic_version SET version_num = '9999'"))
    await upgrade(database, 30)
    assert await revision(database) == "9999"
