"""The metering table's rows for guests, each through HTTP against a whole running machine."""

from __future__ import annotations

import re
import time
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from tests.machine import copy_state, running

PAGE, OTHER = "/codes/cpt/27250", "/codes/cpt/27252"
API_PAGE, API_OTHER = "/api/v1" + PAGE, "/api/v1" + OTHER


@pytest.fixture
def guest(medcodes):
    """A visitor who has not been here before."""
    with medcodes.client() as client:
        yield client


def meter(client: httpx.Client) -> dict:
    answer = client.get("/api/v1/meter")
    assert answer.status_code == 200
    return answer.json()


def test_the_first_code_is_granted_and_charged(guest):
    answer = guest.get(API_PAGE)
    assert answer.status_code == 200
    found = answer.json()["meter"]
    assert (found["subject"], found["limit"], found["used"], found["remaining"]) == ("guest", 1, 1, 0)
    assert found["charged"] is True
    assert answer.headers["RateLimit-Policy"] == '"views";q=1'
    assert answer.headers["RateLimit"] == '"views";r=0'
    assert answer.headers["Cache-Control"] == "private, no-cache"


def test_the_page_says_what_is_left(guest):
    text = guest.get(PAGE).text
    assert "0 code page views remaining. Guests may view 1 code page. Register free to view 5 more." in " ".join(
        re.sub(r"<[^>]+>", "", text).split()
    )


@pytest.mark.parametrize(
    "again",
    [PAGE, API_PAGE, "/codes/cpt/27250?on=2025-11-01", "/codes/cpt/ 27250", API_PAGE + "/sections/guidelines"],
)
def test_the_same_code_again_is_not_charged(guest, again):
    guest.get(PAGE)
    answer = guest.get(again)
    assert answer.status_code in (200, 403)  # a locked section is refused for what it is, not for the meter
    assert "views-exhausted" not in answer.text
    assert meter(guest)["used"] == 1


def test_a_second_code_meets_the_wall_with_nothing_of_the_page(guest):
    guest.get(API_PAGE)
    answer = guest.get(API_OTHER)
    assert answer.status_code == 403
    assert answer.headers["Content-Type"] == "application/problem+json"
    problem = answer.json()
    assert problem["type"].endswith("/problems/views-exhausted")
    assert problem["meter"]["remaining"] == 0
    assert problem["meter"]["charged"] is False
    wall = guest.get(OTHER)
    assert wall.status_code == 403
    for protected in ("socket", "anesthesia", "11.03", "736.85"):
        assert protected not in wall.text + answer.text
    assert guest.get(PAGE).status_code == 200


def test_another_guest_is_not_concerned(medcodes, guest):
    guest.get(PAGE)
    with medcodes.client() as other:
        assert other.get(OTHER).status_code == 200


def test_one_of_200_requests_at_once_for_different_codes_is_granted(medcodes, guest):
    guest.get("/")
    cookies = dict(guest.cookies)
    with httpx.Client(base_url=medcodes.url, timeout=60) as client:
        codes = [item["code"] for item in _codes(client, 200)]
        assert len(codes) == 200

        def view(code: str) -> int:
            with httpx.Client(base_url=medcodes.url, timeout=60, cookies=cookies) as own:
                return own.get(f"/api/v1/codes/icd10cm/{code}").status_code

        with ThreadPoolExecutor(50) as pool:
            outcomes = list(pool.map(view, codes))
    assert sorted(set(outcomes)) == [200, 403]
    assert outcomes.count(200) == 1
    assert meter(guest)["used"] == 1


def _codes(client: httpx.Client, count: int) -> list[dict]:
    items: list[dict] = []
    for category in ("S72", "S73"):
        todo = [category]
        while todo and len(items) < count:
            parent = todo.pop(0)
            children = client.get("/api/v1/codes/icd10cm", params={"parent": parent}).json()["items"]
            items += children
            todo += [child["code"] for child in children]
    return items[:count]


def test_a_retry_with_the_same_request_id_is_answered_the_same(guest):
    first = guest.get(API_PAGE, headers={"X-Request-Id": "try-1"})
    again = guest.get(API_PAGE, headers={"X-Request-Id": "try-1"})
    later = guest.get(API_PAGE, headers={"X-Request-Id": "try-2"})
    assert first.headers["X-Request-Id"] == "try-1"
    assert [answer.json()["meter"]["charged"] for answer in (first, again, later)] == [True, True, False]
    assert meter(guest)["used"] == 1


