"""After every restart of Valkey the meter answers only once nothing is lost."""

from __future__ import annotations

import asyncio

import pytest

from services.metering.ports import MeterUnavailable, NotVerified
from services.metering.rebuild import compare
from services.metering.recovery import recover
from tests.integration.metering.load import Load
from tests.metering_stores import claim, guest, metering, relayed, until


async def restart(server) -> None:
    server.kill()
    await server.wait()
    await server.start()


async def test_first_start_is_ready_at_once(store, bus):
    async with metering(store, bus) as recovery:
        await until(recovery.is_verified, 5)  # less than the patience with a server that is away
        await store.consume([claim(guest())])


async def test_valkey_killed_under_load(store, bus, ledger, valkey_server):
    load = Load(store)
    async with metering(store, bus) as recovery:
        await until(recovery.is_verified)
        async with load.running():
            for _ in range(3):
                await load.more()
                await restart(valkey_server)
            await load.more()
        await until(lambda: relayed(store))
    assert load.unknown > 0
    await load.check()
    assert not await compare(store, ledger)


async def test_empty_valkey_gets_everything_back(store, bus, ledger, valkey_server):
    """Its disk was lost: all that was relayed is restored, before the first answer."""
    load = Load(store)
    async with metering(store, bus) as recovery:
        await until(recovery.is_verified)
        async with load.running():
            await load.more(700)
        await until(lambda: relayed(store))
        await store._client.flushall()
        await store._client.execute_command("FUNCTION", "FLUSH")
        await restart(valkey_server)
        with pytest.raises(NotVerified):
            await store.consume([claim(guest())])
        await until(recovery.is_verified)
        await load.check()
        async with load.running():
            await load.more()
        await until(lambda: relayed(store))
    await load.check()
    assert not await compare(store, ledger)


async def test_emptied_without_a_restart(store, bus, ledger):
    async with metering(store, bus) as recovery:
        await until(recovery.is_verified)
        subject = guest()
        await store.consume([claim(subject)])
        await until(lambda: relayed(store))
        await store._client.flushall()
        with pytest.raises(NotVerified):
            await store.consume([claim(subject, "99213")])
        await until(recovery.is_verified)
        assert len(await store.views(subject)) == 1


async def test_valkey_restarted_while_nats_is_away(store, bus, ledger, valkey_server, nats_server):
    async with metering(store, bus) as recovery:
        await until(recovery.is_verified)
        subject = guest()
        await store.consume([claim(subject, request_id="once")])
        nats_server.kill()
        await nats_server.wait()
        assert (await store.consume([claim(subject)])).decisions[0].outcome == 1
        await restart(valkey_server)
        for _ in range(5):
            assert not await recovery.is_verified()
            with pytest.raises(MeterUnavailable):
                await store.consume([claim(subject, request_id="once")])
            await asyncio.sleep(0.1)
        await nats_server.start()
        await until(recovery.is_verified)
        [decision] = (await store.consume([claim(subject, request_id="once")])).decisions
        assert decision.charged
        await until(lambda: relayed(store))
    assert not await compare(store, ledger)


async def test_new_replica_needs_no_nats_while_valkey_is_verified(store, bus, ledger, nats_server):
    await recover(store, ledger)
    nats_server.kill()
    await nats_server.wait()
    async with metering(store, bus) as recovery:
        await until(recovery.is_verified)
        await store.consume([claim(guest())])


async def test_everything_killed_under_load(store, bus, ledger, valkey_server, nats_server):
    load = Load(store)
    async with metering(store, bus) as recovery:
        await until(recovery.is_verified)
        async with load.running():
            for _ in range(2):
                await load.more()
                valkey_server.kill()
                nats_server.kill()
                await asyncio.gather(valkey_server.wait(), nats_server.wait())
                await valkey_server.start()
                await nats_server.start()
            await load.more()
        await until(lambda: relayed(store))
    await load.check()
    assert not await compare(store, ledger)


async def test_replicas_recover_together(store, bus, ledger, valkey_server):
    async with metering(store, bus) as first, metering(store, bus) as second:
        await until(first.is_verified)
        subjects = [guest() for _ in range(100)]
        await store.consume([claim(subject) for subject in subjects])
        await until(lambda: relayed(store))
        await store._client.flushall()
        await restart(valkey_server)
        await until(second.is_verified)
        assert [len(await store.views(subject)) for subject in subjects] == [1] * 100
    assert not await compare(store, ledger)
