"""Members at the gateway: who they are, for how long it is remembered, and what happens when a part is away."""

from __future__ import annotations

import asyncio
import re
import time

import pytest
from medcodes.events.v1 import events_pb2
from medcodes.metering.v1 import metering_pb2

from services.common import errors
from services.common.events import Bus, Event

PAGE, API_PAGE, API_OTHER = "/codes/cpt/27250", "/api/v1/codes/cpt/27250", "/api/v1/codes/cpt/27252"
ONE = {"email": "one@example.org", "password": "quiet river stone"}
OTHER = {"email": "other@example.org", "password": "quiet river stone"}
AWAY = errors.Unavailable("the store is away", reason="STORE_UNAVAILABLE")


async def eventually(condition, seconds=30):
    began = time.monotonic()
    while not await condition():
        assert time.monotonic() - began < seconds
        await asyncio.sleep(0.02)


async def registered(gateway_client, person=ONE):
    answer = await gateway_client.post("/api/v1/accounts", json=person)
    assert answer.status_code == 201, answer.text
    return answer.json()["token"]


@pytest.fixture
async def bus(nats_server):
    """Of accounts, whose stream it makes: without one a gateway watches nothing, and so remembers nobody."""
    bus = Bus(nats_server.url, "test")
    await bus.start()
    await bus.wait_connected()
    await bus.ensure_accounts_stream()
    yield bus
    await bus.stop()


@pytest.fixture
async def watching(gateway, wire, bus):
    """What gives clients of a gateway that watches the sessions: one that has just started remembers nobody yet."""
    new_client = await gateway()
    client = new_client()
    await registered(client, OTHER)

    async def is_remembered():
        wire.accounts.resolved = 0
        await client.get("/api/v1/account")
        return wire.accounts.resolved == 0

    await eventually(is_remembered)
    return new_client


async def test_it_is_ready_once_it_knows_what_registering_gives(gateway, wire):
    """Accounts serves, and what it is asked for fails still."""
    wire.accounts.failure = AWAY
    client = (await gateway())()

    async def waits_for_accounts():
        return (await client.get("/readyz")).json() == {"ready": False, "failing": ["accounts"]}

    async def is_ready():
        return (await client.get("/readyz")).status_code == 200

    await eventually(waits_for_accounts)
    wire.accounts.failure = None
    await eventually(is_ready)
    assert "Register free to view 5 more" in " ".join(re.sub(r"<[^>]+>", "", (await client.get("/")).text).split())


async def test_registering_passes_the_guest_of_the_cookie_and_opens_the_sections(gateway, wire):
    client = (await gateway())()
    locked = await client.get(API_PAGE)
    assert locked.json()["meter"]["subject"] == "guest"
    assert locked.json()["sections"]["modifiers"]["access"] == "register"
    guest = wire.metering.asked[0].subject
    await registered(client)
    assert wire.accounts.registrations[0].guest.id == guest.id

    opened = await client.get(API_PAGE)
    assert opened.json()["sections"]["modifiers"]["access"] == "open"
    assert opened.json()["meter"]["subject"] == "account"
    subject = wire.metering.asked[-1].subject
    assert subject.kind == metering_pb2.SUBJECT_KIND_ACCOUNT
    assert (subject.allowance.views, subject.registered_from.id) == (5, guest.id)


async def test_a_registration_without_a_cookie_has_no_guest(gateway, wire):
    client = (await gateway())()
    await registered(client)
    assert not wire.accounts.registrations[0].HasField("guest")


async def test_a_guests_answer_never_holds_a_members_bytes(gateway):
    new_client = await gateway()
    member, guest = new_client(), new_client()
    await registered(member)
    secret = "Bilateral"
    for _ in range(2):
        assert secret in (await member.get(PAGE)).text
        page = (await guest.get(PAGE)).text
        assert secret not in page
        assert "Your shelf" not in page
        assert "/account" not in page


