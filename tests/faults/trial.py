"""One schedule on a running cluster: clients live, parts fail, everything runs again, and the history is checked."""

from __future__ import annotations

import asyncio
import contextlib
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from services.metering.ports import Holding
from tests.e2e.people import CODES
from tests.faults import cluster as clusters
from tests.faults.checker import Evidence, Violation, check
from tests.faults.clients import Clients
from tests.faults.cluster import Cluster
from tests.faults.evidence import gather
from tests.faults.operations import Recorded
from tests.faults.schedule import SECONDS, Fault, schedule
from tests.machine import copy_state

ERASE_SECONDS = 1.0  # how long a schedule waits for erasures; what is left is owed
OWED_SECONDS = 45.0  # an event that a killed replica had is given again after 30


@dataclass
class Result:
    seed: int
    faults: list[str]
    violations: list[Violation]
    statuses: Counter[int] = field(default_factory=Counter)
    accounts: int = 0

    def document(self) -> dict[str, Any]:
        return {
            "violations": [f"{rule}: {said}" for rule, said in self.violations],
            "faults": self.faults,
            "answers": {str(status): count for status, count in sorted(self.statuses.items())},
            "accounts": self.accounts,
        }

    def __str__(self) -> str:
        lines = [f"seed {self.seed}: {sum(self.statuses.values())} views, {self.accounts} accounts; "]
        lines[0] += "; ".join(self.faults)
        return "\n".join([*lines, *(f"  {rule}: {said}" for rule, said in self.violations[:10])])


class Trial:
    """Runs schedules one after the other. After a violation the next one begins with an empty meter."""

    def __init__(self, cluster: Cluster) -> None:
        self.cluster = cluster

    async def run(self, seed: int, seconds: float = SECONDS) -> Result:
        links = {name: link.modes for name, link in self.cluster.links.items()}
        faults = schedule(seed, self.cluster.targets, links, seconds)
        clients = Clients(self.cluster.urls, list(CODES), seed)
        load = asyncio.create_task(clients.run())
        try:
            await self._inflict(faults, seconds)
            clients.stop()
            await load
            await self.cluster.until_ready()
            await clients.look_back()
            await self._erased(clients.recorded)
            evidence = await gather(self.cluster.store, self.cluster.ledger)
        except TimeoutError:
            evidence = Evidence(damage=["it does not work again, though everything runs"])
        finally:
            clients.stop()
            load.cancel()
            await asyncio.gather(load, return_exceptions=True)
            await clients.close()
        violations = check(clients.recorded, evidence)
        statuses = Counter(one.status for one in clients.recorded.operations if one.kind == "view")
        return Result(seed, [str(fault) for fault in faults], violations, statuses, len(clients.recorded.accounts))

    async def owed(self) -> list[Violation]:
        """Erasures that no schedule waited for have come about by now."""
        store = self.cluster.store

        async def left() -> set[str]:
            held = {subject: holding async for subject, holding in store.subjects()}
            return {subject for subject in self.cluster.owed if not _is_erased(held, subject)}

        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(OWED_SECONDS):
                while await left():
                    await asyncio.sleep(0.5)
        return [Violation("erasure", f"{subject} was deleted, and is not erased") for subject in sorted(await left())]

    async def _inflict(self, faults: list[Fault], seconds: float) -> None:
        async def later(fault: Fault) -> None:
            await asyncio.sleep(fault.at)
            await self.cluster.inflict(fault)

        await asyncio.gather(asyncio.sleep(seconds), *map(later, faults))

    async def _erased(self, recorded: Recorded) -> None:
        """Waits a little for erasures; the rest is owed."""
        store = self.cluster.store
        deleted = {subject for subject, account in recorded.accounts.items() if account.deleted}
        loop = asyncio.get_running_loop()
        began = loop.time()
        while deleted and loop.time() - began < ERASE_SECONDS:
            held = {subject: holding async for subject, holding in store.subjects()}
            deleted = {subject for subject in deleted if not _is_erased(held, subject)}
            await asyncio.sleep(0.1)
        for subject in deleted:
            recorded.accounts[subject].deleted = None
        self.cluster.owed |= deleted


@contextlib.asynccontextmanager
async def trials(seed_state: Path, state: Path) -> AsyncIterator[Trial]:
    """On a copy of a state folder whose machine has built a release."""
    async with clusters.running(copy_state(seed_state, state)) as cluster:
        yield Trial(cluster)


def _is_erased(held: dict[str, Holding], subject: str) -> bool:
    return subject in held and held[subject].erased
