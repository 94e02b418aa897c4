"""The metering table's rows for accounts, each through HTTP against a whole running machine."""

from __future__ import annotations

import os
import re
import signal
import time
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from tests.e2e.conftest import free_ports
from tests.e2e.people import CODES, PASSWORD, email, log_in, log_out, meter, own, register, somebody, view
from tests.machine import HEARD_SECONDS, copy_state, running

GUESTS, *OTHERS = CODES


@pytest.fixture
def guest(medcodes):
    """A visitor who has not been here before."""
    with somebody(medcodes) as client:
        yield client


def test_a_guest_registers_and_has_five_more_and_then_the_wall(guest):
    assert view(guest, GUESTS).json()["meter"]["charged"] is True
    assert view(guest, OTHERS[0]).status_code == 403
    register(guest)
    assert meter(guest) == ("account", 6, 1, 5)  # the very next request sees it
    held = view(guest, GUESTS).json()
    assert held["meter"] == {**held["meter"], "subject": "account", "charged": False, "remaining": 5}
    assert {section["access"] for section in held["sections"].values()} == {"open"}
    for number, code in enumerate(OTHERS[:5], 1):
        found = view(guest, code).json()["meter"]
        assert (found["charged"], found["remaining"]) == (True, 5 - number)
    wall = view(guest, OTHERS[5])
    assert wall.status_code == 403
    assert wall.json()["type"] == "/problems/views-exhausted"
    assert wall.json()["meter"]["subject"] == "account"
    page = guest.get(f"/codes/icd10cm/{OTHERS[5]}", headers={"Accept": "text/html"})
    assert page.status_code == 403
    assert "Your plan" in page.text
    assert "Register free" not in page.text
    assert all(view(guest, code).status_code == 200 for code in (GUESTS, *OTHERS[:5]))
    assert meter(guest) == ("account", 6, 6, 0)


def test_the_very_next_page_shows_the_merge(guest):
    guest.get(f"/codes/icd10cm/{GUESTS}")
    register(guest)
    page = guest.get(f"/codes/icd10cm/{OTHERS[0]}")
    assert page.status_code == 200
    assert "4 code page views remaining." in " ".join(re.sub(r"<[^>]+>", "", page.text).split())


def test_the_section_of_a_code_is_open_for_an_account_and_charged_as_its_page(guest):
    path = f"/api/v1/codes/icd10cm/{OTHERS[0]}/sections/guidelines"
    assert guest.get(path).status_code == 403
    register(guest)
    answer = guest.get(path)
    assert answer.status_code == 200
    assert answer.json()["meter"]["charged"] is True
    assert view(guest, OTHERS[0]).json()["meter"]["charged"] is False
    assert guest.get(f"/codes/icd10cm/{OTHERS[0]}/sections/guidelines").status_code == 200


def test_logged_out_the_guest_is_sealed_and_keeps_what_it_has(guest):
    view(guest, GUESTS)
    address = register(guest)
    view(guest, OTHERS[0])
    log_out(guest)
    assert "medcodes_session" not in guest.cookies
    assert meter(guest) == ("guest", 1, 1, 0)
    assert view(guest, GUESTS).status_code == 200
    assert view(guest, OTHERS[0]).status_code == 403
    log_in(guest, address)
    assert meter(guest) == ("account", 6, 2, 4)


def test_a_guest_without_grants_is_sealed_too(guest):
    guest.get("/")
    register(guest)
    assert meter(guest) == ("account", 5, 0, 5)
    log_out(guest)
    assert meter(guest) == ("guest", 0, 0, 0)
    assert view(guest, GUESTS).status_code == 403


def test_a_second_registration_from_the_same_guest_copies_nothing(guest):
    view(guest, GUESTS)
    register(guest)
    assert meter(guest) == ("account", 6, 1, 5)
    log_out(guest)
    register(guest)
    assert meter(guest) == ("account", 5, 0, 5)
    assert view(guest, GUESTS).json()["meter"]["charged"] is True


