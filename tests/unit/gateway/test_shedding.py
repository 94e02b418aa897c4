"""Who is turned away at the door, and what is said."""

from __future__ import annotations

import asyncio
import time

import pytest

from services.gateway.answers import security_headers
from services.gateway.rendering.templates import Templates
from services.gateway.shedding import TICK_SECONDS, Door, TooBusy
from services.gateway.static_files import StaticFiles

PAGE = b"/codes/cpt/27250"
MAX_LAG = 0.05


@pytest.fixture
async def door():
    door = Door(max_lag=MAX_LAG, max_requests=100)
    watching = asyncio.create_task(door.watch())
    await asyncio.sleep(0)
    yield door
    watching.cancel()


def take_long():
    """A turn of the loop that takes long."""
    time.sleep(MAX_LAG + 2 * TICK_SECONDS)


async def test_it_admits_whoever_comes_while_the_loop_comes_round(door):
    for _ in range(10):
        await asyncio.sleep(TICK_SECONDS / 2)
        assert door.admits(PAGE, 0)


async def test_what_arrived_during_a_long_turn_is_turned_away_and_what_comes_next_is_not(door):
    take_long()
    assert not door.admits(PAGE, 0)
    assert not door.admits(PAGE, 0)
    await asyncio.sleep(0.001)
    assert door.admits(PAGE, 0)


async def test_too_many_under_way_are_too_many(door):
    assert door.admits(PAGE, 99)
    assert not door.admits(PAGE, 100)


@pytest.mark.parametrize("path", [b"/livez", b"/readyz", b"/static/medcodes.1.css"])
async def test_what_tells_how_the_server_is_is_never_turned_away(door, path):
    take_long()
    assert door.admits(path, 1000)


@pytest.mark.parametrize(
    ("path", "accept", "content_type"),
    [
        ("/codes/cpt/27250", b"text/html,*/*", b"text/html; charset=utf-8"),
        ("/codes/cpt/27250", b"application/json", b"application/problem+json"),
        ("/api/v1/codes/cpt/27250", b"text/html", b"application/problem+json"),
    ],
)
async def test_the_answer_is_503_for_people_and_programs_and_says_when_to_come_again(path, accept, content_type):
    sent, headers = [], security_headers(https=False)
    too_busy = TooBusy(Templates(StaticFiles().addresses, {"public_url": ""}), headers)

    async def send(message):
        sent.append(message)

    await too_busy({"path": path, "headers": [(b"accept", accept), (b"x-request-id", b"mine")]}, None, send)
    start, body = sent
    found = dict(start["headers"])
    assert start["status"] == 503
    assert found[b"content-type"] == content_type
    assert int(found[b"content-length"]) == len(body["body"])
    assert (int(found[b"retry-after"]), found[b"cache-control"], found[b"x-request-id"]) == (2, b"no-store", b"mine")
    assert set(headers) <= set(start["headers"])
    assert b"than it can answer" in body["body"]
