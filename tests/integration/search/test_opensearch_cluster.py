"""Three nodes, each a process of its own: the manager is killed while questions are asked and an index is built."""

from __future__ import annotations

import asyncio
import time

import httpx
import pytest

from services.search.adapters.opensearch_store import OpenSearchStore
from services.search.domain.query import understand
from services.search.ports import CodeBatch, EngineError, IndexBuildError
from tests.contract.search.codes import CODES, RELEASE, batches
from tests.servers import QuickOpenSearch

SECOND = "b" * 64
NAMES = ("one", "two", "three")


class Cluster:
    def __init__(self, folder):
        self.nodes = {name: QuickOpenSearch(folder / name, heap_mib=256) for name in NAMES}
        hosts = ",".join(f"127.0.0.1:{node.transport_port}" for node in self.nodes.values())
        for name, node in self.nodes.items():
            node.settings |= {
                "node.name": name,
                "discovery.seed_hosts": hosts,
                "cluster.initial_cluster_manager_nodes": ",".join(NAMES),
            }

    @property
    def url(self):
        return "opensearch://" + ",".join(f"127.0.0.1:{node.port}" for node in self.nodes.values())

    async def start(self):
        await asyncio.gather(*(node.start() for node in self.nodes.values()))
        await self.until(nodes=3)

    async def stop(self):
        for node in self.nodes.values():
            node.kill()
        await asyncio.gather(*(node.wait() for node in self.nodes.values()))

    async def ask(self, path):
        """The answer of the first node that gives one."""
        async with httpx.AsyncClient(timeout=5) as client:
            for node in self.nodes.values():
                try:
                    answer = await client.get(f"http://127.0.0.1:{node.port}{path}")
                except httpx.HTTPError:
                    continue
                if answer.status_code == 200:
                    return answer.json()
        return None

    async def until(self, nodes, seconds=90):
        async with asyncio.timeout(seconds):
            while True:
                health = await self.ask("/_cluster/health")
                if health and health["number_of_nodes"] == nodes and health["status"] == "green":
                    return
                await asyncio.sleep(0.1)

    async def kill_manager(self):
        (manager,) = await self.ask("/_cat/cluster_manager?format=json")
        node = self.nodes[manager["node"]]
        node.kill()
        await node.wait()
        return node


@pytest.fixture
async def cluster(tmp_path):
    cluster = Cluster(tmp_path)
    try:
        await cluster.start()
        yield cluster
    finally:
        await cluster.stop()


async def slowly(ready):
    """The codes of the second release, over some seconds; `ready` is set when a part of them is sent."""
    many = [code._replace(code=f"{code.code}{number}", display=f"{code.display}{number}") for number in range(60)
            for code in CODES]  # fmt: skip
    for start in range(0, len(many), 100):
        yield CodeBatch(SECOND, len(many), many[start : start + 100])
        if start >= 1000:
            ready.set()
        await asyncio.sleep(0.1)


@pytest.mark.alone
@pytest.mark.timeout(240)
async def test_the_manager_is_killed_while_questions_are_asked_and_an_index_is_built(cluster):
    store = OpenSearchStore(cluster.url, seconds=10)
    await store.build(RELEASE, batches(), lambda documents, total: None)
    await store.activate(RELEASE)
    await cluster.until(nodes=3)
    index = await store.open(RELEASE)
    plan = understand("dislocation of hip")
    expected = await index.search(plan, plan.attempts, offset=0, limit=10)
    failed, answered, done = [], [], asyncio.Event()

    async def ask():
        while not done.is_set():
            try:
                answered.append((time.monotonic(), await index.search(plan, plan.attempts, offset=0, limit=10)))
            except EngineError as error:
                failed.append(str(error))
            await asyncio.sleep(0.05)

    async def build():
        """As the service does: a build that fails is begun again."""
        while True:
            try:
                return await store.build(SECOND, slowly(ready), lambda documents, total: None)
            except (EngineError, IndexBuildError):
                await store.clean(2)
                await asyncio.sleep(0.5)

    ready = asyncio.Event()
    asking, building = [asyncio.create_task(ask()) for _ in range(2)], asyncio.create_task(build())
    await ready.wait()
    killed = await cluster.kill_manager()
    killed_at = time.monotonic()
    documents = await building
    await store.activate(SECOND)
    await killed.start()
    await cluster.until(nodes=3)
    done.set()
    await asyncio.gather(*asking)

    assert failed == []
    assert {(found.total, tuple(found.hits)) for _, found in answered} == {(expected.total, tuple(expected.hits))}
    assert sum(at > killed_at for at, _ in answered) > 20
    assert documents == 60 * len(CODES)
    second = await store.open(SECOND)
    assert second.documents == documents
    assert await store.active() == SECOND
    for each in (index, second):
        await each.close()
    await store.close()
