"""Two releases published one after the other, and what a member and everybody else is told of the difference."""

from __future__ import annotations

import shutil
import time
from xml.etree import ElementTree as ET

import pytest

from services.catalog.cli import SAMPLE
from tests.e2e import people
from tests.machine import copy_state, running
from tests.unit.catalog.build import official_files

RVUS = "PPRRVU2025_Oct.excerpt.csv"
HELD, NOT_HELD = "99213", "27250"


@pytest.fixture(scope="module")
def changed_machine(sample_state, tmp_path_factory):
    """A machine whose second release has other work RVUs for two codes, and another name for its first release."""
    state = copy_state(sample_state, tmp_path_factory.mktemp("changes") / "state")
    data = tmp_path_factory.mktemp("data") / "sample"
    shutil.copytree(SAMPLE, data)
    rows = (data / RVUS).read_text().splitlines()
    (data / RVUS).write_text("\n".join(_raised(row) for row in rows) + "\n")
    with running(state) as machine, machine.client() as client:
        first = client.get("/api/v1/releases").json()["items"][0]["id"]
        second = official_files.build(state / "catalog" / "releases", data)
        done = machine.command("data", "publish", second.id)
        assert done.returncode == 0, done.stderr
        until(lambda: client.get(f"/api/v1/releases/{first}/diff/{current(client)}").json().get("items"))
        yield machine, first


def _raised(row: str) -> str:
    columns = row.split(",")
    if columns[0] in (HELD, NOT_HELD) and columns[1] == "":
        columns[5] = "9.87"
    return ",".join(columns)


def current(client) -> str:
    return next(one["id"] for one in client.get("/api/v1/releases").json()["items"] if one["current"])


def until(condition, seconds: float = 60) -> None:
    began = time.monotonic()
    while not condition():
        assert time.monotonic() - began < seconds
        time.sleep(0.2)


def test_everybody_sees_which_codes_differ_and_no_value(changed_machine):
    machine, first = changed_machine
    with machine.client() as client:
        answer = client.get(f"/api/v1/releases/{first}/diff/{current(client)}")
        found = {one["code"]: one for one in answer.json()["items"]}
        assert found[HELD]["sections"] == found[NOT_HELD]["sections"] == ["medicare_coverage"]
        assert "9.87" not in answer.text
        for unknown in ("0" * 64, "nonsense"):
            assert client.get(f"/api/v1/releases/{unknown}/diff/{first}").status_code == 404


def test_a_member_sees_values_of_the_pages_it_holds_only(changed_machine):
    machine, _ = changed_machine
    with machine.client() as client:
        people.register(client)
        assert client.get("/api/v1/account/changes").json() == {"items": [], "next_cursor": None}
        for code in (HELD, NOT_HELD):
            saved = client.put(f"/api/v1/account/lists/-/codes/cpt/{code}", headers=people.own(client))
            assert saved.status_code == 204
        assert client.get(f"/api/v1/codes/cpt/{HELD}").status_code == 200
        items = {one["code"]: one for one in client.get("/api/v1/account/changes").json()["items"]}
        assert items[HELD]["open"]
        assert ("rvu_work", "9.87") in [(fact["fact"], fact["after"]) for fact in items[HELD]["facts"]]
        assert not items[NOT_HELD]["open"]
        assert items[NOT_HELD]["facts"] == []
        assert items[NOT_HELD]["sections"] == ["medicare_coverage"]
        page = client.get("/account/changes")
        assert page.status_code == 200
        assert page.text.count("9.87") == 1
        assert people.meter(client)[2] == 1


def test_a_feed_has_one_address_that_opens_nothing_else_and_can_be_revoked(changed_machine):
    machine, _ = changed_machine
    with machine.client() as client, machine.client() as reader:
        email = people.register(client)
        client.put(f"/api/v1/account/lists/-/codes/cpt/{NOT_HELD}", headers=people.own(client))
        first, second = (
            client.post("/api/v1/account/feed", headers=people.own(client)).json()["address"].partition("/api")
            for _ in range(2)
        )
        path = "/api" + second[2]
        assert reader.get("/api" + first[2]).status_code == 404
        answer = reader.get(path)
        assert answer.headers["content-type"].startswith("application/atom+xml")
        assert "set-cookie" not in answer.headers
        titles = [one.text for one in ET.fromstring(answer.content).iter("{http://www.w3.org/2005/Atom}title")]
        assert f"{NOT_HELD}: Medicare Coverage" in titles
        assert "9.87" not in answer.text
        assert path.partition("=")[2] not in answer.text
        assert reader.get(path, headers={"If-None-Match": answer.headers["etag"]}).status_code == 304
        token = path.partition("=")[2]
        bearer = {"Authorization": f"Bearer {token}"}
        assert reader.get("/api/v1/account", headers=bearer).status_code == 401
        export = client.get("/api/v1/account/export")
        assert export.json()["accounts"]["feed"]["created_at_ms"] > 0
        assert token not in export.text
        assert machine.command("accounts", "lock", email).returncode == 0
        assert reader.get(path).status_code == 404
        assert machine.command("accounts", "unlock", email).returncode == 0
        assert reader.get(path).status_code == 200
        people.log_in(client, email)
        assert client.delete("/api/v1/account/feed", headers=people.own(client)).status_code == 204
        assert reader.get(path).status_code == 404
        assert token not in machine.said()


def test_a_code_that_is_not_there_cannot_be_saved(changed_machine):
    machine, _ = changed_machine
    with machine.client() as client:
        people.register(client)
        answer = client.put("/api/v1/account/lists/-/codes/cpt/27299", headers=people.own(client))
        assert answer.status_code == 404
        assert answer.json()["type"] == "/problems/code-not-found"
        assert answer.json()["near"]
        assert client.get("/api/v1/account/lists").json()["items"] == []
