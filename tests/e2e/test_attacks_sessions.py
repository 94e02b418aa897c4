"""Sessions that somebody else has had a hand in: planted, kept, or used from another site."""

from __future__ import annotations

import secrets

import pytest

from tests.e2e.attackers import CROSS_SITE, is_alive, is_over, mailed_token
from tests.e2e.people import CODES, PASSWORD, email, log_in, log_out, own, register, somebody, view

SESSION = "medcodes_session"
NEW_PASSWORD = "another river stone"


@pytest.fixture
def visitor(medcodes):
    with somebody(medcodes) as client:
        yield client


@pytest.fixture
def member(visitor):
    """A visitor who is logged in; `address` is who they are."""
    visitor.address = register(visitor)
    return visitor


@pytest.mark.parametrize("way", ["form", "json"])
def test_a_session_that_was_planted_before_logging_in_is_not_kept(medcodes, visitor, way):
    address = register(visitor)
    log_out(visitor)
    planted = "mcs_" + secrets.token_urlsafe(32)
    headers = {**own(visitor), "Cookie": f"{SESSION}={planted}"}
    if way == "json":
        answer = visitor.post("/api/v1/sessions", json={"email": address, "password": PASSWORD}, headers=headers)
    else:
        answer = visitor.post("/login", data={"email": address, "password": PASSWORD}, headers=headers)
    assert answer.status_code in (201, 303)
    assert answer.cookies[SESSION] != planted
    assert not is_alive(medcodes, planted)
    assert is_alive(medcodes, answer.cookies[SESSION])


def test_an_attackers_own_session_planted_in_a_browser_ends_there(medcodes, visitor):
    address = register(visitor)
    log_out(visitor)
    with somebody(medcodes) as attacker:
        register(attacker)
        planted = attacker.cookies[SESSION]
        visitor.cookies.set(SESSION, planted)
        mine = log_in(visitor, address)
        assert mine != planted
        assert not is_alive(medcodes, planted)
        assert visitor.get("/api/v1/account", headers={"Authorization": f"Bearer {mine}"}).json()["email"] == address


def test_every_log_in_has_a_token_of_its_own(medcodes, member):
    first = member.cookies[SESSION]
    second, third = (log_in(client, member.address) for client in (member, member))
    assert len({first, second, third}) == 3
    assert [is_alive(medcodes, token) for token in (first, second, third)] == [False, False, True]


def test_a_new_password_ends_the_other_sessions(medcodes, member):
    with somebody(medcodes) as thief:
        stolen = log_in(thief, member.address)
        change = {"password": PASSWORD, "new_password": NEW_PASSWORD}
        refused = thief.put("/api/v1/account/password", json={**change, "password": "guess"}, headers=own(thief))
        assert refused.status_code == 422
        assert member.put("/api/v1/account/password", json=change, headers=own(member)).status_code == 204
        assert not is_alive(medcodes, stolen)
        assert thief.get("/account/security").status_code == 303
    assert is_alive(medcodes, member.cookies[SESSION])


def test_a_password_reset_ends_every_session(medcodes, member):
    token = member.cookies[SESSION]
    with somebody(medcodes) as elsewhere:
        assert elsewhere.post("/forgot", data={"email": member.address}).status_code == 200
        link = mailed_token(elsewhere, member.address, "reset")
        reset = {"token": link, "new_password": NEW_PASSWORD}
        assert elsewhere.post("/reset", data=reset).status_code == 303
    assert is_over(medcodes, token)
    old = {"email": member.address, "password": PASSWORD}
    assert member.post("/api/v1/sessions", json=old, headers=own(member)).status_code == 401


def test_a_session_that_was_logged_out_is_over_for_whoever_kept_it(medcodes, member):
    token = member.cookies[SESSION]
    log_out(member)
    with somebody(medcodes, cookies={SESSION: token}) as thief:
        assert thief.get("/account").headers["Location"].startswith("/login")
    assert not is_alive(medcodes, token)


def test_a_locked_account_is_shut_at_once_and_says_nothing_of_it(medcodes, member):
    token = member.cookies[SESSION]
    key = member.post("/api/v1/api-keys", json={"name": "a", "scopes": ["codes"]}, headers=own(member)).json()["key"]
    assert medcodes.command("accounts", "lock", member.address).returncode == 0
    assert is_over(medcodes, token)
    with somebody(medcodes) as client:
        assert view(client, CODES[0], headers={"Authorization": f"Bearer {key}"}).status_code == 401
        answers = [
            client.post("/api/v1/sessions", json={"email": address, "password": PASSWORD}, headers=own(client))
            for address in (member.address, email())
        ]
    assert [answer.status_code for answer in answers] == [401, 401]
    assert answers[0].text == answers[1].text


