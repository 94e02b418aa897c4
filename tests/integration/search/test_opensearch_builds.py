"""Indexes in a real OpenSearch: what is left of builds, when a cluster is refused, how alias and rollback go."""

from __future__ import annotations

import asyncio

import httpx
import pytest
from structlog.testing import capture_logs

from services.search.adapters import opensearch_kept
from services.search.adapters.opensearch_store import OpenSearchStore
from services.search.domain.query import understand
from services.search.ports import EngineError, IndexBuildError
from tests.contract.search.codes import CODES, RELEASE, batches
from tests.integration.search.lying_opensearch import answer
from tests.shared_opensearch import new_prefix

SECOND, THIRD = "b" * 64, "c" * 64


@pytest.fixture
def prefix(opensearch):
    prefix = new_prefix()
    yield prefix
    opensearch.empty(prefix)


@pytest.fixture
async def store(opensearch, prefix):
    store = OpenSearchStore(f"opensearch://127.0.0.1:{opensearch.port}/{prefix}", seconds=20)
    yield store
    await store.close()


@pytest.fixture
async def lied_to(liar, prefix):
    store = OpenSearchStore(f"opensearch://127.0.0.1:{liar.port}/{prefix}", seconds=20)
    yield store
    await store.close()


async def build(store, release=RELEASE, stream=None):
    return await store.build(release, stream or batches(release=release), lambda documents, total: None)


def request(method, url, **options):
    """Of an OpenSearch that other tests keep busy."""
    return httpx.request(method, url, timeout=60, **options)


def behind_alias(opensearch, prefix):
    found = request("GET", f"http://127.0.0.1:{opensearch.port}/_alias/{prefix}-active").json()
    return [name.removeprefix(f"{prefix}-")[:64] for name in found if name.startswith(prefix)]


async def test_the_alias_moves_and_comes_back(store, opensearch, prefix):
    for release in (RELEASE, SECOND, THIRD):
        await build(store, release)
        await store.activate(release)
        assert behind_alias(opensearch, prefix) == [release]
        await store.clean(2)
    assert sorted(name.split("-")[1] for name in opensearch.indexes(prefix)) == [SECOND, THIRD]
    await store.activate(SECOND)
    assert behind_alias(opensearch, prefix) == [SECOND]


async def test_a_rebuilt_index_takes_the_place_of_its_release_without_a_note(store, opensearch, prefix):
    await build(store)
    await store.activate(RELEASE)
    await store.announced(await store.unannounced())
    await build(store)
    await store.activate(RELEASE)
    assert await store.unannounced() is None
    await store.clean(2)
    assert len(opensearch.indexes(prefix)) == 1
    assert (await store.open(RELEASE)).documents == len(CODES)


async def test_documents_that_went_away_make_an_index_damaged(store, opensearch, prefix):
    await build(store)
    (name,) = opensearch.indexes(prefix)
    url = f"http://127.0.0.1:{opensearch.port}/{name}"
    request("PUT", f"{url}/_settings", json={"index.blocks.write": False}).raise_for_status()
    request("DELETE", f"{url}/_doc/3?refresh=true").raise_for_status()
    with capture_logs() as logs:
        assert await store.open(RELEASE) is None
    assert logs[0]["error"] == "documents are missing"


@pytest.fixture
def small_pieces(monkeypatch):
    """The texts of the few codes of a test are cut in pieces, as those of a release are."""
    monkeypatch.setattr(opensearch_kept, "_PIECE_BYTES", 4_000)


