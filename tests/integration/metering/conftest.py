"""A store and a ledger on real servers."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from services.metering.adapters.announcer import JetStreamAnnouncer
from services.metering.adapters.ledger import JetStreamLedger
from services.metering.adapters.valkey_store import ValkeyStore
from services.metering.settings import MeteringSettings
from tests.integration.metering.running_service import running
from tests.metering_stores import connected


@pytest.fixture
async def bus(nats_server):
    async with connected(nats_server) as bus:
        yield bus


@pytest.fixture
async def ledger(bus) -> JetStreamLedger:
    ledger = JetStreamLedger(bus)
    await ledger.prepare()
    return ledger


@pytest.fixture
async def announcer(bus) -> JetStreamAnnouncer:
    announcer = JetStreamAnnouncer(bus)
    await announcer.prepare()
    return announcer


@pytest.fixture
async def store(valkey_server) -> AsyncIterator[ValkeyStore]:
    store = ValkeyStore(valkey_server.url)
    yield store
    await store.stop()


@pytest.fixture
def settings(nats_server, valkey_server, tmp_path):
    return MeteringSettings(
        nats_url=nats_server.url,
        valkey_url=valkey_server.url,
        state_dir=tmp_path / "state",
        metering_listen="127.0.0.1:0",
        drain_seconds=1,
    )


@pytest.fixture
async def metering(settings):
    async with running(settings) as client:
        yield client