def test_a_registration_without_a_guest_has_five(medcodes):
    with somebody(medcodes) as client:
        register(client)
        assert meter(client) == ("account", 5, 0, 5)


def test_logging_in_never_merges(medcodes, guest):
    address = register(guest)
    with somebody(medcodes) as elsewhere:
        view(elsewhere, GUESTS)
        log_in(elsewhere, address)
        assert meter(elsewhere) == ("account", 5, 0, 5)
        assert view(elsewhere, OTHERS[0]).json()["meter"]["remaining"] == 4
        log_out(elsewhere)
        assert meter(elsewhere) == ("guest", 1, 1, 0)
    assert meter(guest) == ("account", 5, 1, 4)  # from anywhere


def test_with_one_left_one_of_many_at_once_is_granted(medcodes, guest):
    address = register(guest)
    for code in OTHERS[:4]:
        view(guest, code)
    with somebody(medcodes) as elsewhere:
        bearer = {"Authorization": f"Bearer {log_in(elsewhere, address)}"}

    def ask(code: str) -> int:
        with httpx.Client(base_url=medcodes.url, timeout=30, headers=bearer) as program:
            return view(program, code).status_code

    with ThreadPoolExecutor(16) as pool:
        outcomes = list(pool.map(ask, [code for code in OTHERS[4:] for _ in range(8)]))
    granted = sum(view(guest, code).status_code == 200 for code in OTHERS[4:])
    assert granted == 1
    assert set(outcomes) == {200, 403}
    assert meter(guest) == ("account", 5, 5, 0)


def test_a_retry_with_the_same_request_id_is_answered_the_same(guest):
    register(guest)
    answers = [view(guest, GUESTS, headers={"X-Request-Id": name}) for name in ("a", "a", "b")]
    assert [answer.json()["meter"]["charged"] for answer in answers] == [True, True, False]
    assert meter(guest) == ("account", 5, 1, 4)


def test_an_invalid_session_is_cleared_and_its_visitor_the_guest(guest):
    view(guest, GUESTS)
    guest.cookies.set("medcodes_session", "mcs_nothing")
    answer = view(guest, OTHERS[0])
    assert answer.status_code == 403
    assert answer.json()["meter"]["subject"] == "guest"
    assert "medcodes_session=;" in answer.headers["Set-Cookie"]


def test_a_session_that_was_ended_elsewhere_ends_at_once(medcodes, guest):
    address = register(guest)
    with somebody(medcodes) as elsewhere:
        log_in(elsewhere, address)
        assert meter(guest)[0] == "account"
        assert elsewhere.delete("/api/v1/account/sessions", headers=own(elsewhere)).status_code == 204
        assert meter(guest)[0] == "guest"
        assert meter(elsewhere)[0] == "account"


def test_an_api_key_views_for_its_account(medcodes, guest):
    register(guest)
    body = {"name": "program", "scopes": ["codes"]}
    made = guest.post("/api/v1/api-keys", json=body, headers=own(guest)).json()
    with somebody(medcodes, headers={"Authorization": f"Bearer {made['key']}"}) as program:
        assert view(program, GUESTS).json()["meter"]["charged"] is True
        assert view(program, GUESTS).json()["sections"]["guidelines"]["access"] == "open"
        assert program.get("/api/v1/search?q=hip").status_code == 403
        assert meter(guest) == ("account", 5, 1, 4)
        assert guest.delete(f"/api/v1/api-keys/{made['id']}", headers=own(guest)).status_code == 204
        assert view(program, GUESTS).status_code == 401


