"""Events of accounts come in and are done once; what was done goes out, at least once."""

from __future__ import annotations

import asyncio
import contextlib
import time

import pytest
from medcodes.accounts.v1 import accounts_pb2
from medcodes.events.v1.events_pb2 import AccountDeleted, AccountRegistered, GuestMerged, SubjectErased
from medcodes.metering.v1 import metering_pb2 as pb
from nats.js.errors import NotFoundError

from services.common.events import ACCOUNTS_STREAM, DEAD_LETTER_STREAM, EVENTS_STREAM, Event
from services.common.lifecycle import Task
from services.metering.domain.views import EntryKind, Outcome
from services.metering.ports import MeterUnavailable
from services.metering.rebuild import compare, rebuild
from services.metering.recovery import recover
from services.metering.relay import Relay
from tests.integration.metering.running_service import account, guest, of, view
from tests.metering_stores import account as account_key
from tests.metering_stores import account_claim, claim, relayed, terms, until
from tests.metering_stores import guest as guest_key

PLAN = accounts_pb2.Plan(name="registered", views=5)
MERGED, ERASED = "medcodes.metering.guest.merged", "medcodes.metering.subject.erased"


def registered(member: pb.Subject, visitor: pb.Subject | None, event_id: str = "") -> Event:
    payload = AccountRegistered(account_id=member.id, plan=PLAN)
    if visitor:
        payload.registered_from.id, payload.registered_from.issued_at = visitor.id, visitor.issued_at
    return Event("accounts.account.registered", "accounts", payload, event_id or f"registered-{member.id}")


def deleted(member: pb.Subject) -> Event:
    payload = AccountDeleted(account_id=member.id, deletion_id="d-1")
    return Event("accounts.account.deleted", "accounts", payload, f"deleted-{member.id}")


async def publish(bus, event: Event) -> None:
    await bus.ensure_events_stream()
    await bus.ensure_accounts_stream()
    await bus.publish(event)


async def published(bus, subject: str) -> list:
    """The messages of the events stream with that subject."""
    found, state = [], (await bus.js.stream_info(EVENTS_STREAM)).state
    for number in range(max(1, state.first_seq), state.last_seq + 1):
        message = await bus.js.get_msg(EVENTS_STREAM, number)
        if message.subject == subject:
            found.append(message)
    return found


async def used(metering, subject) -> int:
    return (await metering.stub.GetMeter(pb.GetMeterRequest(subject=subject))).meter.used


async def done(bus, durable: str, count: int) -> bool:
    try:
        state = await bus.js.consumer_info(ACCOUNTS_STREAM, durable)
    except NotFoundError:  # metering serves, and makes its consumers beside that
        return False
    return state.ack_floor.stream_seq >= count and state.num_ack_pending == 0


async def test_registered_account_is_merged_by_its_event(metering, bus, store, ledger):
    visitor = guest()
    await metering.consume(view(visitor, "1"))
    member, other = account(), account()
    for event in (registered(member, visitor), registered(member, visitor, "again"), registered(other, None)):
        await publish(bus, event)
    await until(lambda: done(bus, "metering-registered", 3))
    assert await used(metering, member) == 1
    assert await used(metering, other) == 0
    [refused] = await metering.consume(view(visitor, "2"))
    assert refused.outcome == pb.VIEW_OUTCOME_REFUSED
    [later] = await metering.consume(view(account_with(member, visitor), "1"))  # the next request says the same
    assert (later.outcome, later.charged, later.meter.limit) == (pb.VIEW_OUTCOME_GRANTED, False, 6)
    await until(lambda: relayed(store))
    [message] = await published(bus, MERGED)
    assert GuestMerged.FromString(message.data) == GuestMerged(account_id=member.id, guest_id=visitor.id, copied=1)
    assert message.headers["Nats-Msg-Id"] == message.headers["ce-id"] == "metering.guest.merged-3"
    assert message.headers["ce-type"] == "metering.guest.merged"
    assert await compare(store, ledger) == []


def account_with(member: pb.Subject, visitor: pb.Subject) -> pb.Subject:
    found = pb.Subject()
    found.CopyFrom(member)
    found.registered_from.CopyFrom(of(visitor))
    return found


async def test_deleted_account_is_erased_by_its_event(metering, bus, store, ledger):
    visitor = guest()
    await metering.consume(view(visitor, "1"))
    member = account(of(visitor))
    await metering.consume(view(member, "2"))
    before = time.time() * 1000
    await publish(bus, deleted(member))
    await until(lambda: done(bus, "metering-deleted", 1))
    [late] = await metering.consume(view(member, "2"))
    assert (late.outcome, late.charged) == (pb.VIEW_OUTCOME_ERASED, False)
    await publish(bus, registered(member, visitor))  # late as well
    await until(lambda: done(bus, "metering-registered", 1))
    await until(lambda: relayed(store))
    [message] = await published(bus, ERASED)
    told = SubjectErased.FromString(message.data)
    assert told.account_id == member.id
    assert before - 1000 < told.erased_at_ms < time.time() * 1000 + 1000
    assert len(await published(bus, MERGED)) == 1
    await rebuild(store, ledger)
    assert await compare(store, ledger) == []
    [late] = await metering.consume(view(member, "2"))
    assert late.outcome == pb.VIEW_OUTCOME_ERASED


