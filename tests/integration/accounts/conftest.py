"""A running accounts service, over SQLite and over PostgreSQL."""

from __future__ import annotations

import pytest

from tests.accounts_service import running


@pytest.fixture(params=["sqlite", "postgresql"])
async def database_url(request) -> str:
    return "sqlite:" if request.param == "sqlite" else await request.getfixturevalue("postgres").new_database()


@pytest.fixture
async def accounts(tmp_path, nats_server, database_url):
    async with running(tmp_path, nats_server.url, accounts_database_url=database_url) as service:
        yield service