def test_the_account_holds_its_views_with_receipts_and_exports_them(guest):
    view(guest, GUESTS)
    address = register(guest)
    view(guest, OTHERS[0])
    views = guest.get("/api/v1/account/views").json()["items"]
    assert [(one["code"], one["as_guest"]) for one in views] == [(OTHERS[0], False), (GUESTS, True)]
    receipt = guest.get(f"/api/v1/account/views/icd10cm/{GUESTS}/receipt")
    assert receipt.status_code == 200
    assert "attachment" in receipt.headers["Content-Disposition"]
    assert guest.get(f"/api/v1/account/views/icd10cm/{OTHERS[1]}/receipt").status_code == 404
    assert guest.get("/api/v1/receipt-keys").json()["items"]
    exported = guest.get("/api/v1/account/export").json()
    assert {one["code"] for one in exported["metering"]["views"]} == {GUESTS, OTHERS[0]}
    assert address in str(exported["accounts"])


def test_deleting_erases_everything_and_proves_it(medcodes, guest):
    view(guest, GUESTS)
    address = register(guest)
    token = guest.cookies["medcodes_session"]
    view(guest, OTHERS[0])
    refused = guest.request("DELETE", "/api/v1/account", json={"password": "wrong one"}, headers=own(guest))
    assert refused.status_code == 422
    answer = guest.request("DELETE", "/api/v1/account", json={"password": PASSWORD}, headers=own(guest))
    assert answer.status_code == 202
    with somebody(medcodes, headers={"Authorization": f"Bearer {token}"}) as program:
        assert view(program, OTHERS[0]).status_code == 401
    assert meter(guest)[0] == "guest"
    began = time.monotonic()
    while not (found := guest.get(f"/api/v1/deletions/{answer.json()['id']}").json())["complete"]:
        assert time.monotonic() - began < 90, found
        time.sleep(0.1)
    body = {"email": address, "password": PASSWORD}
    assert guest.post("/api/v1/sessions", json=body, headers=own(guest)).status_code == 401
    with somebody(medcodes) as anew:
        register(anew, address)
        assert meter(anew) == ("account", 5, 0, 5)


def test_the_same_e_mail_cannot_register_twice(medcodes, guest):
    address = register(guest)
    with somebody(medcodes) as other:
        body = {"email": address.upper(), "password": PASSWORD}
        answer = other.post("/api/v1/accounts", json=body)
        assert answer.status_code in (409, 201)
        if answer.status_code == 409:
            assert answer.json()["type"] == "/problems/account-exists"


@pytest.fixture(scope="module")
def parts(seed_state, tmp_path_factory):
    """A machine with each service in a process of its own, so that one of them can be away."""
    folder = copy_state(seed_state, tmp_path_factory.mktemp("members") / "state")
    # Of the gateway and of each of the four services.
    settings = {"MEDCODES_METRICS_PORT": str(free_ports(5))}
    with running(folder, settings, ("--processes",)) as machine:
        yield machine


class away:  # noqa: N801 - used like a function
    """A service that does not answer, without being dead, so that nobody starts it again."""

    def __init__(self, machine, *names: str) -> None:
        self._pids = [machine.pids()[name] for name in names]

    def __enter__(self) -> None:
        for pid in self._pids:
            os.kill(pid, signal.SIGSTOP)

    def __exit__(self, *_) -> None:
        for pid in self._pids:
            os.kill(pid, signal.SIGCONT)


def test_the_next_page_sees_a_registration_with_nats_away(parts):
    with somebody(parts) as client:
        view(client, GUESTS)
        with away(parts, "nats"):
            register(client)
            assert meter(client) == ("account", 6, 1, 5)
            assert view(client, OTHERS[0]).json()["meter"]["remaining"] == 4


def until_remembered(machine, client) -> None:
    """Until the gateway says who it is without asking accounts: not before it hears of sessions that end, and whenever
    it begins to hear of them it forgets all."""
    began, before = time.monotonic(), from_memory(machine)
    while from_memory(machine) == before:
        assert time.monotonic() - began < 60
        view(client, GUESTS)


def from_memory(machine) -> float:
    found = httpx.get(f"http://127.0.0.1:{machine.environment['MEDCODES_METRICS_PORT']}/metrics", timeout=30).text
    return float(re.search(r'^gateway_sessions_resolved_total\{origin="cache"\} (\S+)', found, re.MULTILINE)[1])