FORMS = {
    "/logout": {},
    "/account/password": {"password": PASSWORD, "new_password": NEW_PASSWORD},
    "/account/lists": {"name": "planted"},
    "/account/api-keys": {"name": "planted", "scope-codes": "on", "expires_in_days": "30"},
    "/account/history/clear": {"what": "all"},
    "/account/sessions/others/end": {},
    "/account/delete": {"confirmation": "delete", "password": PASSWORD},
    "/codes/icd10cm/S73005A/save": {"name": "planted"},
    "/codes/icd10cm/S73005A/note": {"text": "planted"},
}
DOCUMENTS = {
    ("DELETE", "/api/v1/sessions/current"): None,
    ("DELETE", "/api/v1/account/sessions"): None,
    ("DELETE", "/api/v1/account"): {"password": PASSWORD},
    ("PUT", "/api/v1/account/password"): {"password": PASSWORD, "new_password": NEW_PASSWORD},
    ("POST", "/api/v1/account/lists"): {"name": "planted"},
    ("POST", "/api/v1/api-keys"): {"name": "planted", "scopes": ["codes"]},
    ("PUT", "/api/v1/account/notes/icd10cm/S73005A"): {"text": "planted"},
    ("PUT", "/api/v1/account/preferences"): {"keep_search_history": False, "keep_recent_views": False},
}
ELSEWHERE = {
    "cross-site": CROSS_SITE,
    "a neighbour": {"Sec-Fetch-Site": "same-site"},
    "typed": {"Sec-Fetch-Site": "none"},
    "its own name": {"Sec-Fetch-Site": "cross-site", "Origin": "http://127.0.0.1"},
    "an old browser": {"Origin": "https://elsewhere.example"},
    "a sandbox": {"Origin": "null"},
    "another port": {"Origin": "http://127.0.0.1:1"},
    "nothing said": {},
}


@pytest.mark.parametrize("said", ELSEWHERE.values(), ids=ELSEWHERE)
def test_what_another_site_sends_changes_nothing(medcodes, member, said):
    for path, form in FORMS.items():
        answer = member.post(path, data=form, headers=said)
        assert (answer.status_code, "cross-site" in answer.text or "elsewhere" in answer.text) == (403, True), path
    for (method, path), document in DOCUMENTS.items():
        answer = member.request(method, path, json=document, headers=said)
        assert answer.status_code == 403, path
        assert answer.json()["type"] == "/problems/cross-site"
    assert is_alive(medcodes, member.cookies[SESSION])
    assert member.get("/api/v1/account/lists").json()["items"] == []
    assert member.get("/api/v1/account/notes").json()["items"] == []
    assert member.get("/api/v1/api-keys").json()["items"] == []
    assert member.get("/api/v1/account/history").json()["preferences"]["keep_search_history"] is True


def test_another_site_cannot_log_a_visitor_in(medcodes, visitor):
    address = register(visitor)
    log_out(visitor)
    for path, body in (("/login", {"data": {"email": address, "password": PASSWORD}}),
                       ("/register", {"data": {"email": email(), "password": PASSWORD}}),
                       ("/api/v1/sessions", {"json": {"email": address, "password": PASSWORD}})):  # fmt: skip
        answer = visitor.post(path, headers=CROSS_SITE, **body)
        assert answer.status_code == 403
        assert SESSION not in answer.cookies


SIMPLE_TYPES = ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", ""]


@pytest.mark.parametrize("media_type", SIMPLE_TYPES, ids=lambda found: found.partition(";")[0] or "none")
def test_json_is_not_taken_as_what_a_form_can_send(member, media_type):
    body = b'{"name":"planted","scopes":["codes"],"password":"' + PASSWORD.encode() + b'"}'
    for method, path in (
        ("POST", "/api/v1/account/lists"),
        ("POST", "/api/v1/api-keys"),
        ("DELETE", "/api/v1/account"),
    ):
        answer = member.request(method, path, content=body, headers={**own(member), "Content-Type": media_type})
        assert answer.status_code == 415, path
    assert member.get("/api/v1/account/lists").json()["items"] == []


def test_reading_changes_nothing_whatever_method_it_claims(medcodes, member):
    for path in FORMS:
        answer = member.get(path, params={"_method": "POST"}, headers={"X-HTTP-Method-Override": "POST"})
        assert answer.status_code in (200, 404, 405), path
    assert is_alive(medcodes, member.cookies[SESSION])
    assert member.get("/api/v1/account/lists").json()["items"] == []


def test_no_other_site_may_read(member):
    for path in ("/api/v1/account", "/api/v1/account/export", "/account", "/api/v1/codes/icd10cm/S73005A"):
        answer = member.get(path, headers={"Origin": "https://elsewhere.example"})
        assert not [name for name in answer.headers if name.lower().startswith("access-control-")]
        assert answer.headers["Cross-Origin-Resource-Policy"] == "same-origin"
