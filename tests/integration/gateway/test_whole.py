"""The gateway with everything behind it: sections, landing, canonical addresses, and what stays when a part is away."""

from __future__ import annotations

import contextlib
import os
import signal
import time

import pytest

PAGE, API_PAGE = "/codes/cpt/27250", "/api/v1/codes/cpt/27250"


@contextlib.contextmanager
def frozen(machine, name):
    """A service that does not answer, without being dead, so that nobody starts it again."""
    pid = machine.pids()[name]
    os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(pid, signal.SIGCONT)


def wait_until(condition, seconds=30):
    began = time.monotonic()
    while not condition():
        assert time.monotonic() - began < seconds
        time.sleep(0.05)


def test_an_exact_code_lands_on_its_page(open_medcodes):
    open_medcodes.until_search_answers()
    with open_medcodes.client() as client:
        for query, address in (("27250", "/codes/cpt/27250"), ("s73.005a", "/codes/icd10cm/S73005A")):
            answer = client.get("/search", params={"q": query})
            assert (answer.status_code, answer.headers["Location"]) == (303, address)
        dated = client.get("/search", params={"q": "27250", "on": "2025-11-01"})
        assert dated.headers["Location"] == "/codes/cpt/27250?on=2025-11-01"
        assert client.get("/search", params={"q": "hip dislocation"}).status_code == 200


def test_an_alias_names_its_canonical_address(open_medcodes):
    with open_medcodes.client() as client:
        answer = client.get("/api/v1/codes/ICD10CM/s73.005a")
        assert answer.json()["code"] == "S73005A"
        assert answer.headers["Link"] == '</api/v1/codes/icd10cm/S73005A>; rel="canonical"'
        assert "Link" not in client.get("/api/v1/codes/icd10cm/S73005A").headers


def test_a_section_in_full_page_by_page(open_medcodes):
    with open_medcodes.client() as client:
        page = client.get(API_PAGE).json()["sections"]["modifiers"]
        section = client.get(API_PAGE + "/sections/modifiers").json()
        assert section["total"] == page["total"]
        assert section["entries"][: len(page["entries"])] == page["entries"]
        assert section["meter"]["charged"] is False
        only = client.get(API_PAGE + "/sections/modifiers", params={"q": "surgeon"}).json()
        assert 0 < only["total"] < section["total"]
        html = client.get(PAGE + "/sections/modifiers", params={"q": "surgeon"})
        assert html.status_code == 200
        assert "contain “surgeon”" in html.text


def test_a_section_is_charged_as_its_page_and_head_is_not(medcodes, open_medcodes):
    with open_medcodes.client() as client:
        assert client.head(PAGE + "/sections/modifiers").status_code == 200
        assert client.get("/api/v1/meter").json()["used"] == 0
        first = client.get(API_PAGE + "/sections/modifiers").json()
        assert first["meter"]["charged"] is True
        assert client.get(API_PAGE).json()["meter"]["used"] == 1
    with medcodes.client() as client:
        assert client.get(API_PAGE + "/sections/modifiers").status_code == 403
        assert client.get("/api/v1/meter").json()["used"] == 0


def test_a_bad_cursor_costs_nothing(open_medcodes):
    with open_medcodes.client() as client:
        assert client.get(API_PAGE + "/sections/modifiers", params={"cursor": "nonsense"}).status_code == 422
        assert client.get("/api/v1/meter").json()["used"] == 0


def test_the_same_page_on_two_days_of_one_interval_names_each_day(open_medcodes):
    with open_medcodes.client() as client:
        for day in ("2025-11-01", "2025-11-02", "2025-11-01"):
            answer = client.get(API_PAGE, params={"on": day})
            assert answer.json()["on"] == day
            html = client.get(PAGE, params={"on": day}).text
            assert f'value="{day}"' in html
        assert client.get(API_PAGE).json()["on"] is None


def test_a_kept_page_is_served_with_a_note_while_the_catalog_is_away(parts_machine):
    with parts_machine.client() as client:
        before = client.get(PAGE)
        assert "cannot be reached" not in before.text
        with frozen(parts_machine, "catalog"):
            wait_until(lambda: "Warning" in client.get(PAGE).headers)
            answer = client.get(PAGE)
            assert answer.status_code == 200
            assert "This page was kept from before and may be out of date" in answer.text
            assert client.get("/codes/cpt/99213").status_code == 503
            assert client.get("/api/v1/meter").json()["used"] == 1
            # On a machine that tests share others may be named for a moment, too.
            wait_until(lambda: client.get("/readyz").json() == {"ready": True, "failing": ["catalog"]})
        wait_until(lambda: "Warning" not in client.get(PAGE).headers)


def test_an_exact_code_lands_while_search_is_away(parts_machine):
    with parts_machine.client() as client, frozen(parts_machine, "search"):
        assert client.get("/search", params={"q": "27250"}).headers["Location"] == PAGE
        found = client.get("/api/v1/search", params={"q": "S73.005A"}).json()
        assert [(one["code"], one["why"]) for one in found["results"]] == [("S73005A", "exact code")]
        away = client.get("/search", params={"q": "hip"})
        assert away.status_code == 503
        assert "exact code typed in the search box still opens its page" in away.text
        assert client.get(PAGE).status_code == 200


def test_metering_away_is_said_and_charges_nothing(parts_machine):
    with parts_machine.client() as client:
        client.get("/")
        with frozen(parts_machine, "metering"):
            answer = client.get(API_PAGE)
            assert answer.status_code == 503
            assert answer.json()["type"] == "/problems/meter-unavailable"
            assert "remaining" not in client.get(PAGE).text
        wait_until(lambda: client.get(API_PAGE).status_code == 200)


@pytest.mark.parametrize(
    "path", ["/", "/codes", "/codes/cpt", "/codes/icd10cm?parent=S73.0", "/releases", "/sitemaps/pages.xml"]
)
def test_pages_around_the_codes(open_medcodes, path):
    with open_medcodes.client() as client:
        answer = client.get(path)
        assert answer.status_code == 200
        assert "/codes/" in answer.text or "release" in answer.text
