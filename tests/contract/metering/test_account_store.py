"""What a `GrantStore` promises of accounts: allowances and windows, merging, erasing, and the cap of a network."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.metering.adapters.valkey_store import ValkeyStore
from services.metering.domain.views import Claim, Decision, EntryKind, Grant, LedgerEntry, Outcome, Window
from tests.metering_stores import STORE_SECONDS, account, account_claim, claim, guest, guest_end, let_serve, terms

DAY_MS = 86_400_000


async def decide(store: ValkeyStore, *claims: Claim) -> Sequence[Decision]:
    return (await store.consume(claims)).decisions


async def entries(store: ValkeyStore, after: int = 0):
    return (await store.pending(after, 1000)).entries


async def rebuilt(store: ValkeyStore, trimmed: Sequence[LedgerEntry] = ()) -> None:
    """The same entries once more, into a new generation that takes the present one's place."""
    generation = await store.begin_generation()
    if trimmed:
        await store.fill_generation(generation, trimmed)
    assert (await store.swap_generation(generation, 1000))[0]
    await store.drop_generations(generation)


def month_end_ms(time_ms: int) -> int:
    moment = datetime.fromtimestamp(time_ms / 1000, UTC)
    following = (moment.year + 1, 1) if moment.month == 12 else (moment.year, moment.month + 1)
    return int(datetime(*following, 1, tzinfo=UTC).timestamp()) * 1000


