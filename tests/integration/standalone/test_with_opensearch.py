"""`medcodes up` with OpenSearch beside the rest: search answers from it, and nothing of it is left behind."""

from __future__ import annotations

import httpx
import psutil

from tests.machine import PATIENCE, copy_state, running

SETTINGS = {**PATIENCE, "MEDCODES_SEARCH": "opensearch", "MEDCODES_OPENSEARCH_SECONDS": "30"}


def test_search_answers_from_a_node_of_its_own(seed_state, tmp_path):
    # The index inside the service is left out: whatever is found is found by OpenSearch.
    state = copy_state(seed_state, tmp_path / "state")
    with running(state, SETTINGS) as machine:
        machine.until_search_answers("dislocation of hip")
        with machine.client() as client:
            found = client.get("/api/v1/search", params={"q": "s73 005a"}).json()["results"]
        assert found[0]["display"] == "S73.005A"
        node = psutil.Process(machine.pids()["opensearch"])
        url = machine.endpoint("opensearch").replace("opensearch://", "http://")
        (name,) = httpx.get(f"{url}/_alias/medcodes-active", timeout=30).json()
        assert httpx.get(f"{url}/{name}/_count", timeout=30).json()["count"] > 90_000
        assert {each.laddr.ip for each in node.net_connections("tcp") if each.status == psutil.CONN_LISTEN} <= {
            "127.0.0.1",
            "::ffff:127.0.0.1",
        }
    assert not node.is_running()