def test_a_request_id_means_nothing_for_another_code(guest):
    guest.get(API_PAGE, headers={"X-Request-Id": "same"})
    assert guest.get(API_OTHER, headers={"X-Request-Id": "same"}).status_code == 403


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/search?q=hip",
        "/codes/icd10cm",
        "/releases",
        "/privacy",
        "/api/v1/search?q=hip",
        "/api/v1/suggest?q=hip",
        "/api/v1/codes/cpt",
        "/api/v1/releases",
        "/api/v1/meter",
        "/codes/cpt/99999999",
        "/codes/nothing/27250",
        "/codes/cpt/00001",
        "/codes/cpt/27250?on=yesterday",
    ],
)
def test_what_is_no_code_page_is_not_charged(guest, path):
    guest.get(path)
    assert meter(guest)["used"] == 0


def test_head_has_no_body_and_is_not_charged(guest):
    answer = guest.head(PAGE)
    assert answer.status_code == 200
    assert answer.content == b""
    assert meter(guest)["used"] == 0


def test_a_prefetch_of_a_page_without_a_grant_is_refused_and_not_charged(guest):
    answer = guest.get(PAGE, headers={"Sec-Purpose": "prefetch;prerender"})
    assert answer.status_code == 503
    assert answer.headers["Cache-Control"] == "no-store"
    assert meter(guest)["used"] == 0
    guest.get(PAGE)
    assert guest.get(PAGE, headers={"Sec-Purpose": "prefetch"}).status_code == 200


@pytest.mark.parametrize("spelling", ["S73.005A", "s73.005a", "s73005a"])
def test_an_alias_is_served_in_place_and_charged_as_the_canonical_code(guest, spelling):
    answer = guest.get(f"/codes/icd10cm/{spelling}")
    assert answer.status_code == 200
    assert re.search(r'<link[^>]+rel="canonical"[^>]+/codes/icd10cm/S73005A"', answer.text)
    assert guest.get("/api/v1/codes/icd10cm/S73005A").json()["meter"]["charged"] is False
    assert meter(guest)["used"] == 1


def test_a_forged_cookie_is_treated_as_absent(medcodes, guest):
    guest.get(PAGE)
    name, value = next(iter(guest.cookies.items()))
    forged = value[:-4] + ("AAAA" if not value.endswith("AAAA") else "BBBB")
    with medcodes.client(cookies={name: forged}) as forger:
        answer = forger.get(API_OTHER)
        assert answer.status_code == 200
        assert answer.json()["meter"]["used"] == 1
        assert name in answer.cookies and answer.cookies[name] not in (value, forged)


def test_an_invalid_bearer_is_never_taken_as_a_guest(guest):
    answer = guest.get(API_PAGE, headers={"Authorization": "Bearer nonsense"})
    assert answer.status_code == 401
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert meter(guest)["used"] == 0


def test_the_meter_itself_is_never_charged_and_sets_the_cookie(guest):
    found = meter(guest)
    assert (found["used"], found["remaining"], found["charged"]) == (0, 1, False)
    assert guest.cookies


def test_unlimited_views_have_no_numbers_and_no_rate_limit(open_medcodes):
    with open_medcodes.client() as client:
        for path in (API_PAGE, API_OTHER):
            answer = client.get(path)
            assert answer.status_code == 200
            assert answer.json()["meter"]["limit"] is None
            assert answer.json()["meter"]["remaining"] is None
            assert "RateLimit" not in answer.headers


def test_metering_away_is_said_and_nothing_is_charged(sample_state, tmp_path):
    state = copy_state(sample_state, tmp_path / "state")
    with running(state, arguments=("--processes",)) as own, own.client() as guest:
        assert guest.get(PAGE).status_code == 200
        own.kill("metering")
        began = time.monotonic()
        while (answer := guest.get(OTHER)).status_code == 503:
            assert int(answer.headers["Retry-After"]) >= 1
            assert "remaining" not in answer.text
            assert time.monotonic() - began < 90
            time.sleep(0.05)
        assert answer.status_code == 403  # it came back, and remembers
