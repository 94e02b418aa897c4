"""`medcodes up` with its OpenSearch elsewhere, while the way there or the cluster misbehaves and visitors go on
searching: each is answered in time, codes land, and afterwards all is as it was before.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import threading
import time
from collections import Counter
from collections.abc import Callable, Coroutine, Iterator
from concurrent.futures import Future
from contextlib import AbstractContextManager
from typing import Any

import httpx
import psutil
import pytest

from services.search.adapters.opensearch_engine import SPARE_CONNECTIONS
from tests.faults.proxy import Link
from tests.integration.search.lying_opensearch import NONSENSE, LyingOpenSearch
from tests.machine import Machine, copy_state, running
from tests.shared_opensearch import new_prefix

CONNECTIONS, SEARCH_SECONDS = 4, 3.0
SETTINGS = {
    "MEDCODES_OPENSEARCH_CONNECTIONS": str(CONNECTIONS),
    "MEDCODES_OPENSEARCH_SECONDS": "1",
    "MEDCODES_SEARCH_TIMEOUT": str(SEARCH_SECONDS),
    # The index is looked at while all this goes on, and must not be taken for one that is gone.
    "MEDCODES_SEARCH_CHECK_SECONDS": "0.5",
}
# What the gateway needs beside the time of search, on a machine that tests share.
SLACK_SECONDS = 8.0
TROUBLE_SECONDS, RECOVERY_SECONDS, SEARCHES_A_SECOND = 3.0, 60.0, 15
KEPT = CONNECTIONS + SPARE_CONNECTIONS
CODE, WORDS = "27250", "dislocation of hip"
ASKED = (
    ("/api/v1/search", WORDS),
    ("/api/v1/search", CODE),
    ("/api/v1/suggest", "disl"),
    ("/search", "hipp dislocatoin"),
    ("/search", CODE),
)

# All of this is about time.
pytestmark = pytest.mark.alone


class Between:
    """The way to the cluster, in a thread of its own: a link that can misbehave, and behind it one who lies for the
    cluster when told to."""

    def __init__(self, target: int) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever)
        self._target = target

    def __enter__(self) -> Between:
        self._thread.start()
        self.liar = self.run(self._lying())
        self.link = self.run(self._linked())
        return self

    def __exit__(self, *error: object) -> None:
        self.run(self.link.stop())
        self.run(self.liar.stop())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def begin(self, work: Coroutine[Any, Any, Any]) -> Future[Any]:
        return asyncio.run_coroutine_threadsafe(work, self._loop)

    def run(self, work: Coroutine[Any, Any, Any]) -> Any:
        return self.begin(work).result(60)

    async def _lying(self) -> LyingOpenSearch:
        liar = LyingOpenSearch(self._target)
        await liar.start()
        return liar

    async def _linked(self) -> Link:
        link = Link(self.liar.port, repeats=False)
        await link.start()
        return link


class Asked:
    """What became of searches: the statuses of each, and the seconds that the slowest one took."""

    def __init__(self, machine: Machine) -> None:
        self._machine = machine
        self.statuses: dict[tuple[str, str], set[int]] = {}
        self.slowest = 0.0

    @property
    def every(self) -> set[int]:
        return set().union(*self.statuses.values())

    async def during(self, seconds: float) -> Asked:
        """At a steady rate, whatever becomes of those before."""
        began = time.monotonic()
        async with asyncio.TaskGroup() as group:
            for number in range(int(seconds * SEARCHES_A_SECOND)):
                await asyncio.sleep(max(0.0, began + number / SEARCHES_A_SECOND - time.monotonic()))
                group.create_task(self.ask(*ASKED[number % len(ASKED)]))
        return self

    async def ask(self, path: str, text: str) -> None:
        began = time.monotonic()
        async with httpx.AsyncClient(base_url=self._machine.url, timeout=30) as client:
            answer = await client.get(path, params={"q": text})
        self.slowest = max(self.slowest, time.monotonic() - began)
        self.statuses.setdefault((path, text), set()).add(answer.status_code)
        assert answer.status_code != 503 or int(answer.headers["Retry-After"]) > 0
        if answer.status_code == 303:
            assert answer.headers["Location"] == f"/codes/cpt/{CODE}"
        elif path == "/api/v1/search" and answer.status_code == 200:
            found = answer.json()["results"]
            assert found and (text != CODE or (found[0]["code"], found[0]["why"]) == (CODE, "exact code"))


@pytest.fixture(scope="module")
def between(opensearch) -> Iterator[Between]:
    with Between(opensearch.port) as between:
        yield between


@pytest.fixture(scope="module")
def prefix(opensearch) -> Iterator[str]:
    prefix = new_prefix()
    yield prefix
    opensearch.empty(prefix)


@pytest.fixture(scope="module")
def machine(sample_state, between, prefix, tmp_path_factory) -> Iterator[Machine]:
    state = copy_state(sample_state, tmp_path_factory.mktemp("misbehaves") / "state")
    url = f"opensearch://127.0.0.1:{between.link.port}/{prefix}"
    with running(state, {**SETTINGS, "MEDCODES_SEARCH_URL": url}, arguments=("--processes",)) as machine:
        machine.until_search_answers(WORDS)
        yield machine


def misbehaving(mode: str) -> Callable[[Between, str], AbstractContextManager[None]]:
    @contextlib.contextmanager
    def trouble(between: Between, index: str) -> Iterator[None]:
        over = between.begin(between.link.misbehave(mode, TROUBLE_SECONDS))
        try:
            yield
        finally:
            over.result(60)

    return trouble


@contextlib.contextmanager
def nonsense(between: Between, index: str) -> Iterator[None]:
    """Each search is answered with other nonsense than the one before."""
    told = itertools.cycle(NONSENSE.values())
    between.liar.lies["POST", "/_msearch"] = lambda: next(told)()
    try:
        yield
    finally:
        between.liar.lies.clear()


@contextlib.contextmanager
def red(between: Between, index: str) -> Iterator[None]:
    """The index lost its only copy: it is there, and no node has it. In the end it is given up."""
    with httpx.Client(base_url=index, timeout=30) as cluster:
        (told,) = cluster.get("").json().values()
        cluster.delete("").raise_for_status()
        lost = {
            "mappings": {"_meta": told["mappings"]["_meta"]},
            "aliases": told["aliases"],
            "settings": {"index.routing.allocation.require._name": "nobody"},
        }
        cluster.put("", json=lost, params={"wait_for_active_shards": "0"}).raise_for_status()
        health = cluster.get(httpx.URL(index).join(f"/_cluster/health{httpx.URL(index).path}"))
        assert health.json()["status"] == "red"
        try:
            yield
        finally:
            # Search may have noticed already, and have removed it when another one was built.
            assert cluster.delete("").status_code in (200, 404)


TROUBLES = {
    **{mode: misbehaving(mode) for mode in ("delay", "cut", "drop")},
    "red": red,
    "nonsense": nonsense,
}
# Of the others a retry may find a way.
ALWAYS_FELT = ("drop", "red", "nonsense")
LOSES_THE_INDEX = ("red",)


@pytest.mark.parametrize("name", TROUBLES)
async def test_answers_in_time_and_recovers(machine, between, opensearch, prefix, name):
    await until_warm(machine)
    (index,) = opensearch.indexes(prefix)
    pids, before = machine.pids(), held(machine)
    with TROUBLES[name](between, f"http://127.0.0.1:{opensearch.port}/{index}"):
        asked = await Asked(machine).during(TROUBLE_SECONDS)
    assert asked.statuses["/api/v1/search", CODE] == {200}
    assert asked.statuses["/search", CODE] == {303}
    assert asked.every <= {200, 303, 503}
    assert name not in ALWAYS_FELT or 503 in asked.statuses["/api/v1/search", WORDS]
    assert asked.slowest < SEARCH_SECONDS + SLACK_SECONDS
    await until_all_is_well(machine)
    # No restart was needed for that, no new index if the old one is still there, and nothing is left of the trouble.
    assert machine.pids() == pids
    (now,) = opensearch.indexes(prefix)
    assert now == index or name in LOSES_THE_INDEX
    await until_held(machine, before)
    search = psutil.Process(pids["search"])
    connections = [
        each for each in search.net_connections("tcp") if each.raddr and each.raddr.port == between.link.port
    ]
    assert len(connections) <= CONNECTIONS + SPARE_CONNECTIONS


async def until_warm(machine: Machine) -> None:
    """So many at once that all threads and connections are there that a busy machine has. OpenSearch is new to them at
    first, and may take longer than the second that it has."""
    async with asyncio.timeout(RECOVERY_SECONDS):
        while True:
            asked = Asked(machine)
            await asyncio.gather(*(asked.ask(*ASKED[number % len(ASKED)]) for number in range(40)))
            if asked.every == {200, 303}:
                return


async def until_all_is_well(machine: Machine) -> None:
    async with asyncio.timeout(RECOVERY_SECONDS):
        while True:
            asked = await Asked(machine).during(0.5)
            if asked.every == {200, 303}:
                return


def held(machine: Machine) -> dict[str, Counter[str]]:
    found = {}
    for name in ("search", "gateway"):
        process = psutil.Process(machine.pids()[name])
        found[name] = Counter(
            threads=process.num_threads(), handles=process.num_fds(), connections=len(process.net_connections("tcp"))
        )
    return found


async def until_held(machine: Machine, before: dict[str, Counter[str]]) -> None:
    """No more than before, but for what is kept for the next search."""
    ends = time.monotonic() + RECOVERY_SECONDS
    while True:
        now = held(machine)
        more = {name: {kind: now[name][kind] - before[name][kind] for kind in now[name]} for name in now}
        if all(number <= KEPT for kinds in more.values() for number in kinds.values()):
            return
        assert time.monotonic() < ends, more
        await asyncio.sleep(0.2)