async def test_events_wait_for_valkey_and_are_no_dead_letters(metering, bus, valkey_server):
    visitor = guest()
    await metering.consume(view(visitor, "1"))
    valkey_server.kill()
    await valkey_server.wait()
    members = [account() for _ in range(3)]
    for member in members:
        await publish(bus, registered(member, visitor))
    await publish(bus, deleted(members[2]))
    await asyncio.sleep(1.5)
    await valkey_server.start()
    await until(metering.serving)
    await until(lambda: done(bus, "metering-registered", 3))
    await until(lambda: done(bus, "metering-deleted", 4))
    assert [await used(metering, member) for member in members] == [1, 0, 0]
    assert (await bus.js.stream_info(DEAD_LETTER_STREAM)).state.messages == 0


async def test_event_that_is_malformed_is_a_dead_letter(metering, bus):
    await publish(bus, deleted(pb.Subject(id="a|b" * 7)))

    async def buried() -> bool:
        with contextlib.suppress(NotFoundError):
            return (await bus.js.stream_info(DEAD_LETTER_STREAM)).state.messages == 1
        return False

    await until(buried, 60)  # five tries, with pauses of 15 seconds in all
    message = await bus.js.get_msg(DEAD_LETTER_STREAM, 1)
    assert "malformed subject" in message.headers["Medcodes-Reason"]


# What goes out


class DeafAnnouncer:
    """The real one, but the process dies before it has told anything."""

    async def prepare(self) -> None: ...

    async def tell(self, entries) -> None:
        raise MeterUnavailable("died before it was told")


@pytest.fixture
async def history(store, ledger) -> tuple[str, str]:
    """A merge and an erasure that wait to be relayed."""
    await recover(store, ledger)
    visitor, member = guest_key(), account_key()
    await store.consume([claim(visitor)])
    await store.merge(member, terms(visitor))
    await store.erase(member)
    return visitor, member


async def test_relay_that_died_before_it_told(history, store, ledger, announcer, bus):
    """The ledger has the entries, nobody was told, and a view follows."""
    with pytest.raises(MeterUnavailable):
        await Relay(store, ledger, DeafAnnouncer()).relay(await ledger.tail())
    assert (await ledger.tail()).through == 4
    assert await published(bus, MERGED) == []
    assert (await store.status()).waiting == 4
    await told_by_a_new_relay(store, ledger, announcer, bus)


async def test_relay_died_and_then_valkey_lost_everything(history, store, ledger, announcer, bus, valkey_server):
    with pytest.raises(MeterUnavailable):
        await Relay(store, ledger, DeafAnnouncer()).relay(await ledger.tail())
    await store._client.flushall()
    valkey_server.kill()
    await valkey_server.wait()
    await valkey_server.start()
    await store.prepare()
    await recover(store, ledger)
    _, member = history
    assert (await store.consume([account_claim(member)])).decisions[0].outcome == Outcome.ERASED
    await told_by_a_new_relay(store, ledger, announcer, bus)


async def told_by_a_new_relay(store, ledger, announcer, bus) -> None:
    await store.consume([claim(guest_key())])
    for _ in range(2):  # another one that begins tells it again, which JetStream drops
        task = Task("relay", Relay(store, ledger, announcer).run)
        await task.start()
        await until(lambda: relayed(store))
        await task.stop()
    assert len(await published(bus, MERGED)) == 1
    assert len(await published(bus, ERASED)) == 1


async def test_ledger_keeps_every_kind(history, store, ledger, announcer):
    visitor, member = history
    await Relay(store, ledger, announcer).relay(await ledger.tail())
    granted, copied, merged, erased = [entry async for entries in ledger.read(0) for entry in entries]
    assert (granted.kind, granted.subject, granted.ends_at_ms > 0) == (EntryKind.GRANTED, visitor, True)
    assert (copied.kind, copied.subject, copied.page) == (EntryKind.COPIED, member, granted.page)
    assert (copied.granted_at_ms, copied.request_id) == (granted.granted_at_ms, granted.request_id)
    assert (merged.kind, merged.subject, merged.guest, merged.copied) == (EntryKind.MERGED, member, visitor, 1)
    assert merged.ends_at_ms == granted.ends_at_ms
    assert (erased.kind, erased.subject, erased.page, erased.request_id) == (EntryKind.ERASED, member, "", "")
