"""Tokens that are forged, changed, borrowed or used again: guest cookies, receipts, mailed links, API keys."""

from __future__ import annotations

import sqlite3
import time
from contextlib import closing

import pytest
from medcodes.metering.v1 import metering_pb2

from services.gateway.visitors.guests import load_key
from services.gateway.visitors.receipts import LIFETIME_SECONDS, Receipts, derived_key, entry
from tests.e2e.attackers import mailed_token
from tests.e2e.people import CODES, PASSWORD, email, own, register, somebody, view

GUEST, RECEIPTS = "medcodes_guest", "medcodes_receipts"
HELD, OTHER, *_ = CODES


@pytest.fixture
def guest(medcodes):
    """A guest who has used up what it may view."""
    with somebody(medcodes) as client:
        view(client, HELD)
        yield client


def flipped(value: str, position: int) -> str:
    return value[:position] + ("A" if value[position] != "A" else "B") + value[position + 1 :]


def forgeries(value: str) -> list[str]:
    """The value with one character changed here and there, cut short, and with more behind it."""
    end = len(value)
    changed = [flipped(value, position) for position in (0, 5, end // 2, end - 44, end - 20, end - 2)]
    return [*changed, value[:-1], value[: end // 2], value + "A", value + value, "", ".", "..", "~~~"]


def test_a_forged_guest_cookie_is_nobodys(medcodes, guest):
    for forged in forgeries(guest.cookies[GUEST]):
        with somebody(medcodes, headers={"Cookie": f"{GUEST}={forged}"}) as forger:
            answer = forger.get("/api/v1/meter")
            assert answer.json()["used"] == 0, forged
            assert answer.cookies[GUEST] not in (forged, guest.cookies[GUEST])


def test_the_signature_of_one_guest_is_no_other_guests(medcodes, guest):
    with somebody(medcodes) as other:
        other.get("/")
        mine, yours = (client.cookies[GUEST].rpartition(".") for client in (guest, other))
        crossed = {"Cookie": f"{GUEST}={mine[0]}.{yours[2]}"}
        assert medcodes_meter(medcodes, crossed)["used"] == 0


def medcodes_meter(medcodes, headers) -> dict:
    with somebody(medcodes, headers=headers) as client:
        return client.get("/api/v1/meter").json()


def receipt_of(medcodes, guest, code: str, *, granted: float) -> str:
    """A receipt made with the machine's own key, as if metering had granted the code."""
    receipts = Receipts([derived_key(load_key("", medcodes.state_dir))], secure=False)
    subject = b"g." + guest.cookies[GUEST].partition(".")[0].encode()
    made = metering_pb2.ViewResult(granted_at_ms=int(granted * 1000), meter=metering_pb2.Meter(limit=1, used=1))
    return receipts.single(subject, b"", made, entry("icd10cm", code, made, "", granted)).decode()


def test_a_receipt_opens_its_page_for_its_subject_until_it_expires(medcodes, guest):
    """The control of the tests below: a receipt is believed, and only what is wrong with them is not."""
    now = time.time()
    good = receipt_of(medcodes, guest, OTHER, granted=now)
    expired = receipt_of(medcodes, guest, OTHER, granted=now - LIFETIME_SECONDS - 60)
    assert view(guest, OTHER, headers={"Medcodes-Receipt": expired}).status_code == 403
    assert view(guest, OTHER, headers={"Medcodes-Receipt": good}).status_code == 200
    assert view(guest, OTHER).status_code == 403


def test_a_receipt_of_somebody_else_opens_nothing(medcodes, guest):
    with somebody(medcodes) as other, somebody(medcodes) as member:
        register(member)
        lent = [view(client, OTHER).headers["Medcodes-Receipt"] for client in (other, member)]
        books = [client.cookies[RECEIPTS] for client in (other, member)]
    for receipt in lent:
        assert view(guest, OTHER, headers={"Medcodes-Receipt": receipt}).status_code == 403
    cookie = f"{GUEST}={guest.cookies[GUEST]}; {RECEIPTS}="
    for book in books:
        assert view(guest, OTHER, headers={"Cookie": cookie + book}).status_code == 403


def test_a_forged_receipt_opens_nothing(medcodes, guest):
    good = receipt_of(medcodes, guest, OTHER, granted=time.time())
    without_receipts = {"Cookie": f"{GUEST}={guest.cookies[GUEST]}"}
    theirs = view(guest, HELD, headers=without_receipts).headers["Medcodes-Receipt"]
    for forged in [*forgeries(good), theirs.replace(HELD, OTHER)]:
        assert view(guest, OTHER, headers={"Medcodes-Receipt": forged}).status_code == 403, forged
    assert view(guest, OTHER, headers={"Medcodes-Receipt": good}).status_code == 200


def test_a_receipt_charges_nobody_and_shows_only_its_own_code(medcodes, guest):
    receipt = receipt_of(medcodes, guest, OTHER, granted=time.time())
    third = view(guest, CODES[2], headers={"Medcodes-Receipt": receipt})
    assert third.status_code == 403
    assert third.json()["meter"]["charged"] is False


def asked_for_reset(client, address: str) -> str:
    assert client.post("/forgot", data={"email": address}).status_code == 200
    return mailed_token(client, address, "reset")


def reset(client, token: str, password: str) -> int:
    return client.post("/reset", data={"token": token, "new_password": password}).status_code


def test_a_reset_link_works_once_and_only_the_newest(medcodes, guest):
    address = register(guest)
    with somebody(medcodes) as elsewhere:
        first = asked_for_reset(elsewhere, address)
        elsewhere.post("/forgot", data={"email": address})
        began = time.monotonic()
        while (second := mailed_token(elsewhere, address, "reset")) == first:
            assert time.monotonic() - began < 60
            time.sleep(0.1)
        assert reset(elsewhere, first, "first river stone") == 422
        assert reset(elsewhere, flipped(second, 20), "first river stone") == 422
        assert reset(elsewhere, second, "short") == 422  # which leaves the link as it is
        assert reset(elsewhere, second, "second river stone") == 303
        assert reset(elsewhere, second, "third river stone") == 422
        for password, status in ((PASSWORD, 401), ("third river stone", 401), ("second river stone", 201)):
            body = {"email": address, "password": password}
            assert elsewhere.post("/api/v1/sessions", json=body, headers=own(elsewhere)).status_code == status


def test_a_link_to_verify_sets_no_password(medcodes, guest):
    address = register(guest)
    verify = mailed_token(guest, address, "verify")
    with somebody(medcodes) as elsewhere:
        assert reset(elsewhere, verify, "another river stone") == 422
        assert elsewhere.post("/verify", data={"token": asked_for_reset(elsewhere, address)}).status_code == 422


def test_a_link_expires(medcodes, guest):
    address = register(guest)
    with somebody(medcodes) as elsewhere:
        token = asked_for_reset(elsewhere, address)
        [database] = (medcodes.state_dir / "accounts").glob("*.db")
        with closing(sqlite3.connect(database, timeout=10)) as connection, connection:
            connection.execute(
                "UPDATE links SET expires_at_ms = ? WHERE account_id = (SELECT id FROM accounts WHERE email = ?)",
                (int(time.time() * 1000) - 1, address),
            )
        assert reset(elsewhere, token, "another river stone") == 422


@pytest.mark.parametrize("scheme", ["Bearer ", "bearer  ", "Basic ", "Token ", ""])
def test_what_is_no_credential_is_never_taken_for_a_guest(medcodes, scheme):
    for value in ("mcs_", "mck_", "mcl_x", "x" * 5000, "é", "mcs_' OR 1=1 --"):
        header = f"{scheme}{value}".encode()
        with somebody(medcodes, headers={"Authorization": header}) as program:
            answer = view(program, HELD)
            assert answer.status_code == 401, header
            assert GUEST not in answer.cookies


def test_an_api_key_does_not_manage_its_account(medcodes, guest):
    register(guest, email())
    body = {"name": "program", "scopes": ["codes", "search", "shelf"]}
    key = guest.post("/api/v1/api-keys", json=body, headers=own(guest)).json()["key"]
    with somebody(medcodes, headers={"Authorization": f"Bearer {key}"}) as program:
        for method, path, document in (
            ("GET", "/api/v1/account", None),
            ("GET", "/api/v1/account/export", None),
            ("GET", "/api/v1/account/sessions", None),
            ("DELETE", "/api/v1/sessions/current", None),
            ("POST", "/api/v1/api-keys", body),
            ("DELETE", "/api/v1/account", {"password": PASSWORD}),
        ):
            assert program.request(method, path, json=document).status_code == 403, path
    with somebody(medcodes, cookies={"medcodes_session": key}) as browser:
        assert browser.get("/account").status_code in (303, 403)


def test_what_belongs_to_another_account_is_not_to_be_had(medcodes, guest):
    register(guest)
    headers = own(guest)
    mine = guest.post("/api/v1/account/lists", json={"name": "mine"}, headers=headers).json()["id"]
    session = guest.get("/api/v1/account/sessions").json()["items"][0]["id"]
    key = guest.post("/api/v1/api-keys", json={"name": "a", "scopes": ["codes"]}, headers=headers).json()["id"]
    with somebody(medcodes) as other:
        register(other)
        for method, path, document in (
            ("PATCH", f"/api/v1/account/lists/{mine}", {"name": "theirs"}),
            ("DELETE", f"/api/v1/account/lists/{mine}", None),
            ("PUT", f"/api/v1/account/lists/{mine}/codes/icd10cm/{HELD}", None),
            ("DELETE", f"/api/v1/account/sessions/{session}", None),
            ("DELETE", f"/api/v1/api-keys/{key}", None),
        ):
            assert other.request(method, path, json=document, headers=own(other)).status_code == 404, path
    assert [one["name"] for one in guest.get("/api/v1/account/lists").json()["items"]] == ["mine"]
    assert [one["id"] for one in guest.get("/api/v1/api-keys").json()["items"]] == [key]
