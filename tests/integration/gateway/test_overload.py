"""Metering's store stands still while very many ask: who cannot be served is told so soon, and nothing piles up."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from collections import Counter

import httpx
import psutil
import pytest

from tests.machine import copy_state, running

CLIENTS = 500
STILL_SECONDS = 7.0
PAGE, API_PAGE = "/codes/cpt/27250", "/api/v1/codes/cpt/27250"
SENT_AND_UNKNOWN_SECONDS = 5.0
"""Twice metering's time-out, and a little: who was sent to metering before it was known to stand still."""


@pytest.fixture
def machine(seed_state, tmp_path):
    with running(copy_state(seed_state, tmp_path / "state")) as machine:
        machine.until_search_answers()
        yield machine


class Crowd:
    """Guests who ask for a page, each a new one after every answer."""

    def __init__(self, url: str) -> None:
        self._url = url
        self.answers: list[tuple[float, int, float]] = []  # when, status, how long it took
        self.refused: list[str] = []  # guests' cookies

    async def ask_until(self, end: asyncio.Event) -> None:
        limits = httpx.Limits(max_connections=CLIENTS + 10, max_keepalive_connections=CLIENTS + 10)
        async with httpx.AsyncClient(base_url=self._url, timeout=20, limits=limits) as client:
            await asyncio.gather(*(self._ask_until(end, client) for _ in range(CLIENTS)))

    async def _ask_until(self, end: asyncio.Event, client: httpx.AsyncClient) -> None:
        while not end.is_set():
            began = time.monotonic()
            answer = await client.get(PAGE, headers={"Accept": "text/html", "Cookie": ""})
            took = time.monotonic() - began
            client.cookies.clear()
            self.answers.append((began, answer.status_code, took))
            if answer.status_code == 503:
                assert int(answer.headers["retry-after"]) >= 1
                assert "Nothing was charged" in answer.text
                if (cookie := answer.headers.get("set-cookie")) and took < 1:
                    self.refused.append(cookie.partition(";")[0])
                await asyncio.sleep(0.3)


async def test_a_store_that_stands_still_under_500_clients(machine):
    valkey, gateway = machine.pids()["valkey"], psutil.Process(machine.pids()["gateway"])
    receipt = httpx.get(machine.url + PAGE)
    known = "; ".join(cookie.partition(";")[0] for cookie in receipt.headers.get_list("set-cookie"))
    before = gateway.memory_info().rss
    crowd, end = Crowd(machine.url), asyncio.Event()
    os.kill(valkey, signal.SIGSTOP)
    try:
        asking = asyncio.create_task(crowd.ask_until(end))
        stopped = time.monotonic()
        await asyncio.sleep(STILL_SECONDS)
        async with httpx.AsyncClient(base_url=machine.url, timeout=5) as client:
            assert (await client.get(PAGE, headers={"Cookie": known})).status_code == 200
            assert (await client.get("/livez")).status_code == 200
            assert (await client.get("/readyz")).status_code == 200
    finally:
        os.kill(valkey, signal.SIGCONT)
    continued = time.monotonic()
    await asyncio.sleep(4)
    end.set()
    await asking

    # Those whose answer came while it stood still; who was sent to it before it went on may have been granted then.
    during = [(status, took) for began, status, took in crowd.answers if stopped + 1 < began < continued - took]
    assert {status for status, _ in during} == {503}
    assert max(took for _, took in during) < SENT_AND_UNKNOWN_SECONDS
    # All but the batches that find out whether the store answers again are told at once.
    at_once = sum(took < 1 for _, took in during) / len(during)
    assert at_once > 0.8, f"{at_once:.0%} at once"
    assert gateway.memory_info().rss - before < 64 * 2**20
    after = Counter(status for began, status, _ in crowd.answers if began > continued + 2)
    assert after[200] > 200, after
    assert set(after) <= {200, 503}
    await _was_not_charged(machine.url, crowd.refused)


async def _was_not_charged(url: str, refused: list[str]) -> None:
    """Who was refused at once has its view left."""
    assert refused
    async with httpx.AsyncClient(base_url=url, timeout=10) as client:
        for cookie in refused[:: max(1, len(refused) // 50)]:
            meter = (await client.get("/api/v1/meter", headers={"Cookie": cookie})).json()
            assert (meter["used"], meter["remaining"]) == (0, 1)
