"""The store's decisions against a model of the rules that a reader can check at a glance, over random histories."""

from __future__ import annotations

import asyncio
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from services.metering.adapters.valkey_store import ValkeyStore
from services.metering.domain.history import Histories
from services.metering.domain.views import Claim, Decision, EntryKind, Grant, Outcome, Terms, Window
from services.metering.ports import Holding
from services.standalone.servers import ValkeyServer
from tests import servers
from tests.metering_stores import STORE_SECONDS, account_claim, claim, guest_end, let_serve

GUESTS = ["g.guest-one-00000000", "g.guest-two-00000000", "g.guest-three-000000"]
# Two registered from the same guest, one from another, one from none.
REGISTERED_FROM = {
    "a.account-one-000000": GUESTS[0],
    "a.account-two-000000": GUESTS[0],
    "a.account-three-0000": GUESTS[1],
    "a.account-four-00000": "",
}
DAY_MS = 86_400_000
NETWORK_CAP = 3
GUESTS_END = guest_end()

codes = st.sampled_from(["1", "2", "3", "4", "5"])
request_ids = st.sampled_from(["a", "b", "c"])
limits = st.sampled_from([0, 1, 2, 3, None])
windows = st.sampled_from([(Window.NONE, 0), (Window.ROLLING_DAYS, 1), (Window.ROLLING_DAYS, 30)])
accounts = st.sampled_from(list(REGISTERED_FROM))
guest_claims = st.builds(
    claim,
    st.sampled_from(GUESTS),
    codes,
    request_id=request_ids,
    limit=limits,
    ends_at=st.just(GUESTS_END),
    look_only=st.booleans(),
    network=st.sampled_from(["", "n1", "n2"]),
)


def on(account: str, window: tuple[Window, int]) -> Terms:
    guest = REGISTERED_FROM[account]
    return Terms(int(window[0]), window[1], guest, GUESTS_END if guest else 0)


@st.composite
def account_claims(draw) -> Claim:
    account = draw(accounts)
    terms = on(account, draw(windows))
    return account_claim(
        account,
        draw(codes),
        request_id=draw(request_ids),
        limit=draw(limits),
        look_only=draw(st.booleans()),
        on=terms,
    )


@dataclass
class Held:
    """What one subject holds: page -> request id, time, end, whether copied."""

    grants: dict[str, tuple[str, int, int, bool]] = field(default_factory=dict)
    sealed: bool = False
    merged: bool = False
    erased: bool = False

    @property
    def copied(self) -> int:
        return sum(copied for *_, copied in self.grants.values())


class Model:
    """Every subject, and what came to the ledger in order: kind, subject, page."""

    def __init__(self) -> None:
        self.subjects = {subject: Held() for subject in [*GUESTS, *REGISTERED_FROM]}
        self.networks: dict[str, int] = {}
        self.ledger: list[tuple[EntryKind, str, str]] = []

    def decide(self, asked: Claim, now: int) -> Decision:
        held = self.subjects[asked.subject]
        if held.erased:
            return Decision(Outcome.ERASED, False, 0, 0, 0, 0)
        if asked.terms:
            self.merge(asked.subject, asked.terms)
        limit = len(held.grants) if held.sealed else None if asked.limit is None else asked.limit + held.copied
        outcome, charged, time_ms, ends_ms = self._outcome(asked, held, limit, now)
        return Decision(outcome, charged, len(held.grants), time_ms, limit, ends_ms)

    def _outcome(self, asked: Claim, held: Held, limit: int | None, now: int) -> tuple[Outcome, bool, int, int]:
        if asked.page in held.grants:
            request_id, time_ms, ends_ms, _ = held.grants[asked.page]
            return Outcome.GRANTED, request_id == asked.request_id, time_ms, ends_ms
        if limit is not None and len(held.grants) >= limit:
            return Outcome.REFUSED, False, 0, 0
        if asked.network and self.networks.get(asked.network, 0) >= NETWORK_CAP:
            return Outcome.NETWORK_EXHAUSTED, False, 0, 0
        if asked.look_only:
            return Outcome.NOT_YET, False, 0, 0
        if asked.network:
            self.networks[asked.network] = self.networks.get(asked.network, 0) + 1
        ends_ms = asked.ends_at * 1000 or self._window_end(asked.terms, now)
        held.grants[asked.page] = (asked.request_id, now, ends_ms, False)
        self.ledger.append((EntryKind.GRANTED, asked.subject, asked.page))
        return Outcome.GRANTED, True, now, ends_ms

    def merge(self, account: str, terms: Terms) -> int | None:
        held, copied = self.subjects[account], 0
        if held.merged or held.erased or not terms.guest:
            return None
        guest = self.subjects[terms.guest]
        if not guest.sealed:
            for page, (request_id, time_ms, _, _) in guest.grants.items():
                held.grants[page] = (request_id, time_ms, self._window_end(terms, time_ms), True)
                self.ledger.append((EntryKind.COPIED, account, page))
            copied = len(guest.grants)
        guest.sealed = held.merged = True
        self.ledger.append((EntryKind.MERGED, account, ""))
        return copied

    def erase(self, account: str) -> bool:
        if self.subjects[account].erased:
            return False
        self.subjects[account] = Held(erased=True)
        self.ledger.append((EntryKind.ERASED, account, ""))
        return True

    @staticmethod
    def _window_end(terms: Terms, time_ms: int) -> int:
        return time_ms + terms.window_days * DAY_MS if terms.window == Window.ROLLING_DAYS else 0