async def test_many_requests_of_a_session_ask_once(watching, wire):
    client = watching()
    await registered(client)
    wire.accounts.delay = 0.2
    answers = await asyncio.gather(*(client.get(API_PAGE) for _ in range(30)))
    assert {answer.status_code for answer in answers} == {200}
    assert wire.accounts.resolved == 1


async def test_one_who_goes_away_does_not_take_the_answer_from_the_others(watching, wire):
    client = watching()
    token = await registered(client)
    wire.accounts.delay = 0.5
    impatient = watching(cookies={"medcodes_session": token})
    leaving = asyncio.create_task(impatient.get(API_PAGE))
    await asyncio.sleep(0.1)
    staying = asyncio.create_task(client.get(API_PAGE))
    await asyncio.sleep(0.1)
    leaving.cancel()
    assert (await staying).status_code == 200
    assert wire.accounts.resolved == 1


async def test_accounts_away_known_sessions_go_on_and_others_get_503(watching, wire):
    known, other = watching(), watching()
    await registered(known)
    assert (await known.get(API_PAGE)).status_code == 200
    wire.accounts.failure = AWAY
    assert (await known.get(API_OTHER)).json()["meter"]["subject"] == "account"
    answer = await other.get(API_OTHER, headers={"Cookie": "medcodes_session=mcs_somebody"})
    assert answer.status_code == 503
    assert int(answer.headers["Retry-After"]) >= 1
    assert all(one.subject.kind == metering_pb2.SUBJECT_KIND_ACCOUNT for one in wire.metering.asked)
    assert (await other.get(API_OTHER)).status_code == 200  # guests are not concerned


@pytest.mark.parametrize("kind", ["accounts.session.ended", "accounts.plan.changed", "accounts.account.deleted"])
async def test_what_ends_or_changes_a_session_is_heard_of(watching, wire, bus, kind):
    client = watching()
    await registered(client)
    assert (await client.get("/api/v1/account")).status_code == 200
    asked = wire.accounts.resolved
    account_id = next(one.id for one in wire.accounts.accounts.values() if one.email == ONE["email"])
    payload = {
        "accounts.session.ended": events_pb2.SessionEnded(account_id=account_id),
        "accounts.plan.changed": events_pb2.PlanChanged(account_id=account_id),
        "accounts.account.deleted": events_pb2.AccountDeleted(account_id=account_id),
    }[kind]
    await bus.publish(Event(kind, "accounts", payload))

    async def is_asked_again():
        await client.get("/api/v1/account")
        return wire.accounts.resolved > asked

    await eventually(is_asked_again)
    assert wire.accounts.resolved > asked


async def test_without_nats_every_request_asks_accounts(gateway, wire):
    client = (await gateway(nats_url="nats://127.0.0.1:1"))()
    await registered(client)
    for number in range(1, 4):
        assert (await client.get("/api/v1/account")).status_code == 200
        assert wire.accounts.resolved == number
    wire.accounts.credentials.clear()  # logged out elsewhere: seen at once
    assert (await client.get("/api/v1/account")).status_code == 401


async def test_an_ended_session_is_cleared_and_its_visitor_the_guest_of_its_cookie(gateway, wire):
    client = (await gateway())()
    await client.get(API_PAGE)
    guest = wire.metering.asked[-1].subject.id
    await registered(client)
    wire.accounts.credentials.clear()
    answer = await client.get(API_OTHER)
    assert answer.status_code == 200
    assert answer.json()["meter"]["subject"] == "guest"
    assert wire.metering.asked[-1].subject.id == guest
    assert "medcodes_session" not in client.cookies


async def test_an_erased_account_is_logged_out_at_once(gateway, wire):
    new_client = await gateway()
    client, program = new_client(), new_client()
    token = await registered(client)
    await client.get(API_PAGE)
    erased = metering_pb2.ViewResult(outcome=metering_pb2.VIEW_OUTCOME_ERASED)
    wire.metering.next_outcome = [erased]
    answer = await client.get("/codes/cpt/27253")
    assert answer.status_code == 200
    assert "Bilateral" not in answer.text
    assert "medcodes_session" not in client.cookies
    wire.metering.next_outcome = [erased]
    answer = await program.get("/api/v1/codes/cpt/27254", headers={"Authorization": f"Bearer {token}"})
    assert answer.status_code == 401