class AccountStoreContract:
    @pytest.fixture
    async def store(self, unverified_store):
        await let_serve(unverified_store)
        return unverified_store

    # Allowances

    async def test_account_gets_what_its_claims_allow(self, store):
        member = account()
        found = await decide(store, *(account_claim(member, code, limit=2) for code in ("1", "2", "3", "1")))
        assert [(each.outcome, each.charged, each.used, each.limit) for each in found] == [
            (Outcome.GRANTED, True, 1, 2),
            (Outcome.GRANTED, True, 2, 2),
            (Outcome.REFUSED, False, 2, 2),
            (Outcome.GRANTED, False, 2, 2),
        ]
        assert (await store.meter(member, 7))[:2] == (2, 7)

    async def test_retry_of_an_account_is_charged_again_and_for_another_page_means_nothing(self, store):
        member = account()
        first, retry, other, page, second = await decide(
            store,
            account_claim(member, "1", request_id="once"),
            account_claim(member, "1", request_id="once"),
            account_claim(member, "1", request_id="twice"),
            account_claim(member, "2", request_id="once"),
            account_claim(member, "2", request_id="twice"),
        )
        assert retry == first
        assert (other.charged, page.charged, second.charged) == (False, True, False)

    async def test_plan_that_changed_keeps_what_is_live(self, store):
        member = account()
        await decide(store, *(account_claim(member, code, limit=None) for code in ("1", "2", "3")))
        kept, new = await decide(store, account_claim(member, "2", limit=1), account_claim(member, "4", limit=1))
        assert (kept.outcome, kept.used, kept.limit) == (Outcome.GRANTED, 3, 1)
        assert (new.outcome, new.used, new.limit) == (Outcome.REFUSED, 3, 1)
        [open_again] = await decide(store, account_claim(member, "4", limit=None))
        assert (open_again.outcome, open_again.used, open_again.limit) == (Outcome.GRANTED, 4, None)

    async def test_of_200_codes_at_once_exactly_those_left_are_granted(self, store):
        visitor, member = guest(), account()
        await decide(store, claim(visitor, "first"))
        on = terms(visitor)
        found = await asyncio.gather(*(decide(store, account_claim(member, str(code), on=on)) for code in range(200)))
        outcomes = [decision.outcome for [decision] in found]
        assert (outcomes.count(Outcome.GRANTED), outcomes.count(Outcome.REFUSED)) == (5, 195)
        assert len(await store.views(member)) == 6
        kinds = [entry.kind for entry in await entries(store)]
        assert (kinds.count(EntryKind.COPIED), kinds.count(EntryKind.MERGED)) == (1, 1)

    # Windows

    async def test_grants_end_with_the_window_of_the_plan_that_gave_them(self, store):
        member = account()
        none, month, rolling, changed = await decide(
            store,
            account_claim(member, "1"),
            account_claim(member, "2", on=terms(window=Window.CALENDAR_MONTH)),
            account_claim(member, "3", on=terms(window=Window.ROLLING_DAYS, days=30)),
            account_claim(member, "3", on=terms(window=Window.ROLLING_DAYS, days=1)),
        )
        assert none.ends_at_ms == 0
        assert month.ends_at_ms == month_end_ms(month.granted_at_ms)
        assert rolling.ends_at_ms == rolling.granted_at_ms + 30 * DAY_MS
        assert changed == rolling._replace(charged=False)
        views = {view.code: view.ends_at_ms for view in await store.views(member)}
        assert views == {"1": 0, "2": month.ends_at_ms, "3": rolling.ends_at_ms}
        assert [entry.ends_at_ms for entry in await entries(store)] == list(views.values())

    async def test_grant_that_has_ended_is_none(self, store):
        """Given by an entry of the ledger whose end is near; it counts until then, and its page can be had again."""
        member, ends_at_ms = account(), int(time.time() * 1000) + 3000
        await decide(store, account_claim(member, "1", limit=2))
        [entry] = await entries(store)
        near = entry._replace(sequence=2, page="cpt:2", request_id="near", ends_at_ms=ends_at_ms)
        await store.replay([near])
        held, full = await decide(store, account_claim(member, "2", limit=2), account_claim(member, "3", limit=2))
        assert (held.outcome, held.used, held.ends_at_ms) == (Outcome.GRANTED, 2, ends_at_ms)
        assert full.outcome == Outcome.REFUSED
        await asyncio.sleep((ends_at_ms + 20) / 1000 - time.time())
        assert (await store.meter(member, 2)).used == 1
        assert [view.code for view in await store.views(member)] == ["1"]
        [looked] = await decide(store, account_claim(member, "2", limit=2, look_only=True, request_id="near"))
        assert (looked.outcome, looked.used) == (Outcome.NOT_YET, 1)
        [again] = await decide(store, account_claim(member, "2", limit=2, request_id="near"))
        assert (again.outcome, again.charged, again.used, again.ends_at_ms) == (Outcome.GRANTED, True, 2, 0)
        await rebuilt(store, [entry, near])
        assert sorted(view.code for view in await store.views(member)) == ["1", "2"]

    async def test_account_whose_grants_have_all_ended_leaves_nothing(self, store):
        member, ends_at_ms = account(), int(time.time() * 1000) + 300
        await decide(store, claim(guest()))
        [entry] = await entries(store)
        await store.replay([entry._replace(sequence=2, subject=member, ends_at_ms=ends_at_ms)])
        await asyncio.sleep((ends_at_ms + 20) / 1000 - time.time())
        [refused] = await decide(store, account_claim(member, limit=0))
        assert (refused.outcome, refused.used) == (Outcome.REFUSED, 0)
        assert member not in [subject async for subject, _ in store.subjects()]

    # Merging

    async def test_first_claim_of_an_account_copies_its_guests_grants_and_seals_it(self, store):
        visitor, member = guest(), account()
        [seen] = await decide(store, claim(visitor, "1", request_id="guests"))
        on = terms(visitor)
        copied, *more, last = await decide(
            store,
            account_claim(member, "1", on=on),
            *(account_claim(member, str(code), on=on) for code in range(2, 7)),
            account_claim(member, "7", on=on),
        )
        assert copied == Decision(Outcome.GRANTED, False, 1, seen.granted_at_ms, 6, 0)
        assert [(each.outcome, each.used, each.limit) for each in more] == [
            (Outcome.GRANTED, used, 6) for used in range(2, 7)
        ]
        assert (last.outcome, last.used, last.limit) == (Outcome.REFUSED, 6, 6)
        kept, refused = await decide(store, claim(visitor, "1", limit=None), claim(visitor, "2", limit=None))
        assert (kept.outcome, kept.used, kept.limit) == (Outcome.GRANTED, 1, 1)
        assert (refused.outcome, refused.used, refused.limit) == (Outcome.REFUSED, 1, 1)
        assert (await store.meter(visitor, None))[:2] == (1, 1)
        assert Grant("cpt", "1", seen.granted_at_ms, "guests", 0, True) in await store.views(member)

    async def test_merge_is_in_the_ledger_in_one_piece(self, store):
        visitor, member, ends_at = guest(), account(), guest_end()
        await decide(store, *(claim(visitor, code, limit=3, request_id=code) for code in ("1", "2", "3")))
        assert await store.merge(member, terms(visitor, guest_ends_at=ends_at)) == 3
        granted, *copied, merged = await entries(store, 2)
        assert granted.kind == EntryKind.GRANTED
        assert sorted((entry.kind, entry.subject, entry.page, entry.request_id) for entry in copied) == [
            (EntryKind.COPIED, member, f"cpt:{code}", code) for code in ("1", "2", "3")
        ]
        assert {entry.granted_at_ms for entry in copied} == {granted.granted_at_ms}
        assert (merged.kind, merged.subject, merged.guest, merged.copied) == (EntryKind.MERGED, member, visitor, 3)
        assert merged.ends_at_ms == ends_at * 1000
        assert merged.sequence == (await store.status()).sequence == 7

    async def test_merging_again_changes_nothing(self, store):
        visitor, member = guest(), account()
        await decide(store, claim(visitor))
        assert await store.merge(member, terms(visitor)) == 1
        await decide(store, account_claim(member, on=terms(visitor)), account_claim(member, on=terms(guest())))
        assert await store.merge(member, terms(visitor)) is None
        assert len(await entries(store)) == 3
        assert len(await store.views(member)) == 1

    async def test_merges_at_once_copy_once(self, store):
        visitor, member = guest(), account()
        await decide(store, claim(visitor))
        on = terms(visitor)
        found = await asyncio.gather(
            *(store.merge(member, on) for _ in range(20)),
            *(store.meter(member, 5, on) for _ in range(20)),
            *(decide(store, account_claim(member, on=on)) for _ in range(20)),
        )
        assert {reading[:2] for reading in found[20:40]} == {(1, 6)}
        assert [entry.kind for entry in await entries(store)] == [
            EntryKind.GRANTED, EntryKind.COPIED, EntryKind.MERGED
        ]  # fmt: skip

    async def test_second_registration_of_a_guest_copies_nothing(self, store):
        visitor, first, second = guest(), account(), account()
        await decide(store, claim(visitor))
        assert await store.merge(first, terms(visitor)) == 1
        assert await store.merge(second, terms(visitor)) == 0
        assert await store.merge(second, terms(visitor)) is None
        assert (await store.meter(second, 5))[:2] == (0, 5)
        *_, merged = await entries(store)
        assert (merged.kind, merged.subject, merged.copied) == (EntryKind.MERGED, second, 0)

    async def test_guest_without_grants_is_sealed_too(self, store):
        visitor, member = guest(), account()
        assert await store.merge(member, terms(visitor)) == 0
        assert await decide(store, claim(visitor)) == [Decision(Outcome.REFUSED, False, 0, 0, 0, 0)]
        assert (await store.meter(visitor, 1))[:2] == (0, 0)
        assert await store.views(visitor) == []
        assert (await store.meter(member, 5))[:2] == (0, 5)

    async def test_reading_merges_first(self, store):
        for read in (
            lambda member, on: store.meter(member, 5, on),
            lambda member, on: store.views(member, on),
            lambda member, on: decide(store, account_claim(member, look_only=True, on=on)),
        ):
            visitor, member = guest(), account()
            await decide(store, claim(visitor))
            await read(member, terms(visitor))
            assert (await store.meter(member, 5))[:2] == (1, 6)
            assert [view.copied for view in await store.views(member)] == [True]

    async def test_copies_outlive_the_guest_and_end_by_the_accounts_window(self, store):
        visitor, first, ends_at = guest(), account(), int(time.time()) + 4
        [seen] = await decide(store, claim(visitor, ends_at=ends_at))
        await store.merge(first, terms(visitor, guest_ends_at=ends_at))
        other, second = guest(), account()
        [others] = await decide(store, claim(other))
        await store.merge(second, terms(other, Window.ROLLING_DAYS, 7))
        [view] = await store.views(second)
        assert view == Grant(
            "cpt", "27250", others.granted_at_ms, view.request_id, view.granted_at_ms + 7 * DAY_MS, True
        )
        await asyncio.sleep(ends_at + 0.1 - time.time())
        assert visitor not in [subject async for subject, _ in store.subjects()]
        await rebuilt(store)
        [view] = await store.views(first)
        assert (view.granted_at_ms, view.ends_at_ms, view.copied) == (seen.granted_at_ms, 0, True)
        assert (await store.meter(first, 5))[:2] == (1, 6)

    async def test_guest_whose_days_are_over_gives_nothing(self, store):
        visitor, member = guest(), account()
        assert await store.merge(member, terms(visitor, guest_ends_at=int(time.time()) - 1)) == 0
        assert await store.merge(member, terms(visitor)) is None
        await rebuilt(store)
        assert await store.merge(member, terms(visitor)) is None
        assert {subject: holding.merged async for subject, holding in store.subjects()} == {member: True}

    async def test_copies_that_the_accounts_window_has_ended_are_not_made(self, store):
        visitor, member, now = guest(), account(), int(time.time() * 1000)
        await decide(store, claim(visitor, "1"))
        [entry] = await entries(store)
        await store.replay([entry._replace(sequence=2, page="cpt:2", granted_at_ms=now - 40 * DAY_MS)])
        assert await store.merge(member, terms(visitor, Window.ROLLING_DAYS, 30)) == 1
        assert [view.code for view in await store.views(member)] == ["1"]

    # Erasing

    async def test_erased_account_holds_nothing_and_gets_nothing(self, store):
        visitor, member, other = guest(), account(), account()
        await decide(store, claim(visitor), account_claim(other))
        await decide(store, account_claim(member, "1", on=terms(visitor)))
        before = (await store.status()).sequence
        assert await store.erase(member)
        assert not await store.erase(member)
        [erased] = await entries(store, before)
        assert (erased.kind, erased.subject, erased.page) == (EntryKind.ERASED, member, "")
        late = account_claim(member, "1", on=terms(visitor))
        assert await decide(store, late) == [Decision(Outcome.ERASED, False, 0, 0, 0, 0)]
        assert await store.merge(member, terms(visitor)) is None
        assert await store.views(member, terms(visitor)) == []
        assert (await store.meter(member, 5, terms(visitor)))[:2] == (0, 0)
        assert len(await entries(store, before)) == 1
        await rebuilt(store)
        assert (await decide(store, late))[0].outcome == Outcome.ERASED
        assert (await decide(store, claim(visitor, "2", limit=None)))[0].outcome == Outcome.REFUSED
        assert len(await store.views(other)) == 1

    async def test_account_that_never_viewed_is_erased_for_ever(self, store):
        member = account()
        assert await store.erase(member)
        await rebuilt(store)
        assert not await store.erase(member)
        assert (await decide(store, account_claim(member)))[0].outcome == Outcome.ERASED

    # The cap of a network

    async def test_network_gets_so_many_new_grants(self, capped_store):
        first, *others = (guest() for _ in range(5))
        found = await decide(
            capped_store,
            claim(first, network="n1"),
            claim(others[0], network="n1"),
            claim(first, "2", network="n1"),  # refused: costs the network nothing
            claim(others[1], network="n1", look_only=True),
            claim(others[1], network="n1"),
            claim(others[2], network="n1"),
            claim(others[2], network="n1", look_only=True),
            claim(others[3], network="n2"),
            claim(others[2]),
        )
        assert [each.outcome for each in found] == [
            Outcome.GRANTED,
            Outcome.GRANTED,
            Outcome.REFUSED,
            Outcome.NOT_YET,
            Outcome.GRANTED,
            Outcome.NETWORK_EXHAUSTED,
            Outcome.NETWORK_EXHAUSTED,
            Outcome.GRANTED,
            Outcome.GRANTED,
        ]
        assert found[5] == Decision(Outcome.NETWORK_EXHAUSTED, False, 0, 0, 1, 0)
        again = await decide(capped_store, *(claim(each, network="n1") for each in (first, *others[:2])))
        assert [each.outcome for each in again] == [Outcome.GRANTED] * 3
        [new] = await decide(capped_store, claim(guest(), network="n1"))
        assert new.outcome == Outcome.NETWORK_EXHAUSTED
        assert len(await entries(capped_store)) == 5

    async def test_of_100_guests_of_a_network_at_once_exactly_the_cap_is_granted(self, capped_store):
        found = await asyncio.gather(*(decide(capped_store, claim(guest(), network="n")) for _ in range(100)))
        assert [decision.outcome for [decision] in found].count(Outcome.GRANTED) == 3

    async def test_no_cap(self, store):
        found = await decide(store, *(claim(guest(), network="n") for _ in range(100)))
        assert {decision.outcome for decision in found} == {Outcome.GRANTED}


