"""A store and a ledger on real servers."""

from __future__ import annotations

import pytest

from services.metering.adapters.announcer import JetStreamAnnouncer
from services.metering.settings import MeteringSettings
from tests.integration.metering.running_service import running
from tests.metering_stores import STORE_SECONDS, bus, ledger, store

__all__ = ["bus", "ledger", "store"]


@pytest.fixture
async def announcer(bus) -> JetStreamAnnouncer:
    announcer = JetStreamAnnouncer(bus)
    await announcer.prepare()
    return announcer


@pytest.fixture
def settings(nats_server, valkey_server, tmp_path):
    return MeteringSettings(
        nats_url=nats_server.url,
        valkey_url=valkey_server.url,
        state_dir=tmp_path / "state",
        metering_listen="127.0.0.1:0",
        valkey_timeout_seconds=STORE_SECONDS,
        drain_seconds=1,
    )


@pytest.fixture
async def metering(settings):
    async with running(settings) as client:
        yield client