async def test_a_bearer_beats_a_cookie_and_an_invalid_one_is_no_guest(gateway, wire):
    new_client = await gateway()
    client = new_client()
    token = await registered(client)
    program = new_client(cookies={"medcodes_session": token})
    answer = await program.get(API_PAGE, headers={"Authorization": "Bearer mck_nothing"})
    assert answer.status_code == 401
    assert wire.metering.asked == []
    answer = await new_client().get(API_PAGE, headers={"Authorization": f"bearer {token}"})
    assert answer.json()["meter"]["subject"] == "account"
    assert "Set-Cookie" not in answer.headers


@pytest.mark.parametrize(
    ("scope", "path", "status"),
    [
        ("codes", API_PAGE, 200),
        ("search", API_PAGE, 403),
        ("search", API_PAGE + "/sections/modifiers", 403),
        ("codes", API_PAGE + "/sections/modifiers", 200),
        ("codes", "/api/v1/search?q=27250", 403),
        ("codes", "/api/v1/suggest?q=27250", 403),
        ("search", "/api/v1/search?q=27250", 200),
        ("shelf", "/api/v1/account/lists", 200),
        ("codes", "/api/v1/account/lists", 403),
        ("codes", "/api/v1/account/views", 200),
        ("shelf", "/api/v1/account/views", 403),
        ("codes", "/api/v1/account", 403),
        ("codes", "/api/v1/api-keys", 403),
        ("shelf", "/api/v1/account/export", 403),
        ("shelf", "/api/v1/meter", 200),
    ],
)
async def test_an_api_key_may_do_what_its_scopes_say(gateway, scope, path, status):
    new_client = await gateway()
    client = new_client()
    await registered(client)
    made = await client.post("/api/v1/api-keys", json={"name": "program", "scopes": [scope]})
    assert made.status_code == 201
    answer = await new_client().get(path, headers={"Authorization": f"Bearer {made.json()['key']}"})
    assert answer.status_code == status, answer.text
    if status == 403:
        assert answer.json()["type"] == "/problems/scope-missing"


async def test_a_network_that_has_had_its_guests_is_told_when_to_come_again(gateway, wire):
    client = (await gateway())()
    outcome = metering_pb2.VIEW_OUTCOME_NETWORK_EXHAUSTED
    wire.metering.next_outcome = [metering_pb2.ViewResult(outcome=outcome, retry_after_seconds=77)]
    answer = await client.get(API_PAGE)
    assert answer.status_code == 429
    assert answer.headers["Retry-After"] == "77"


async def test_the_network_of_a_guest_is_told_only_as_far_as_proxies_are_trusted(gateway, wire):
    spoofed = {"X-Forwarded-For": "203.0.113.9, 198.51.100.7"}
    await (await gateway())().get(API_PAGE, headers=spoofed)
    assert wire.metering.asked[-1].subject.network == ""  # loopback
    behind = await gateway(trusted_proxies="127.0.0.0/8, 198.51.100.0/24")
    await behind().get(API_PAGE, headers=spoofed)
    network = wire.metering.asked[-1].subject.network
    assert len(network) >= 16
    await behind().get(API_PAGE, headers={"X-Forwarded-For": "1.2.3.4, 203.0.113.200, 198.51.100.8"})
    assert wire.metering.asked[-1].subject.network == network


async def test_views_and_searches_are_recorded_beside_the_answer(gateway, wire):
    client = (await gateway())()
    await registered(client)
    for _ in range(3):
        await client.get(API_PAGE)
    await client.get("/api/v1/search", params={"q": "hip"})

    async def recorded():
        return wire.shelf.viewed and wire.shelf.searched

    await eventually(recorded)
    assert (wire.shelf.viewed, wire.shelf.searched) == ([("cpt", "27250")], ["hip"])