async def test_texts_in_several_pieces_are_read_as_one(small_pieces, store, opensearch, prefix):
    await build(store)
    (name,) = opensearch.indexes(prefix)
    counted = request("GET", f"http://127.0.0.1:{opensearch.port}/{name}/_count").json()["count"]
    assert counted > len(CODES) + 2
    index = await store.open(RELEASE)
    assert index.documents == len(CODES)
    plan = understand("hip dislocation")
    assert (await index.search(plan, plan.attempts, offset=0, limit=5)).hits


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (lambda documents: {"texts-1": documents["texts-0"]}, "the texts of the index are damaged"),
        (
            lambda documents: {"texts-0": {**documents["texts-0"], "digest": "0" * 64}},
            "the texts of the index are damaged",
        ),
        (lambda documents: {"texts-1": None, "texts-999": documents["texts-1"]}, "the document texts-1 is missing"),
    ],
    ids=["another piece", "another digest", "a piece too few"],
)
async def test_texts_that_are_not_what_was_written_make_an_index_damaged(
    small_pieces, store, opensearch, prefix, change, why
):
    await build(store)
    (name,) = opensearch.indexes(prefix)
    url = f"http://127.0.0.1:{opensearch.port}/{name}"
    request("PUT", f"{url}/_settings", json={"index.blocks.write": False}).raise_for_status()
    stored = {each: request("GET", f"{url}/_source/{each}").json() for each in ("texts-0", "texts-1")}
    for identity, source in change(stored).items():
        if source is None:
            request("DELETE", f"{url}/_doc/{identity}").raise_for_status()
        else:
            request("PUT", f"{url}/_doc/{identity}", json=source).raise_for_status()
    request("POST", f"{url}/_refresh").raise_for_status()
    with capture_logs() as logs:
        assert await store.open(RELEASE) is None
    assert logs[0]["error"] == why


async def test_an_index_is_never_changed_again(store, opensearch, prefix):
    await build(store)
    (name,) = opensearch.indexes(prefix)
    refused = request("DELETE", f"http://127.0.0.1:{opensearch.port}/{name}/_doc/3")
    assert refused.status_code == 403


async def unreadable():
    """What the catalog says wrongly is not laid to OpenSearch."""
    async for batch in batches():
        yield batch
        raise ValueError("no date")


async def broken_off():
    async for batch in batches():
        yield batch
        raise ConnectionError("the catalog is gone")


@pytest.mark.parametrize(
    ("stream", "error"),
    [(lambda: batches(total=1000), IndexBuildError), (broken_off, ConnectionError), (unreadable, ValueError)],
    ids=["too few", "broken off", "unreadable"],
)
async def test_a_failed_build_leaves_no_index(store, opensearch, prefix, stream, error):
    with pytest.raises(error):
        await build(store, stream=stream())
    assert opensearch.indexes(prefix) == []


async def test_what_a_killed_build_left_is_removed_and_what_is_not_ours_stays(store, opensearch, prefix):
    await build(store)
    await store.activate(RELEASE)

    async def endless():
        async for batch in batches(release=SECOND):
            yield batch
        await asyncio.sleep(3600)

    building = asyncio.create_task(build(store, SECOND, endless()))
    while len(opensearch.indexes(prefix)) < 2:
        await asyncio.sleep(0.02)
    somebody = f"http://127.0.0.1:{opensearch.port}/{prefix}-of-somebody-else"
    request("PUT", somebody).raise_for_status()
    await store.clean(2)
    building.cancel()
    await asyncio.wait([building])
    assert sorted(name.split("-")[1] for name in opensearch.indexes(prefix)) == [RELEASE, "of"]
    assert request("HEAD", somebody).status_code == 200


@pytest.mark.parametrize(
    ("number", "distribution", "why"),
    [
        ("1.3.2", "opensearch", r"OpenSearch 1\.3\.2 is too old; 3\.0 or newer is needed"),
        ("2.19.4", "opensearch", "is too old"),
        ("8.15.0", None, "no OpenSearch"),
        ("x", "opensearch", "nonsense"),
    ],
)
async def test_a_cluster_of_another_version_is_refused(lied_to, liar, number, distribution, why):
    liar.lies["GET", "/"] = lambda: answer({"version": {"number": number, "distribution": distribution}})
    for call in (build(lied_to), lied_to.open(RELEASE)):
        with pytest.raises(EngineError, match=why):
            await call
    assert not any(method == "PUT" for method, _, _ in liar.asked)
    liar.lies.clear()
    assert await build(lied_to) == len(CODES)


def disks(*free):
    nodes = {
        str(number): {"roles": ["data"], "fs": {"total": {"total_in_bytes": 10**12, "available_in_bytes": each}}}
        for number, each in enumerate(free)
    }
    return lambda: answer({"nodes": nodes})


