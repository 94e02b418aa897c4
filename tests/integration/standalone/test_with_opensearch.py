"""`medcodes up` with OpenSearch beside the rest: search answers from it, whatever happens to the node is said to
visitors and is over when it is, and nothing of it is left behind."""

from __future__ import annotations

import contextlib
import os
import signal
import time

import httpx
import psutil
import pytest

from tests.machine import copy_state, running

# A machine that tests share may keep an answer waiting.
SETTINGS = {"MEDCODES_SEARCH": "opensearch", "MEDCODES_OPENSEARCH_SECONDS": "5"}
CONNECTIONS = 18
"""As many as search keeps open to the node, by default."""


@pytest.fixture(scope="module")
def machine(sample_state, tmp_path_factory):
    # The index inside the service is left out: whatever is found is found by OpenSearch.
    state = copy_state(sample_state, tmp_path_factory.mktemp("with-opensearch") / "state")
    with running(state, SETTINGS, arguments=("--processes",)) as machine:
        machine.until_search_answers("dislocation of hip")
        yield machine
        node = psutil.Process(machine.pids()["opensearch"])
    assert not node.is_running()


def node_url(machine):
    return machine.endpoint("opensearch").replace("opensearch://", "http://")


def test_search_answers_from_a_node_of_its_own(machine):
    with machine.client() as client:
        found = client.get("/api/v1/search", params={"q": "27 250"}).json()["results"]
        assert found[0]["display"] == "27250"
        found = client.get("/api/v1/search", params={"q": "dislocation of hip"}).json()["results"]
        assert found[0]["display"] == "27250"
    (name,) = httpx.get(f"{node_url(machine)}/_alias/medcodes-active", timeout=30).json()
    assert httpx.get(f"{node_url(machine)}/{name}/_count", timeout=30).json()["count"] > 100
    node = psutil.Process(machine.pids()["opensearch"])
    assert {each.laddr.ip for each in node.net_connections("tcp") if each.status == psutil.CONN_LISTEN} <= {
        "127.0.0.1",
        "::ffff:127.0.0.1",
    }


@contextlib.contextmanager
def standing_still(machine):
    pid = machine.pids()["opensearch"]
    os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(pid, signal.SIGCONT)


@contextlib.contextmanager
def without_its_index(machine):
    """The cluster is there, and the index cannot be asked."""
    url = f"{node_url(machine)}/medcodes-active"
    httpx.post(f"{url}/_close", timeout=30).raise_for_status()
    try:
        yield
    finally:
        httpx.post(f"{url}/_open", timeout=30).raise_for_status()


@contextlib.contextmanager
def killed(machine):
    """Until `up` has started it again."""
    machine.kill("opensearch")
    yield


@pytest.mark.parametrize("trouble", [standing_still, without_its_index, killed])
def test_codes_land_and_words_are_told_to_come_back(machine, trouble):
    search = psutil.Process(machine.pids()["search"])
    threads = search.num_threads()
    with machine.client() as client:
        total = client.get("/api/v1/search", params={"q": "hip"}).json()["total"]
        assert total > 10
        with trouble(machine):
            assert client.get("/search", params={"q": "27250"}).headers["Location"] == "/codes/cpt/27250"
            found = client.get("/api/v1/search", params={"q": "27250"}).json()["results"]
            assert [(one["code"], one["why"]) for one in found] == [("27250", "exact code")]
            for path in ("/api/v1/search", "/search", "/api/v1/suggest"):
                away = client.get(path, params={"q": "hip"})
                assert (away.status_code, int(away.headers["Retry-After"]) > 0) == (503, True)
        began = time.monotonic()
        while (found := client.get("/api/v1/search", params={"q": "hip"})).status_code != 200:
            assert time.monotonic() - began < 90
            time.sleep(0.2)
        assert found.json()["total"] == total
    # It is the same process as before, and nothing piles up in it.
    assert search.pid == machine.pids()["search"]
    assert search.num_threads() <= threads + 4
    node = httpx.URL(node_url(machine)).port
    assert sum(bool(each.raddr) and each.raddr.port == node for each in search.net_connections("tcp")) <= CONNECTIONS
