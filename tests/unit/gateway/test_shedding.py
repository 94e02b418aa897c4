"""Who is turned away at the door, and what is said."""

from __future__ import annotations

import asyncio

import pytest

from services.gateway.answers import security_headers
from services.gateway.rendering.templates import Templates
from services.gateway.shedding import BURST, TICK_SECONDS, Door, Refusal
from services.gateway.static_files import StaticFiles

PAGE, HOME = b"/codes/cpt/27250", b"/"
MAX_LAG = 0.05
RECEIPTS = [(b"cookie", b"medcodes_guest=1; medcodes_receipts=2")]


class Watched(Door):
    """Goes by a clock that stands still until a test moves it."""

    behind, now = False, 1000.0

    def __init__(self) -> None:
        super().__init__(lambda: self.behind, max_lag=MAX_LAG, max_requests=100, clock=lambda: self.now)

    def take_long(self) -> None:
        """A turn of the loop that takes long."""
        self.now += MAX_LAG + 2 * TICK_SECONDS


@pytest.fixture
async def door():
    door = Watched()
    watching = asyncio.create_task(door.watch())
    await asyncio.sleep(0)
    yield door
    watching.cancel()


async def test_it_admits_whoever_comes_while_the_loop_comes_round(door):
    for _ in range(10):
        await asyncio.sleep(2 * TICK_SECONDS)
        door.now += MAX_LAG
        assert all(door.admits(PAGE, [], 0) for _ in range(2 * BURST))


async def test_of_those_who_came_in_a_long_turn_a_few_are_let_in_and_then_all_who_come(door):
    door.take_long()
    assert [door.admits(PAGE, [], 0) for _ in range(3 * BURST)] == [True] * BURST + [False] * 2 * BURST
    await asyncio.sleep(2 * TICK_SECONDS)
    assert door.admits(PAGE, [], 0)


async def test_too_many_under_way_are_too_many(door):
    assert door.admits(HOME, [], 99)
    assert not door.admits(HOME, [], 100)


async def test_while_metering_is_behind_code_pages_are_for_those_who_bring_receipts(door):
    door.behind = True
    assert not door.admits(PAGE, [(b"cookie", b"medcodes_guest=1")], 0)
    assert not door.admits(b"/api/v1/codes/cpt/27250?on=2025-01-01", [], 0)
    assert door.admits(PAGE, RECEIPTS, 0)
    assert door.admits(b"/api/v1/codes/cpt/27250", [(b"medcodes-receipt", b"2")], 0)
    assert door.admits(HOME, [], 0)


@pytest.mark.parametrize("path", [b"/livez", b"/readyz", b"/static/medcodes.1.css"])
async def test_what_tells_how_the_server_is_is_never_turned_away(door, path):
    door.take_long()
    assert all(door.admits(path, [], 1000) for _ in range(2 * BURST))


@pytest.mark.parametrize(
    ("path", "accept", "content_type"),
    [
        (PAGE, b"text/html,*/*", "text/html; charset=utf-8"),
        (PAGE, b"application/json", "application/problem+json"),
        (b"/api/v1/codes/cpt/27250", b"text/html", "application/problem+json"),
    ],
)
def test_the_answer_is_503_for_people_and_programs_and_says_when_to_come_again(path, accept, content_type):
    headers = security_headers(https=False)
    refusal = Refusal(Templates(StaticFiles().addresses, {"public_url": ""}), headers)
    asked = [(b"accept", accept), (b"x-request-id", b"mine")]
    answer = refusal.answer(path, asked, with_body=True)
    head, _, body = answer.partition(b"\r\n\r\n")
    status, *lines = head.decode().split("\r\n")
    found = dict(line.split(": ", 1) for line in lines)
    assert status == "HTTP/1.1 503 Service Unavailable"
    assert found["content-type"] == content_type
    assert int(found["content-length"]) == len(body)
    assert (int(found["retry-after"]), found["cache-control"], found["x-request-id"]) == (2, "no-store", "mine")
    assert {name.decode(): value.decode() for name, value in headers}.items() <= found.items()
    assert b"than it can answer" in body
    assert refusal.answer(path, asked, with_body=False) == head + b"\r\n\r\n"
