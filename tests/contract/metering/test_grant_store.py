"""What every `GrantStore` promises (services/metering/ports.py). A new adapter subclasses `GrantStoreContract`."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Sequence

import pytest

from services.metering.adapters import valkey_store
from services.metering.adapters.valkey_store import ValkeyStore
from services.metering.domain.views import GUEST_LIFETIME_SECONDS, Claim, Decision, Grant, Outcome
from services.metering.ports import LedgerDamaged, MeterUnavailable, NotVerified
from tests.metering_stores import STORE_SECONDS, account, claim, guest, let_serve, terms


async def decide(store: ValkeyStore, *claims: Claim) -> Sequence[Decision]:
    return (await store.consume(claims)).decisions


# How long a store waits for an entry where it must not end by itself.
LONG_SECONDS = 60.0


class GrantStoreContract:
    @pytest.fixture
    async def store(self, unverified_store):
        await let_serve(unverified_store)
        return unverified_store

    # One subject

    async def test_first_view_is_granted_and_charged(self, store):
        before = time.time() * 1000
        asked = claim(guest())
        as_of_ms, [decision] = await store.consume([asked])
        assert decision == Decision(Outcome.GRANTED, True, 1, as_of_ms, 1, asked.ends_at * 1000)
        assert before - 1000 < as_of_ms < time.time() * 1000 + 1000

    async def test_granted_page_again_is_granted_and_not_charged(self, store):
        subject = guest()
        [first] = await decide(store, claim(subject))
        [again] = await decide(store, claim(subject))
        assert again == first._replace(charged=False)

    async def test_retry_with_the_same_request_id_gets_the_same_answer(self, store):
        subject = guest()
        first = await decide(store, claim(subject, request_id="once"))
        assert await decide(store, claim(subject, request_id="once")) == first
        await decide(store, claim(subject, request_id="other"))
        assert await decide(store, claim(subject, request_id="once")) == first

    async def test_request_id_means_nothing_for_another_page(self, store):
        subject = guest()
        await decide(store, claim(subject, request_id="once", limit=2))
        [other] = await decide(store, claim(subject, "99213", request_id="once", limit=2))
        assert (other.outcome, other.charged, other.used) == (Outcome.GRANTED, True, 2)
        [third] = await decide(store, claim(subject, "99214", request_id="once", limit=2))
        assert third == Decision(Outcome.REFUSED, False, 2, 0, 2, 0)

    async def test_second_page_is_refused_and_leaves_nothing(self, store):
        subject = guest()
        await decide(store, claim(subject))
        assert await decide(store, claim(subject, "99213")) == [Decision(Outcome.REFUSED, False, 1, 0, 1, 0)]
        assert [grant.code for grant in await store.views(subject)] == ["27250"]
        assert len((await store.pending(0, 10)).entries) == 1

    async def test_same_code_of_another_system_is_another_page(self, store):
        subject = guest()
        [first] = await decide(store, claim(subject)._replace(page="hcpcs:27250"))
        [second] = await decide(store, claim(subject))
        assert (first.outcome, second.outcome) == (Outcome.GRANTED, Outcome.REFUSED)

    async def test_looking_grants_nothing(self, store):
        subject = guest()
        assert await decide(store, claim(subject, look_only=True)) == [Decision(Outcome.NOT_YET, False, 0, 0, 1, 0)]
        assert (await store.meter(subject, 2)).used == 0
        [granted] = await decide(store, claim(subject, request_id="once"))
        assert await decide(store, claim(subject, request_id="once", look_only=True)) == [granted]
        [refused] = await decide(store, claim(subject, "99213", look_only=True))
        assert refused.outcome == Outcome.REFUSED
        assert len((await store.pending(0, 10)).entries) == 1

    # Allowances

    async def test_allowance_of_none(self, store):
        assert await decide(store, claim(guest(), limit=0)) == [Decision(Outcome.REFUSED, False, 0, 0, 0, 0)]

    async def test_unlimited(self, store):
        subject = guest()
        decisions = await decide(store, *(claim(subject, f"{code}", limit=None) for code in range(10000, 10128)))
        assert [decision.used for decision in decisions] == list(range(1, 129))

    async def test_lowered_allowance_keeps_live_grants(self, store):
        subject = guest()
        await decide(store, *(claim(subject, code, limit=3) for code in ("1", "2", "3")))
        kept, new = await decide(store, claim(subject, "2", limit=1), claim(subject, "4", limit=1))
        assert (kept.outcome, kept.used) == (Outcome.GRANTED, 3)
        assert (new.outcome, new.used) == (Outcome.REFUSED, 3)
        [raised] = await decide(store, claim(subject, "4", limit=4))
        assert (raised.outcome, raised.used) == (Outcome.GRANTED, 4)

    # Batches and concurrency

    async def test_each_item_of_a_batch_is_decided_on_its_own_and_in_order(self, store):
        first, second = guest(), guest()
        decisions = await decide(
            store, claim(first, "1"), claim(second, "2"), claim(first, "2"), claim(first, "1"), claim(second, "2")
        )
        assert [(decision.outcome, decision.charged) for decision in decisions] == [
            (Outcome.GRANTED, True),
            (Outcome.GRANTED, True),
            (Outcome.REFUSED, False),
            (Outcome.GRANTED, False),
            (Outcome.GRANTED, False),
        ]

    async def test_of_200_codes_at_once_exactly_one_is_granted(self, store):
        subject = guest()
        answers = await asyncio.gather(*(decide(store, claim(subject, str(code))) for code in range(200)))
        assert sorted(decision.outcome for [decision] in answers) == [Outcome.GRANTED] + [Outcome.REFUSED] * 199
        assert len(await store.views(subject)) == len((await store.pending(0, 10)).entries) == 1

    async def test_of_100_requests_for_one_page_at_once_exactly_one_is_charged(self, store):
        subject = guest()
        answers = await asyncio.gather(*(decide(store, claim(subject)) for _ in range(100)))
        assert all(decision.outcome == Outcome.GRANTED for [decision] in answers)
        assert sum(decision.charged for [decision] in answers) == 1

    async def test_cancelled_calls_harm_no_other_call(self, store):
        subjects = [guest() for _ in range(60)]
        calls = [asyncio.create_task(decide(store, claim(subject, limit=None))) for subject in subjects]
        await asyncio.sleep(0.002)
        for call in calls[::2]:
            call.cancel()
        answers = await asyncio.gather(*calls, return_exceptions=True)
        assert all(answer[0].used == 1 for answer in answers[1::2])
        for subject in subjects:
            [decision] = await decide(store, claim(subject, limit=None))
            assert (decision.outcome, decision.used) == (Outcome.GRANTED, 1)

    # The end of a guest

    async def test_guest_whose_days_are_over_gets_nothing(self, store):
        subject = guest()
        [over] = await decide(store, claim(subject, ends_at=int(time.time()) - 1))
        [ahead] = await decide(store, claim(subject, ends_at=int(time.time()) + GUEST_LIFETIME_SECONDS + 7200))
        assert over == ahead == Decision(Outcome.EXPIRED, False, 0, 0, 1, 0)
        assert not await store.views(subject)
        assert not (await store.pending(0, 10)).entries

    async def test_grants_end_with_the_guest_and_are_never_renewed(self, store):
        subject, ends_at = guest(), int(time.time()) + 4
        await decide(store, claim(subject, "1", limit=2, ends_at=ends_at))
        await decide(store, claim(subject, "2", limit=2, ends_at=ends_at + 1000))
        await asyncio.sleep(ends_at + 0.1 - time.time())
        assert await store.views(subject) == []

    # Reading

    async def test_meter_and_views(self, store):
        subject = guest()
        assert (await store.meter(subject, 2)).used == 0
        assert await store.views(subject) == []
        decisions = await decide(
            store, claim(subject, "1", limit=2, request_id="a"), claim(subject, "2", limit=2, request_id="b.c")
        )
        assert (await store.meter(subject, 2)).used == 2
        assert sorted(await store.views(subject)) == [
            Grant("cpt", "1", decisions[0].granted_at_ms, "a"),
            Grant("cpt", "2", decisions[1].granted_at_ms, "b.c"),
        ]

    # Not verified, away

    async def test_says_nothing_before_it_was_verified(self, unverified_store):
        await unverified_store.prepare()
        for call in (
            unverified_store.consume([claim(guest())]),
            unverified_store.meter(guest(), 1),
            unverified_store.merge(account(), terms(guest())),
            unverified_store.erase(account()),
            unverified_store.views(guest()),
        ):
            with pytest.raises(NotVerified):
                await call
        assert (await unverified_store.status()).sequence == 0

    async def test_is_verified_only_as_the_run_that_was_compared(self, unverified_store):
        await unverified_store.prepare()
        run = (await unverified_store.status()).run
        assert not await unverified_store.verify("another run", 0)
        assert not await unverified_store.verify(run, 1)
        assert not (await unverified_store.status()).verified
        assert await unverified_store.verify(run, 0)

    async def test_restart_keeps_everything_and_has_to_be_verified_again(self, store, restart):
        subject = guest()
        first = await decide(store, claim(subject, request_id="once"))
        await restart()
        with pytest.raises(NotVerified):
            await decide(store, claim(subject, request_id="once"))
        assert await store.verify((await store.status()).run, 1)
        assert await decide(store, claim(subject, request_id="once")) == first

    async def test_store_that_is_away(self, store, kill):
        await kill()
        with pytest.raises(MeterUnavailable) as caught:
            await decide(store, claim(guest()))
        assert caught.value.reason == "METER_UNAVAILABLE"
        with pytest.raises(MeterUnavailable):
            await store.status()

    # What waits for the ledger

    async def test_entries_wait_until_they_are_trimmed(self, store):
        subjects = [guest() for _ in range(5)]
        as_of_ms, _ = await store.consume([claim(subject) for subject in subjects[:2]])
        for subject in subjects[2:]:
            await store.consume([claim(subject)])
        run, entries = await store.pending(0, 3)
        assert [(entry.sequence, entry.subject) for entry in entries] == list(enumerate(subjects[:3], 1))
        assert entries[0][2:4] == ("cpt:27250", as_of_ms)
        assert [entry.sequence for entry in (await store.pending(3, 10)).entries] == [4, 5]
        assert [entry.sequence for entry in (await store.pending(1, 2)).entries] == [2, 3]
        await store.trim(run, 4)
        assert [entry.sequence for entry in (await store.pending(0, 10)).entries] == [5]
        with pytest.raises(NotVerified):
            await store.trim("another run", 5)
        assert (await store.status()).waiting == 1

    async def test_waiting_for_an_entry(self, patient_store):
        waiting = asyncio.create_task(patient_store.wait(0))
        await asyncio.sleep(0.05)
        assert not waiting.done()
        await decide(patient_store, claim(guest()))
        await asyncio.wait_for(waiting, LONG_SECONDS / 2)

    # Restoring

    async def test_replay_is_idempotent_and_refuses_gaps(self, store):
        subjects = [guest() for _ in range(4)]
        await decide(store, *map(claim, subjects))
        entries = (await store.pending(0, 10)).entries
        before = [await store.views(subject) for subject in subjects]
        more = [entries[0]._replace(sequence=number, subject=guest()) for number in (5, 6)]
        assert await store.replay([*entries, *more]) == 6
        assert await store.replay(more) == 6
        assert [await store.views(subject) for subject in subjects] == before
        assert len(await store.views(more[1].subject)) == 1
        with pytest.raises(LedgerDamaged):
            await store.replay([entries[0]._replace(sequence=8)])
        [next_one] = await decide(store, claim(guest()))
        assert next_one.charged
        assert (await store.status()).sequence == 7

    async def test_replay_leaves_out_what_has_ended(self, store):
        await decide(store, claim(guest()))
        [entry] = (await store.pending(0, 10)).entries
        ended = entry._replace(sequence=2, subject=guest(), ends_at_ms=int(time.time() * 1000) - 1)
        assert await store.replay([ended]) == 2
        assert await store.views(ended.subject) == []

    async def test_new_generation_takes_the_old_ones_place(self, store):
        subjects = [guest() for _ in range(6)]
        for start, end in ((0, 3), (3, 5), (5, 6)):  # three records, of which the first is relayed
            await decide(store, *map(claim, subjects[start:end]))
        run, entries = await store.pending(0, 10)
        await store.trim(run, 3)
        generation = await store.begin_generation()
        assert await store.swap_generation(generation, 10) == (False, 0)
        with pytest.raises(LedgerDamaged):
            await store.fill_generation(generation, entries[1:3])
        assert await store.fill_generation(generation, entries[:3]) == 3
        assert await store.swap_generation(generation, 2) == (False, 5)
        assert await store.swap_generation(generation, 2) == (True, 6)
        assert [len(await store.views(subject)) for subject in subjects] == [1] * 6
        assert await store.drop_generations(generation) == 6
        assert {subject async for subject, _ in store.subjects()} == set(subjects)

    async def test_older_generation_never_replaces_a_newer_one(self, store):
        await decide(store, claim(guest()))
        older, newer = await store.begin_generation(), await store.begin_generation()
        assert older < newer
        entries = (await store.pending(0, 10)).entries
        await store.fill_generation(older, entries)
        assert await store.swap_generation(newer, 10) == (True, 1)
        with pytest.raises(MeterUnavailable):
            await store.swap_generation(older, 10)
        with pytest.raises(MeterUnavailable):
            await store.fill_generation(older, entries)


class TestValkeyStore(GrantStoreContract):
    @pytest.fixture
    async def unverified_store(self, valkey_server) -> AsyncIterator[ValkeyStore]:
        store = ValkeyStore(valkey_server.url, timeout=STORE_SECONDS)
        yield store
        await store.stop()

    @pytest.fixture
    async def patient_store(self, valkey_server, monkeypatch) -> AsyncIterator[ValkeyStore]:
        monkeypatch.setattr(valkey_store, "WAIT_SECONDS", LONG_SECONDS)
        store = ValkeyStore(valkey_server.url)
        await let_serve(store)
        yield store
        await store.stop()

    @pytest.fixture
    def kill(self, valkey_server):
        async def kill() -> None:
            valkey_server.kill()
            await valkey_server.wait()

        return kill

    @pytest.fixture
    def restart(self, valkey_server, kill):
        async def restart() -> None:
            await kill()
            await valkey_server.start()

        return restart
