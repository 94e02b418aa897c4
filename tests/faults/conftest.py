"""A store and a ledger on real servers, for what needs no more than these."""

from __future__ import annotations

import pytest

from services.metering.adapters.ledger import JetStreamLedger
from services.metering.adapters.valkey_store import ValkeyStore
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
async def store(valkey_server):
    store = ValkeyStore(valkey_server.url)
    yield store
    await store.stop()
