"""The store's decisions against a model of the rules that a reader can check at a glance, over random histories."""

from __future__ import annotations

import asyncio
import tempfile
from pathlib import Path

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from services.metering.adapters.valkey_store import ValkeyStore
from services.metering.domain.views import Claim, Outcome
from services.standalone.servers import ValkeyServer
from tests import servers
from tests.metering_stores import claim, let_serve

SUBJECTS = ["g.subject-one-000000", "g.subject-two-000000", "g.subject-three-0000"]

claims = st.builds(
    claim,
    st.sampled_from(SUBJECTS),
    st.sampled_from(["1", "2", "3", "4", "5"]),
    request_id=st.sampled_from(["a", "b", "c"]),
    limit=st.sampled_from([0, 1, 2, 3, None]),
    look_only=st.booleans(),
)


class Model:
    """subject -> page -> request id, and what was granted in order."""

    def __init__(self) -> None:
        self.grants: dict[str, dict[str, str]] = {subject: {} for subject in SUBJECTS}
        self.ledger: list[tuple[str, str, str]] = []

    def decide(self, asked: Claim) -> tuple[int, bool, int]:
        held = self.grants[asked.subject]
        if asked.page in held:
            return Outcome.GRANTED, held[asked.page] == asked.request_id, len(held)
        if asked.limit is not None and len(held) >= asked.limit:
            return Outcome.REFUSED, False, len(held)
        if asked.look_only:
            return Outcome.NOT_YET, False, len(held)
        held[asked.page] = asked.request_id
        self.ledger.append((asked.subject, asked.page, asked.request_id))
        return Outcome.GRANTED, True, len(held)


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

    @rule(batch=st.lists(claims, min_size=1, max_size=6))
    def consume(self, batch):
        decisions = self.run(self.store.consume(batch)).decisions
        assert [tuple(decision[:3]) for decision in decisions] == [self.model.decide(asked) for asked in batch]

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

    @invariant()
    def store_holds_what_the_model_holds(self):
        for subject, held in self.model.grants.items():
            views = self.run(self.store.views(subject))
            assert {f"{view.system}:{view.code}": view.request_id for view in views} == held
            assert self.run(self.store.meter(subject))[0] == len(held)

    @invariant()
    def every_grant_has_its_entry_in_order(self):
        entries = self.run(self.store.pending(0, 1000)).entries
        assert [(entry.subject, entry.page, entry.request_id) for entry in entries] == self.model.ledger
        assert [entry.sequence for entry in entries] == list(range(1, len(entries) + 1))


def test_store_decides_as_the_model():
    with tempfile.TemporaryDirectory() as folder, asyncio.Runner() as runner:
        stack = servers.running(ValkeyServer, Path(folder) / "valkey")
        server = runner.run(stack.__aenter__())
        StoreMachine.runner, StoreMachine.store = runner, ValkeyStore(server.url)
        try:
            run_state_machine_as_test(StoreMachine, settings=SETTINGS)
        finally:
            runner.run(StoreMachine.store.stop())
            runner.run(stack.__aexit__(None, None, None))


SETTINGS = settings(
    max_examples=25, stateful_step_count=25, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
