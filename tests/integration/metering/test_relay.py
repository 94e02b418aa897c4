"""Ledger entries reach JetStream in order, once, whoever relays them."""

from __future__ import annotations

import asyncio

import pytest

from services.common.lifecycle import Task
from services.metering.adapters.ledger import EVENT_TYPE, STREAM, SUBJECT, JetStreamLedger
from services.metering.ports import LedgerDamaged, LedgerFenced, MeterUnavailable, Tail
from services.metering.rebuild import compare
from services.metering.recovery import recover
from services.metering.relay import Relay
from tests.integration.metering.load import Load
from tests.metering_stores import claim, guest, metering, relayed, until


@pytest.fixture
async def verified(store, ledger):
    await recover(store, ledger)
    return store


async def grant(store, count: int) -> list[str]:
    subjects = [guest() for _ in range(count)]
    for start in range(0, count, 128):
        await store.consume([claim(subject) for subject in subjects[start : start + 128]])
    return subjects


async def read_all(ledger: JetStreamLedger, after: int = 0):
    return [entry async for entries in ledger.read(after) for entry in entries]


async def test_relays_in_order_and_trims_what_is_acknowledged(verified, ledger, announcer):
    subjects = await grant(verified, 1300)
    relay = Relay(verified, ledger, announcer)
    tail = await ledger.tail()
    assert tail == Tail(1, 0, (await verified.status()).run)
    for through in (512, 1024, 1300):
        tail = await relay.relay(tail)
        assert tail.through == through
        assert (await verified.status()).waiting == 1300 - through
    assert tail == await ledger.tail()
    entries = await read_all(ledger)
    assert [entry.sequence for entry in entries] == list(range(1, 1301))
    assert [entry.subject for entry in entries] == subjects
    assert not await compare(verified, ledger)


async def test_messages_are_cloud_events(verified, ledger, bus, announcer):
    await grant(verified, 2)
    tail = await Relay(verified, ledger, announcer).relay(await ledger.tail())
    message = await bus.js.get_msg(STREAM, tail.message)
    assert message.subject == SUBJECT
    assert message.headers["ce-type"] == EVENT_TYPE
    assert message.headers["ce-id"] == message.headers["Nats-Msg-Id"] == f"ledger-{tail.run}-1-2"


async def test_reading_begins_anywhere(verified, ledger, announcer):
    relay, tail = Relay(verified, ledger, announcer), await ledger.tail()
    for count in (1, 3, 130, 1, 64):
        await grant(verified, count)
        tail = await relay.relay(tail)
    for after in (0, 1, 2, 4, 5, 133, 134, 135, 198, 199, 500):
        assert [entry.sequence for entry in await read_all(ledger, after)] == list(range(after + 1, 200))


async def test_skips_what_the_ledger_has_already(verified, ledger, announcer):
    """A relay that died between the acknowledgement and the trimming."""
    await grant(verified, 10)
    entries = (await verified.pending(0, 6)).entries
    await ledger.append(entries, await ledger.tail())
    task = Task("relay", Relay(verified, ledger, announcer).run)
    await task.start()
    await until(lambda: relayed(verified))
    await task.stop()
    assert [entry.sequence for entry in await read_all(ledger)] == list(range(1, 11))


async def test_second_writer_is_fenced(verified, ledger):
    await grant(verified, 3)
    entries = (await verified.pending(0, 10)).entries
    tail = await ledger.tail()
    first = await ledger.append(entries[:2], tail)
    for late in (entries[:2], entries):
        with pytest.raises(LedgerFenced):
            await ledger.append(late, tail)
    assert await ledger.tail() == first


async def test_two_relays_write_everything_once(verified, ledger, announcer):
    relays = [Task(f"relay {number}", Relay(verified, ledger, announcer).run) for number in range(2)]
    for relay in relays:
        await relay.start()
    for _ in range(10):
        await grant(verified, 40)
        await asyncio.sleep(0.03)
    await relays[0].stop()  # whichever stood by goes on alone
    await grant(verified, 40)
    await until(lambda: relayed(verified))
    await relays[1].stop()
    assert [entry.sequence for entry in await read_all(ledger)] == list(range(1, 441))
    assert not await compare(verified, ledger)


async def test_stale_relay_cannot_write_entries_that_the_store_has_lost(verified, ledger, valkey_server, announcer):
    """The store comes back without entries that a relay still holds (a failover to a replica that lagged)."""
    await grant(verified, 2)
    relay = Relay(verified, ledger, announcer)
    tail = await relay.relay(await ledger.tail())
    await grant(verified, 3)
    lost = (await verified.pending(2, 10)).entries
    await verified._client.flushall()
    valkey_server.kill()
    await valkey_server.wait()
    await valkey_server.start()
    await recover(verified, ledger)
    with pytest.raises(LedgerFenced):
        await ledger.append(lost, tail)
    subjects = await grant(verified, 1)
    with pytest.raises(LedgerFenced):
        await relay.relay(tail)
    await relay.relay(await ledger.tail())
    assert [entry.subject for entry in await read_all(ledger, 2)] == subjects


async def test_ledger_that_was_lost_is_begun_again_and_the_gap_is_seen(verified, ledger, bus, announcer):
    await grant(verified, 5)
    await Relay(verified, ledger, announcer).relay(await ledger.tail())
    await bus.js.delete_stream(STREAM)
    await grant(verified, 1)
    async with metering(verified, bus):
        await until(lambda: relayed(verified))
    assert (await ledger.tail()).through == 6
    with pytest.raises(LedgerDamaged, match="entry 6 of the ledger follows entry 0"):
        await read_all(ledger)


@pytest.mark.alone  # no call may take longer than the store's patience
async def test_nats_killed_under_load(store, bus, ledger, nats_server):
    load = Load(store)
    async with metering(store, bus) as recovery:
        await until(recovery.is_verified)
        async with load.running():
            for _ in range(2):
                await load.more()
                nats_server.kill()
                await nats_server.wait()
                with pytest.raises(MeterUnavailable):
                    async with asyncio.timeout(20):
                        while True:
                            await ledger.tail()
                await load.more()  # goes on while NATS is away
                assert await recovery.is_verified()
                await nats_server.start()
            await load.more()
        await until(lambda: relayed(store))
    assert load.unknown == 0
    assert not await compare(store, ledger)
    await load.check()
