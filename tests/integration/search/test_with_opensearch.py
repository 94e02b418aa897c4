"""The search service over a real OpenSearch: it follows releases, and OpenSearch down, slow, red or talking nonsense
ends no more than the questions that meet it."""

from __future__ import annotations

import asyncio
import os
import threading
import time
from urllib.parse import quote

import grpc
import psutil
import pytest

from services.common.errors import from_rpc
from services.search.adapters.opensearch_engine import SPARE_CONNECTIONS
from services.search.settings import SearchSettings
from services.standalone.ports import free_port
from tests.contract.search.codes import RELEASE
from tests.faults.proxy import Link
from tests.integration.search.lying_opensearch import NONSENSE, RED, answer
from tests.integration.search.test_following_releases import SERVING, build_processes, eventually, health, said
from tests.secrets_in_logs import PASSWORDS
from tests.shared_opensearch import new_prefix

CONNECTIONS = 4
# So long does OpenSearch have for each of the three times that it is asked. Who waits for none of them is refused at
# once, on a machine that tests share.
AT_ONCE = 10.0
BUILD_SECONDS = 60
# Those of the service, the servers beside it and the test; and the pool that waits for files.
TASKS_AT_REST, THREADS_AT_REST = 60, 12


@pytest.fixture
def prefix(opensearch):
    prefix = new_prefix()
    yield prefix
    opensearch.empty(prefix)


@pytest.fixture
def settings_for(nats_server, wire_catalog, tmp_path, prefix):
    """A function that gives the settings of a search service whose OpenSearch listens on a port."""

    def make(port, login="", seconds=1.0, **others):
        return SearchSettings(
            state_dir=tmp_path / "state",
            nats_url=nats_server.url,
            catalog_address=wire_catalog.address,
            search_listen=f"127.0.0.1:{free_port()}",
            search_url=f"opensearch://{login}127.0.0.1:{port}/{prefix}",
            opensearch_connections=CONNECTIONS,
            opensearch_seconds=seconds,
            drain_seconds=1,
            **others,
        )

    return make


@pytest.fixture
async def link(opensearch):
    link = Link(opensearch.port, repeats=False)
    await link.start()
    yield link
    await link.stop()


async def following(running, make_current, release=RELEASE):
    await make_current(release)
    await running.until_release(release, seconds=BUILD_SECONDS)
    return running


async def refused(call):
    """The time that a call took to be refused as it should be."""
    began = time.monotonic()
    with pytest.raises(grpc.aio.AioRpcError) as failure:
        await call
    error = from_rpc(failure.value)
    assert (error.code, error.reason) == (grpc.StatusCode.UNAVAILABLE, "ENGINE_UNAVAILABLE")
    return time.monotonic() - began


async def until_it_answers(running, seconds=60):
    async def answers():
        try:
            return await running.displays("27250") == ["27250"]
        except grpc.aio.AioRpcError:
            return False

    await eventually(answers, seconds)


async def nothing_is_left(port):
    """No more connections than are kept open, and no task or thread but those of a service at rest, however much went
    wrong."""

    async def few():
        found = [each for each in psutil.Process().net_connections("tcp") if each.raddr and each.raddr.port == port]
        return (
            len(found) <= CONNECTIONS + SPARE_CONNECTIONS
            and len(asyncio.all_tasks()) <= TASKS_AT_REST
            and threading.active_count() <= THREADS_AT_REST
        )

    await eventually(few)


async def test_the_index_in_force_is_found_again_without_the_catalog(
    settings_for, opensearch, start_search, make_current, wire_catalog
):
    settings = settings_for(opensearch.port, seconds=AT_ONCE)
    first = await following(await start_search(settings), make_current)
    await first.service.stop()
    streams = len(wire_catalog.streams)
    await wire_catalog.server.stop()
    second = await start_search(settings)
    await second.until_release(RELEASE)
    assert await second.displays("27250") == ["27250"]
    assert len(wire_catalog.streams) == streams


async def test_an_index_that_is_gone_is_built_anew(
    settings_for, opensearch, start_search, make_current, prefix, wire_catalog
):
    settings = settings_for(opensearch.port, seconds=10, search_check_seconds=0.5)
    running = await following(await start_search(settings), make_current)
    await asyncio.sleep(1.5)
    assert wire_catalog.streams == [RELEASE]
    opensearch.empty(prefix)
    await until_it_answers(running, seconds=60)
    assert wire_catalog.streams == [RELEASE, RELEASE]
    assert len(opensearch.indexes(prefix)) == 1


