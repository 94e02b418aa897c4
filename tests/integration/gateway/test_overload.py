"""Metering's store stands still while very many ask: who cannot be served is told so soon, and nothing piles up."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import time
from collections import Counter

import httpx
import psutil
import pytest

from tests.machine import AS_SHIPPED, copy_state, running

CLIENTS = 500
STILL_SECONDS = 9.0
PAGE = "/codes/cpt/27250"
SENT_AND_UNKNOWN_SECONDS = 6.0
"""Twice metering's time-out, and a little: who was sent to metering before it was known to stand still."""


@pytest.fixture
def machine(sample_state, tmp_path):
    with running(copy_state(sample_state, tmp_path / "state"), AS_SHIPPED) as machine:
        machine.until_search_answers()
        yield machine


class Crowd:
    """Guests who ask for a page, each a new one after every answer, by plain sockets: 500 clients of a library would
    measure the library."""

    def __init__(self, port: int) -> None:
        self._port = port
        self.answers: list[tuple[float, int, float]] = []  # when, status, how long it took

    async def ask_until(self, end: asyncio.Event) -> None:
        await asyncio.gather(*(self._ask_until(end) for _ in range(CLIENTS)))

    async def _ask_until(self, end: asyncio.Event) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", self._port)
        while not end.is_set():
            began = time.monotonic()
            writer.write(f"GET {PAGE} HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept: text/html\r\n\r\n".encode())
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower()
            length = re.search(r"\r\ncontent-length: (\d+)", head)
            body = await reader.readexactly(int(length[1]))
            status = int(head[9:12])
            self.answers.append((began, status, time.monotonic() - began))
            if status == 503:
                assert re.search(r"\r\nretry-after: [1-9]", head)
                assert b"Nothing was charged" in body
                await asyncio.sleep(0.3)
        writer.close()


@pytest.mark.alone
async def test_a_store_that_stands_still_under_500_clients(machine):
    valkey, gateway = machine.pids()["valkey"], psutil.Process(machine.pids()["gateway"])
    receipt = httpx.get(machine.url + PAGE, timeout=30)
    known = "; ".join(cookie.partition(";")[0] for cookie in receipt.headers.get_list("set-cookie"))
    guest = httpx.get(machine.url + "/", timeout=30).headers["set-cookie"].partition(";")[0]
    before = gateway.memory_info().rss
    crowd, end = Crowd(machine.port), asyncio.Event()
    os.kill(valkey, signal.SIGSTOP)
    try:
        asking = asyncio.create_task(crowd.ask_until(end))
        stopped = time.monotonic()
        await asyncio.sleep(STILL_SECONDS)
        async with httpx.AsyncClient(base_url=machine.url, timeout=10) as client:
            assert (await client.get(PAGE, headers={"Cookie": known})).status_code == 200
            turned_away = await client.get(PAGE, headers={"Cookie": guest})
            assert (turned_away.status_code, turned_away.elapsed.total_seconds() < 3) == (503, True)
            assert (await client.get("/livez")).status_code == 200
            assert (await client.get("/readyz")).status_code == 200
    finally:
        os.kill(valkey, signal.SIGCONT)
    continued = time.monotonic()
    await asyncio.sleep(5)
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
    assert await _used(machine.url, guest) == 0


async def _used(url: str, guest: str) -> int:
    async with httpx.AsyncClient(base_url=url, timeout=10) as client:
        return (await client.get("/api/v1/meter", headers={"Cookie": guest})).json()["used"]
