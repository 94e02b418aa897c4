"""Receipts at the gateway: a repeat view costs no call, and opens while metering is away."""

from __future__ import annotations

import asyncio
import time

from services.common import errors

PAGE, OTHER = "/api/v1/codes/cpt/27250", "/api/v1/codes/cpt/27252"
ONE = {"email": "one@example.org", "password": "quiet river stone"}
AWAY = errors.Unavailable("away", reason="METER_UNAVAILABLE")


async def test_a_repeat_view_costs_no_call_and_shows_the_meter_as_it_was(gateway, wire):
    client = (await gateway())()
    first = (await client.get(PAGE)).json()["meter"]
    again = (await client.get(PAGE)).json()["meter"]
    assert len(wire.metering.asked) == 1
    assert (first.pop("charged"), again.pop("charged")) == (True, False)
    assert again == first
    assert (await client.get("/codes/cpt/27250")).status_code == 200
    assert (await client.get(PAGE + "?on=2025-11-01")).status_code == 200
    assert len(wire.metering.asked) == 1


async def test_a_retry_of_the_charged_request_says_so_again(gateway):
    client = (await gateway())()
    answers = [await client.get(PAGE, headers={"X-Request-Id": name}) for name in ("try-1", "try-1", "try-2")]
    assert [answer.json()["meter"]["charged"] for answer in answers] == [True, True, False]


async def test_with_metering_away_a_receipt_opens_its_page_and_nothing_else(gateway, wire):
    client = (await gateway())()
    await client.get(PAGE)
    wire.metering.failure = AWAY
    assert (await client.get(PAGE)).status_code == 200
    assert (await client.get("/codes/cpt/27250")).status_code == 200
    refused = await client.get(OTHER)
    assert refused.status_code == 503
    assert refused.json()["type"] == "/problems/meter-unavailable"


async def test_a_header_does_the_same_for_programs(gateway, wire):
    new_client = await gateway()
    client = new_client()
    token = (await client.post("/api/v1/accounts", json=ONE)).json()["token"]
    bearer = {"Authorization": f"Bearer {token}"}
    program = new_client()
    answer = await program.get(PAGE, headers=bearer)
    receipt = {"Medcodes-Receipt": answer.headers["Medcodes-Receipt"]}
    assert "Set-Cookie" not in answer.headers
    wire.metering.failure = AWAY
    again = await program.get(PAGE, headers=bearer | receipt)
    assert again.status_code == 200
    assert again.json()["meter"]["subject"] == "account"
    assert (await program.get(PAGE, headers=bearer)).status_code == 503
    assert (await program.get(OTHER, headers=bearer | receipt)).status_code == 503
    assert (await new_client().get(PAGE, headers=receipt)).status_code == 503  # it is the account's, not a guest's


async def test_another_guest_cannot_use_a_receipt(gateway, wire):
    new_client = await gateway()
    one, other = new_client(), new_client()
    await one.get(PAGE)
    await other.get("/")
    wire.metering.failure = AWAY
    replayed = f"medcodes_guest={other.cookies['medcodes_guest']}; medcodes_receipts={one.cookies['medcodes_receipts']}"
    assert (await new_client().get(PAGE, headers={"Cookie": replayed})).status_code == 503
    forged = one.cookies["medcodes_receipts"].replace("27250", "27252")
    stolen = f"medcodes_guest={one.cookies['medcodes_guest']}; medcodes_receipts={forged}"
    assert (await new_client().get(OTHER, headers={"Cookie": stolen})).status_code == 503


async def test_a_receipt_ends_with_its_grant(gateway, wire):
    client = (await gateway())()
    ends_at = int(time.time()) + 5
    wire.metering.ends_at_ms = ends_at * 1000
    await client.get(PAGE)
    await client.get(PAGE)
    assert len(wire.metering.asked) == 1
    await asyncio.sleep(ends_at + 0.1 - time.time())
    await client.get(PAGE)
    assert len(wire.metering.asked) == 2


async def test_after_a_change_of_plan_the_meter_is_asked_again_if_it_can_be(gateway, wire):
    client = (await gateway(nats_url="nats://127.0.0.1:1"))()
    await client.post("/api/v1/accounts", json=ONE)
    await client.get(PAGE)
    await client.get(PAGE)
    assert len(wire.metering.asked) == 1
    for principal in wire.accounts.credentials.values():
        principal.plan.views = 50
    await client.get(PAGE)
    assert len(wire.metering.asked) == 2
    for principal in wire.accounts.credentials.values():
        principal.plan.views = 60
    wire.metering.failure = AWAY
    assert (await client.get(PAGE)).status_code == 200


async def test_secrets_are_rotated_without_losing_receipts(gateway, wire):
    old, new = "o" * 32, "n" * 32
    client = (await gateway(receipt_secrets=old))()
    await client.get(PAGE)
    cookies = "; ".join(f"{name}={value}" for name, value in client.cookies.items())
    wire.metering.failure = AWAY
    rotated, without = (await gateway(receipt_secrets=f"{new},{old}"))(), (await gateway(receipt_secrets=new))()
    assert (await rotated.get(PAGE, headers={"Cookie": cookies})).status_code == 200
    assert (await without.get(PAGE, headers={"Cookie": cookies})).status_code == 503


async def test_a_prefetch_with_a_receipt_is_handed_out(gateway, wire):
    client = (await gateway())()
    await client.get(PAGE)
    assert (await client.get(PAGE, headers={"Sec-Purpose": "prefetch"})).status_code == 200
    assert len(wire.metering.asked) == 1
