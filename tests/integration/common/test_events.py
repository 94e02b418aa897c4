"""Events over a real NATS server: delivery once, redelivery, dead letters, watches that survive a restart."""

from __future__ import annotations

import asyncio
import contextlib

import pytest
from medcodes.events.v1.events_pb2 import LedgerEntry, ReleasePublished, ViewsGranted
from nats.js.api import StorageType, StreamConfig

from services.common.events import (
    DEAD_LETTER_STREAM,
    EVENTS_STREAM,
    MAX_DELIVERIES,
    Bus,
    Event,
    Received,
)
from services.common.outbox import OutboxRelay, stream_position


@pytest.fixture
async def bus(nats_server):
    bus = Bus(nats_server.url, "test")
    await bus.start()
    await asyncio.wait_for(bus.wait_connected(), 30)
    yield bus
    await bus.stop()


@contextlib.asynccontextmanager
async def running(coroutine):
    task = asyncio.create_task(coroutine)
    try:
        yield task
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


def published(release: str) -> Event:
    return Event("catalog.release.published", "catalog", ReleasePublished(release_id=release))


async def eventually(condition, seconds=30.0):
    async with asyncio.timeout(seconds):
        while not condition():
            await asyncio.sleep(0.02)


async def test_an_event_carries_cloudevents_headers_and_is_stored_once(bus):
    await bus.ensure_events_stream()
    event = published("a")
    first = await bus.publish(event)
    again = await bus.publish(event)

    assert again.duplicate and again.seq == first.seq
    stored = await bus.js.get_msg(EVENTS_STREAM, first.seq)
    assert stored.subject == "medcodes.catalog.release.published"
    assert stored.headers["ce-type"] == "catalog.release.published"
    assert stored.headers["ce-specversion"] == "1.0"
    assert stored.headers["ce-id"] == event.id == stored.headers["Nats-Msg-Id"]
    assert ReleasePublished.FromString(stored.data).release_id == "a"


async def test_a_consumer_is_given_a_failed_event_again_and_acknowledges_after_success(bus):
    await bus.ensure_events_stream()
    seen: list[Received] = []

    async def fail_once(received):
        seen.append(received)
        if received.delivery == 1:
            raise RuntimeError("not yet")

    await bus.publish(published("a"))
    async with running(bus.consume(EVENTS_STREAM, "worker", "medcodes.catalog.>", fail_once)):
        await eventually(lambda: len(seen) == 2)
        async with asyncio.timeout(30):
            while (await bus.js.consumer_info(EVENTS_STREAM, "worker")).num_ack_pending:
                await asyncio.sleep(0.02)
        await asyncio.sleep(0.3)
    assert [received.delivery for received in seen] == [1, 2]


async def test_an_event_that_keeps_failing_is_dead_lettered_with_its_reason(bus, monkeypatch):
    monkeypatch.setattr("services.common.events.MAX_DELIVERIES", 2)
    assert MAX_DELIVERIES > 2
    await bus.ensure_events_stream()

    async def fail(received):
        raise RuntimeError("cannot be done")

    await bus.publish(published("a"))
    async with running(bus.consume(EVENTS_STREAM, "worker", "medcodes.catalog.>", fail)):
        async with asyncio.timeout(60):
            while True:
                with contextlib.suppress(Exception):
                    dead = await bus.js.get_msg(DEAD_LETTER_STREAM, 1)
                    break
                await asyncio.sleep(0.05)
    assert "cannot be done" in dead.headers["Medcodes-Reason"]
    assert ReleasePublished.FromString(dead.data).release_id == "a"


async def test_a_watched_key_gives_the_present_value_first_and_survives_a_killed_server(bus, nats_server):
    store = await bus.key_value("settings")
    await store.put("current", b"one")
    seen: list[bytes | None] = []

    async def watch():
        async for value in bus.watch_key("settings", "current"):
            seen.append(value)

    async with running(watch()):
        await eventually(lambda: seen == [b"one"])
        await store.put("current", b"two")
        await eventually(lambda: seen[-1] == b"two")
        nats_server.kill()
        await nats_server.wait()
        await nats_server.start()
        await asyncio.wait_for(bus.wait_connected(), 30)
        async with asyncio.timeout(30):
            while True:
                with contextlib.suppress(Exception):
                    await store.put("current", b"three")
                    break
        await eventually(lambda: seen[-1] == b"three")
    assert seen.count(b"three") == 1


class ListOutbox:
    """An outbox that keeps what it has to tell in a list."""

    def __init__(self, count: int) -> None:
        self.entries = [LedgerEntry(sequence=number, subject="s", code=str(number)) for number in range(1, count + 1)]
        self.trimmed = 0

    async def read(self, after: int, limit: int) -> list[LedgerEntry]:
        return [entry for entry in self.entries if entry.sequence > after][:limit]

    async def trim(self, through: int) -> None:
        self.trimmed = max(self.trimmed, through)


def relay(bus, outbox):
    return OutboxRelay(
        bus,
        "LEDGER",
        outbox,
        to_event=lambda entries: Event("metering.view.granted", "metering", ViewsGranted(entries=entries)),
        number=lambda entry: entry.sequence,
        last_number=lambda data: ViewsGranted.FromString(data).entries[-1].sequence,
    )


async def ledger_numbers(bus) -> list[int]:
    info = await bus.js.stream_info("LEDGER")
    numbers = []
    for sequence in range(1, info.state.last_seq + 1):
        message = await bus.js.get_msg("LEDGER", sequence)
        numbers += [entry.sequence for entry in ViewsGranted.FromString(message.data).entries]
    return numbers


async def test_two_relays_move_every_entry_once_and_in_order(bus):
    await bus.ensure_stream(
        StreamConfig(name="LEDGER", subjects=["medcodes.metering.view.granted"], storage=StorageType.FILE)
    )
    outbox = ListOutbox(3000)
    async with running(relay(bus, outbox).run()), running(relay(bus, outbox).run()):
        await eventually(lambda: outbox.trimmed == 3000)
    assert await ledger_numbers(bus) == list(range(1, 3001))


async def test_a_relay_that_starts_again_skips_what_the_stream_has(bus):
    await bus.ensure_stream(
        StreamConfig(name="LEDGER", subjects=["medcodes.metering.view.granted"], storage=StorageType.FILE)
    )
    first = ListOutbox(700)
    async with running(relay(bus, first).run()):
        await eventually(lambda: first.trimmed == 700)
    # The store came back from before the last trim: it still holds what the stream already has.
    again = ListOutbox(900)
    async with running(relay(bus, again).run()):
        await eventually(lambda: again.trimmed == 900)
    assert await ledger_numbers(bus) == list(range(1, 901))
    position = await stream_position(bus, "LEDGER", lambda data: ViewsGranted.FromString(data).entries[-1].sequence)
    assert position.entry == 900