class TestValkeyStore(AccountStoreContract):
    @pytest.fixture
    async def unverified_store(self, valkey_server) -> AsyncIterator[ValkeyStore]:
        store = ValkeyStore(valkey_server.url, timeout=STORE_SECONDS)
        yield store
        await store.stop()

    @pytest.fixture
    async def capped_store(self, valkey_server) -> AsyncIterator[ValkeyStore]:
        store = ValkeyStore(valkey_server.url, timeout=STORE_SECONDS, network_cap=3)
        await let_serve(store)
        yield store
        await store.stop()

    async def test_networks_are_forgotten_after_a_day(self, capped_store):
        await decide(capped_store, claim(guest(), network="n"))
        assert 86_400 < await capped_store._client.ttl("{m}:n:n") <= 90_000
        assert [key async for key in capped_store._client.scan_iter("*:n:*")] == ["{m}:n:n"]

    async def test_seal_goes_with_the_guest(self, store):
        visitor, member, ends_at = guest(), account(), guest_end()
        await store.merge(member, terms(visitor, guest_ends_at=ends_at))
        assert await store._client.expiretime(f"{{m}}:1:s:{visitor}") == ends_at
        assert await store._client.expiretime(f"{{m}}:1:s:{member}") == -1
        await rebuilt(store)
        assert await store._client.expiretime(f"{{m}}:2:s:{visitor}") == ends_at

    async def test_grants_of_the_version_before_are_read(self, store):
        """Its guests' grants, and an entry that its relay has left behind."""
        visitor = guest()
        await store._client.hset(f"{{m}}:1:s:{visitor}", "cpt:1", "1700000000000|once")
        await store._client.xadd("{m}:ledger", {"e": f"{visitor}|cpt:1|1700000000000|once|{guest_end()}"}, "1-0")
        await store._client.set("{m}:seq", "1")
        [again] = await decide(store, claim(visitor, "1", request_id="once"))
        assert (again.outcome, again.charged, again.granted_at_ms) == (Outcome.GRANTED, True, 1700000000000)
        [entry] = await entries(store)
        assert (entry.subject, entry.page, entry.kind) == (visitor, "cpt:1", EntryKind.GRANTED)
        await rebuilt(store)
        assert [view.code for view in await store.views(visitor)] == ["1"]

    async def test_calendar_months_end_as_the_calendar_says(self, store):
        """Grants of any time to come, copied to such an account, against the standard library's calendar."""
        times: list[int] = []
        moments = st.integers(int(time.time() * 1000) + 40 * DAY_MS, 32_503_680_000_000)

        @given(moments)
        @settings(max_examples=400, database=None)
        def collect(moment: int) -> None:
            times.append(moment)

        await asyncio.to_thread(collect)
        for year in (2027, 2028, 2100, 2400):
            for month in range(1, 13):
                times.append(month_end_ms(int(datetime(year, month, 15, tzinfo=UTC).timestamp() * 1000)) - 1)
                times.append(times[-1] + 1)
        visitor, member = guest(), account()
        await decide(store, claim(visitor, "0", limit=None))
        [entry] = await entries(store)
        await store.replay([
            entry._replace(sequence=number, page=f"cpt:{number}", granted_at_ms=moment)
            for number, moment in enumerate(times, 2)
        ])  # fmt: skip
        await store.merge(member, terms(visitor, Window.CALENDAR_MONTH))
        views = await store.views(member)
        assert len(views) == len(times) + 1
        assert [view for view in views if view.ends_at_ms != month_end_ms(view.granted_at_ms)] == []