async def test_down_at_the_start_is_no_reason_to_end(settings_for, start_search, make_current, link, opensearch):
    link.move(free_port())
    running = await start_search(settings_for(link.port))
    await make_current(RELEASE)
    await asyncio.sleep(1)
    assert await health(running) != SERVING
    link.move(opensearch.port)
    await running.until_release(RELEASE, seconds=BUILD_SECONDS)
    await until_it_answers(running)


async def test_down_for_a_while(settings_for, start_search, make_current, link, opensearch):
    running = await following(await start_search(settings_for(link.port, seconds=AT_ONCE)), make_current)
    link.move(free_port())
    for call in (running.search("27250"), running.suggest("hip")):
        assert await refused(call) < AT_ONCE
    link.move(opensearch.port)
    await until_it_answers(running)
    await nothing_is_left(link.port)


async def test_slow(settings_for, start_search, make_current, link):
    running = await following(await start_search(settings_for(link.port, seconds=0.5)), make_current)
    trouble = asyncio.create_task(link.misbehave("drop", 6))
    await asyncio.sleep(0.1)
    # The client of the service asks three times.
    waited = await asyncio.gather(*(refused(running.search("hip")) for _ in range(3)))
    assert all(1.4 < seconds < 5.5 for seconds in waited)
    await trouble
    await until_it_answers(running)
    await nothing_is_left(link.port)


async def test_cut_off(settings_for, start_search, make_current, link):
    running = await following(await start_search(settings_for(link.port)), make_current)
    trouble = asyncio.create_task(link.misbehave("cut", 2))
    while not trouble.done():
        answers = await asyncio.gather(*(running.search("hip") for _ in range(8)), return_exceptions=True)
        failed = [each for each in answers if isinstance(each, Exception)]
        assert {each.code() for each in failed} <= {grpc.StatusCode.UNAVAILABLE}
        assert all(each.total for each in answers if each not in failed)
    await until_it_answers(running)
    await nothing_is_left(link.port)


async def test_red_or_nonsense_is_an_error_each_time_and_over_when_it_is(
    settings_for, start_search, make_current, liar
):
    running = await following(await start_search(settings_for(liar.port, seconds=AT_ONCE)), make_current)
    for name, lie in NONSENSE.items():
        liar.lies["POST", "/_msearch"] = lie
        for call in (running.search("27250"), running.search("hipp dislocatoin"), running.suggest("hip")):
            assert await refused(call) < AT_ONCE, name
    liar.lies.clear()
    assert await running.displays("27250") == ["27250"]
    assert [each.code for each in await running.suggest("27", limit=2)] == ["27250", "27252"]
    await nothing_is_left(liar.port)


async def test_a_refused_cluster_is_said_and_tried_again(settings_for, start_search, make_current, liar, capfd):
    liar.lies["GET", "/"] = lambda: answer({"version": {"number": "1.3.2", "distribution": "opensearch"}})
    running = await start_search(settings_for(liar.port))
    await make_current(RELEASE)

    async def tried_twice():
        return sum(path == "/" for _, path, _ in liar.asked) > 1

    await eventually(tried_twice)
    assert await health(running) != SERVING
    logged = capfd.readouterr()
    assert "OpenSearch 1.3.2 is too old; 3.0 or newer is needed" in logged.out + logged.err
    liar.lies.clear()
    await running.until_release(RELEASE, seconds=BUILD_SECONDS)


async def test_credentials_reach_the_cluster_and_nobody_else(
    settings_for, start_search, make_current, wire_catalog, liar, capfd
):
    login = f"coder:{quote(PASSWORDS[0])}@"
    settings = settings_for(liar.port, login)
    wire_catalog.pause = 0.3
    running = await start_search(settings)
    await make_current(RELEASE)

    async def building():
        return bool(build_processes())

    await eventually(building)
    assert not any(quote(PASSWORDS[0]) in part for process in build_processes() for part in said(process))
    await running.until_release(RELEASE, seconds=BUILD_SECONDS)
    liar.lies["POST", "/_msearch"] = lambda: answer(RED, 503)
    await refused(running.search("hip"))
    assert {authorization[:6] for _, _, authorization in liar.asked} == {"Basic "}
    logged = capfd.readouterr()
    for shown in (logged.out, logged.err, repr(settings), str(settings.search_url)):
        assert PASSWORDS[0] not in shown and quote(PASSWORDS[0]) not in shown
    assert os.environ.get("MEDCODES_SEARCH_URL") is None