def test_accounts_away_known_sessions_go_on_and_nobody_is_taken_for_a_guest(parts):
    with somebody(parts) as known, somebody(parts) as other, somebody(parts) as guest:
        register(known)
        address = register(other)
        log_out(other)
        log_in(other, address)
        until_remembered(parts, known)
        with away(parts, "accounts"):
            assert view(known, OTHERS[0]).json()["meter"]["subject"] == "account"
            refused = view(other, OTHERS[0])
            assert refused.status_code == 503
            assert int(refused.headers["Retry-After"]) >= 1
            assert view(guest, GUESTS).status_code == 200
        assert view(other, OTHERS[0]).json()["meter"]["subject"] == "account"


def test_metering_away_a_receipt_opens_its_page(parts):
    with somebody(parts) as member, somebody(parts) as guest:
        register(member)
        for client in (member, guest):
            view(client, GUESTS)
        with away(parts, "metering"):
            for client in (member, guest):
                assert view(client, GUESTS).status_code == 200
                refused = view(client, OTHERS[0])
                assert refused.status_code == 503
                assert refused.json()["type"] == "/problems/meter-unavailable"
        assert meter(member) == ("account", 5, 1, 4)


PLANS = """
[[plan]]
name = "month"
title = "Monthly"
views = 2
window = "calendar_month"

[[plan]]
name = "days"
title = "Rolling"
views = 3
window = "rolling_days"
days = 7

[[plan]]
name = "all"
title = "All"
views = "unlimited"
window = "none"
"""


@pytest.fixture(scope="module")
def windows(seed_state, tmp_path_factory):
    """A machine whose plans have windows; the first one by calendar month."""
    folder = tmp_path_factory.mktemp("windows")
    (folder / "plans.toml").write_text(PLANS)
    state = copy_state(seed_state, folder / "state")
    with running(state, {"MEDCODES_PLANS_FILE": str(folder / "plans.toml")}) as machine:
        yield machine


def test_a_windowed_plan_says_when_a_grant_ends(windows):
    with somebody(windows) as client:
        register(client)
        assert meter(client) == ("account", 2, 0, 2)
        page = client.get(f"/codes/icd10cm/{GUESTS}").text
        assert "1 code page view remaining this month." in page
        ends = client.get("/api/v1/account/views").json()["items"][0]["ends_at"]
        assert re.fullmatch(r"\d{4}-\d{2}-01T00:00:00.000\+00:00", ends)


def test_a_plan_is_changed_by_an_operator_and_seen_at_once(windows):
    with somebody(windows) as client:
        address = register(client)
        view(client, GUESTS)
        assert windows.command("accounts", "grant-plan", address, "all").returncode == 0
        began = time.monotonic()
        while meter(client) != ("account", None, 1, None):  # until the gateway has heard of it
            assert time.monotonic() - began < HEARD_SECONDS
            time.sleep(0.02)
        answer = view(client, OTHERS[0])
        assert answer.json()["meter"]["limit"] is None
        assert "RateLimit" not in answer.headers
        assert "not limited for your account" in client.get(f"/codes/icd10cm/{OTHERS[1]}").text


def test_an_e_mail_is_verified_by_the_link_that_was_mailed(medcodes, guest):
    address = register(guest, email())
    assert guest.get("/api/v1/account").json()["email_verified"] is False
    began = time.monotonic()
    while address not in (mails := guest.get("/dev/mail").text):
        assert time.monotonic() - began < 60
        time.sleep(0.1)
    token = re.search(r'href="/verify\?token=([^"]+)"', mails.split(address)[1])[1]
    guest.get("/verify", params={"token": token})
    assert guest.get("/api/v1/account").json()["email_verified"] is False
    assert guest.post("/verify", data={"token": token}, headers=own(guest)).status_code == 303
    assert guest.get("/api/v1/account").json()["email_verified"] is True
    assert guest.post("/verify", data={"token": token}, headers=own(guest)).status_code == 422