class StoreMachine(RuleBasedStateMachine):
    """One real server for all histories; each one begins with an empty store."""

    runner: asyncio.Runner
    store: ValkeyStore

    def __init__(self) -> None:
        super().__init__()
        self.model = Model()
        self.run(self.empty())

    def run(self, coroutine):
        return self.runner.run(coroutine)

    async def empty(self) -> None:
        await self.store._client.flushall()
        await let_serve(self.store)

    @rule(batch=st.lists(st.one_of(guest_claims, account_claims()), min_size=1, max_size=8))
    def consume(self, batch):
        now, decisions = self.run(self.store.consume(batch))
        assert list(decisions) == [self.model.decide(asked, now) for asked in batch]

    @rule(account=accounts, window=windows)
    def account_registered(self, account, window):
        terms = on(account, window)
        if terms.guest:
            assert self.run(self.store.merge(account, terms)) == self.model.merge(account, terms)

    @rule(account=accounts, window=windows, limit=limits)
    def account_reads_its_meter(self, account, window, limit):
        terms = on(account, window)
        used, most, _ = self.run(self.store.meter(account, limit, terms))
        self.model.merge(account, terms)
        held = self.model.subjects[account]
        expected = 0 if held.erased else None if limit is None else limit + held.copied
        assert (used, most) == (len(held.grants), expected)

    @rule(account=accounts)
    def account_deleted(self, account):
        assert self.run(self.store.erase(account)) == self.model.erase(account)

    @rule()
    def rebuild(self):
        async def rebuild() -> None:
            generation = await self.store.begin_generation()
            swapped, _ = await self.store.swap_generation(generation, 1000)
            assert swapped
            await self.store.drop_generations(generation)

        self.run(rebuild())

    @rule(first=st.integers(1, 20))
    def replay_what_is_there(self, first):
        entries = self.run(self.store.pending(first - 1, 1000)).entries
        if entries:
            self.run(self.store.replay(entries))

    @rule(lost=st.integers(0, 20))
    def valkey_loses_its_newest_grants_and_the_ledger_restores_them(self, lost):
        async def restore() -> None:
            entries = (await self.store.pending(0, 1000)).entries
            stream = await self.store._client.xrange("{m}:ledger")
            networks = {name: await self.store._client.get(f"{{m}}:n:{name}") for name in ("n1", "n2")}
            await self.empty()
            if lost < len(entries):
                await self.store.replay(entries[: len(entries) - lost])
            if entries:
                await self.store.replay(entries)
            await self.store._client.delete("{m}:relayed")  # so that the entries stay, for the invariants
            for number, fields in stream:
                await self.store._client.xadd("{m}:ledger", fields, number)
            for name, count in networks.items():
                if count:
                    await self.store._client.set(f"{{m}}:n:{name}", count)

        self.run(restore())

    @invariant()
    def store_holds_what_the_model_holds(self):
        async def holdings() -> dict[str, Holding]:
            return {subject: holding async for subject, holding in self.store.subjects()}

        found = self.run(holdings())
        for subject, held in self.model.subjects.items():
            holding = found.get(subject, Holding({}))
            assert (holding.sealed, holding.merged, holding.erased) == (held.sealed, held.merged, held.erased)
            assert {page: _told(subject, grant) for page, grant in holding.grants.items()} == held.grants

    @invariant()
    def every_change_has_its_entry_in_order(self):
        entries = self.run(self.store.pending(0, 1000)).entries
        told = [(EntryKind(entry.kind), entry.subject, entry.page) for entry in entries]
        # The store copies a guest's grants in an order of its own.
        assert sorted(told) == sorted(self.model.ledger)
        assert [each for each in told if each[0] != EntryKind.COPIED] == [
            each for each in self.model.ledger if each[0] != EntryKind.COPIED
        ]
        assert [entry.sequence for entry in entries] == list(range(1, len(entries) + 1))

    @invariant()
    def entries_alone_tell_what_the_store_holds(self):
        histories = Histories()
        for entry in self.run(self.store.pending(0, 1000)).entries:
            histories.add(entry)
        assert histories.impossible == []
        for subject, held in self.model.subjects.items():
            history = histories.subjects.get(subject)
            if history is None:
                assert held == Held()
                continue
            assert set(history.grants) == set(held.grants)
            assert (history.sealed_by > 0, history.merged_by > 0, history.erased_by > 0) == (
                held.sealed,
                held.merged,
                held.erased,
            )


def _told(subject: str, grant: Grant) -> tuple[str, int, int, bool]:
    """A guest's grants do not say when they end: all do when it does."""
    ends_ms = GUESTS_END * 1000 if subject.startswith("g.") else grant.ends_at_ms
    return grant.request_id, grant.granted_at_ms, ends_ms, grant.copied


def test_store_decides_as_the_model():
    with tempfile.TemporaryDirectory() as folder, asyncio.Runner() as runner:
        stack = servers.running(ValkeyServer, Path(folder) / "valkey")
        server = runner.run(stack.__aenter__())
        StoreMachine.runner = runner
        StoreMachine.store = ValkeyStore(server.url, timeout=STORE_SECONDS, network_cap=NETWORK_CAP)
        try:
            run_state_machine_as_test(StoreMachine, settings=SETTINGS)
        finally:
            runner.run(StoreMachine.store.stop())
            runner.run(stack.__aexit__(None, None, None))


SETTINGS = settings(
    max_examples=40, stateful_step_count=25, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