async def test_a_full_disk_is_refused_until_there_is_room(lied_to, liar):
    liar.lies["GET", "/_nodes/stats/fs"] = disks(10**6, 10**7)
    with pytest.raises(EngineError, match=r"over its flood-stage watermark \(.+\): 9 MiB are free"):
        await build(lied_to)
    assert not any(method == "PUT" for method, _, _ in liar.asked)
    # One of several nodes is enough.
    liar.lies["GET", "/_nodes/stats/fs"] = disks(10**6, 10**12)
    assert await build(lied_to) == len(CODES)


async def test_a_cluster_that_is_busy_is_waited_for(lied_to, liar):
    refusals = iter([True, True])

    def busy():
        if next(refusals, None) is None:
            del liar.lies["POST", "/_bulk"]
        return answer({"error": {"type": "rejected_execution_exception"}, "status": 429}, 429)

    liar.lies["POST", "/_bulk"] = busy
    assert await build(lied_to) == len(CODES)
    assert sum(path.endswith("/_bulk") for _, path, _ in liar.asked) == 4


async def test_documents_that_are_refused_end_the_build(lied_to, liar, opensearch, prefix):
    item = {"index": {"_id": "0", "status": 400, "error": {"type": "mapper_parsing_exception", "reason": "no"}}}
    liar.lies["POST", "/_bulk"] = lambda: answer({"errors": True, "items": [item] * len(CODES)})
    with pytest.raises(IndexBuildError, match=r"refused \d+ documents: mapper_parsing_exception: no"):
        await build(lied_to)
    assert opensearch.indexes(prefix) == []


NONSENSE = {
    "a page": lambda: answer("<html>maintenance</html>", content_type="text/html"),
    "a list": lambda: answer("[]"),
    "an object": lambda: answer("{}"),
    "a refusal": lambda: answer({"error": {"type": "cluster_block_exception"}, "status": 403}, 403),
}


async def live(store):
    """All that a store is asked for in the life of an index."""
    await build(store)
    await store.activate(RELEASE)
    if note := await store.unannounced():
        await store.announced(note)
    assert await store.active() == RELEASE
    if index := await store.open(RELEASE):
        await index.close()
    await store.clean(2)


def steps(asked):
    """The places of the requests that are steps of their own: of many of one kind in a row, as those that warm an index
    are, the first and the last."""
    kinds = [None, *(request[:2] for request in asked), None]
    return [number for number in range(len(asked)) if not kinds[number] == kinds[number + 1] == kinds[number + 2]]


@pytest.mark.parametrize("lie", NONSENSE.values(), ids=NONSENSE)
async def test_nonsense_at_any_step_is_an_error_of_the_engine_and_does_no_lasting_harm(liar, lie):
    prefix = new_prefix()
    url = f"opensearch://127.0.0.1:{liar.port}/{prefix}"
    honest = OpenSearchStore(url, seconds=20)
    await live(honest)
    asked, failures = steps(liar.asked), 0
    for number in asked:
        # Anew each time: what a store has once been told of the cluster's version it need not ask again.
        store = OpenSearchStore(url, seconds=20)
        liar.next_lies = [None] * number + [lie]
        try:
            await live(store)
        except (EngineError, IndexBuildError, AssertionError):
            failures += 1
        liar.next_lies = []
        await store.close()
    assert failures > len(asked) / 2
    await live(honest)
    assert (await honest.open(RELEASE)).documents == len(CODES)
    await honest.close()
    await asyncio.gather(*(remove(liar, name) for name in await names(liar, prefix)))


async def names(liar, prefix):
    async with httpx.AsyncClient(timeout=30) as client:
        found = await client.get(f"http://127.0.0.1:{liar.port}/_cat/indices/{prefix}-*?format=json&h=index")
    return [index["index"] for index in found.json()]


async def remove(liar, name):
    async with httpx.AsyncClient(timeout=30) as client:
        await client.delete(f"http://127.0.0.1:{liar.port}/{name}")
