"""Valkey's append-only file torn at its tail: what the ledger has comes back, and what nobody has is missed aloud."""

from __future__ import annotations

import random

import pytest
from prometheus_client import REGISTRY

from services.metering.domain.views import Outcome
from services.metering.rebuild import compare
from services.standalone.servers import ValkeyServer
from tests.faults import torn_file
from tests.metering_stores import claim, guest, metering, relayed, until


@pytest.fixture
async def valkey_server(tmp_path):
    """A process in every case: its file must be in reach."""
    server = ValkeyServer(tmp_path / "valkey")
    await server.start()
    yield server
    await server.stop()


def lost() -> float:
    return REGISTRY.get_sample_value("metering_lost_entries_total") or 0.0


async def is_granted_again(store, subjects: list[str]) -> list[bool]:
    decisions = (await store.consume([claim(subject, look_only=True) for subject in subjects])).decisions
    return [decision.outcome == Outcome.GRANTED for decision in decisions]


@pytest.mark.parametrize("seed", range(4))
async def test_what_the_ledger_has_comes_back(store, bus, ledger, valkey_server, seed):
    before, subjects = lost(), [guest() for _ in range(20)]
    async with metering(store, bus) as recovery:
        await until(recovery.is_verified)
        for subject in subjects:
            await store.consume([claim(subject)])
        await until(lambda: relayed(store))
        valkey_server.kill()
        await valkey_server.wait()
        size = torn_file.newest_file(valkey_server.store).stat().st_size
        torn_file.tear(valkey_server.store, len(subjects), random.Random(seed))
        assert torn_file.newest_file(valkey_server.store).stat().st_size != size
        await valkey_server.start()
        await until(recovery.is_verified)
        assert all(await is_granted_again(store, subjects))
        assert not await compare(store, ledger)
    assert lost() == before


async def test_what_nobody_has_is_missed_aloud(store, bus, ledger, valkey_server, nats_server):
    before, subjects = lost(), [guest() for _ in range(5)]
    async with metering(store, bus) as recovery:
        await until(recovery.is_verified)
        await store.consume([claim(subjects[0])])
        await until(lambda: relayed(store))
        nats_server.kill()
        await nats_server.wait()
        for subject in subjects[1:]:
            await store.consume([claim(subject)])
        assert await recovery.is_verified()
        valkey_server.kill()
        await valkey_server.wait()
        cut_after_entry(valkey_server, 2)
        await valkey_server.start()
        await nats_server.start()
        await until(recovery.is_verified)
        assert await is_granted_again(store, subjects) == [True, True, False, False, False]
        await until(lambda: relayed(store))
        assert not await compare(store, ledger)
    assert lost() - before == 3


def cut_after_entry(server: ValkeyServer, number: int) -> None:
    """Takes away more than may be taken: entries that the ledger does not have."""
    file = torn_file.newest_file(server.store)
    data = file.read_bytes()
    entry = f"{number + 1}-0".encode()
    units = [unit for unit in torn_file.units(data) if any(entry in command for command in unit.commands)]
    with file.open("r+b") as opened:
        opened.truncate(units[0].start)
