"""How much of a bare handler's speed is left once a view is metered.

Topology: one gateway process, one process with catalog, search and metering, Valkey (`appendfsync always`), NATS with
the ledger; the baselines run on the same uvicorn, beside them; wrk with one thread and 32 connections. Guest cookies
are made beforehand, each is used once.
"""

from __future__ import annotations

import contextlib
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import httpx

from benchmarks import load
from benchmarks.report import Figure
from services.gateway.guests import GuestCookies, load_key
from services.standalone.ports import free_port
from tests.machine import Machine, running

SECONDS = 4
CONNECTIONS = 32
COOKIES_A_ROUND = 40_000
PATH = "/codes/cpt/27250"
HOW = "1 gateway, 1 services process, 32 connections, guest cookies made beforehand"


def measure(rounds: int) -> list[Figure]:
    with tempfile.TemporaryDirectory() as name, running(Path(name) / "state") as medcodes:
        medcodes.until_search_answers()  # the index is built, so nothing else runs on this machine
        folder = Path(name)
        page = folder / "page.html"
        page.write_bytes(_page(medcodes))
        with _bare(page, medcodes.endpoint("valkey")) as bare:
            return _rounds(medcodes, bare, folder, rounds)


def _rounds(medcodes: Machine, bare: str, folder: Path, rounds: int) -> list[Figure]:
    against_bare, against_limits = [], []
    _measure(bare + "/bare", _cookies(medcodes, folder, 1000), folder, 1)
    _measure(medcodes.url + PATH, _cookies(medcodes, folder, COOKIES_A_ROUND), folder, 1)
    for _ in range(rounds):
        views = _measure(medcodes.url + PATH, _cookies(medcodes, folder, COOKIES_A_ROUND), folder, SECONDS)
        plain = _measure(bare + "/bare", _cookies(medcodes, folder, COOKIES_A_ROUND), folder, SECONDS)
        limited = _measure(bare + "/limits", _cookies(medcodes, folder, COOKIES_A_ROUND), folder, SECONDS)
        print(f"  first view {views:,.0f}/s, bare {plain:,.0f}/s, limits {limited:,.0f}/s", flush=True)
        against_bare.append(views / plain)
        against_limits.append(views / limited)
    return [
        Figure("first_view_vs_bare", against_bare, 0.5, HOW + "; a bare FastAPI handler on uvicorn"),
        Figure("first_view_vs_limits", against_limits, 1.3, HOW + "; the handler behind limits' fixed window"),
    ]


def _measure(url: str, cookies: Path, folder: Path, seconds: int) -> float:
    found = load.wrk(url, seconds=seconds, connections=CONNECTIONS, cookies=cookies, folder=folder)
    if found.errors:
        raise RuntimeError(f"{found.errors} requests to {url} failed: the figure would mean nothing")
    return found.requests_per_second


def _cookies(medcodes: Machine, folder: Path, count: int) -> Path:
    guests = GuestCookies(load_key("", medcodes.state_dir), secure=False)
    path = folder / "cookies.txt"
    now = time.time()
    path.write_text("".join(guests.issue(now)[1].decode().partition(";")[0] + "\n" for _ in range(count)))
    return path


def _page(medcodes: Machine) -> bytes:
    with medcodes.client() as client:
        answer = client.get(PATH)
        answer.raise_for_status()
        return answer.content


@contextlib.contextmanager
def _bare(page: Path, valkey_url: str) -> Iterator[str]:
    port = free_port()
    process = subprocess.Popen([sys.executable, "-m", "benchmarks.bare", str(page), str(port), valkey_url])
    url = f"http://127.0.0.1:{port}"
    try:
        _until_answers(url + "/bare")
        yield url
    finally:
        process.terminate()
        process.wait(10)


def _until_answers(url: str) -> None:
    for _ in range(200):
        with contextlib.suppress(httpx.HTTPError):
            if httpx.get(url).status_code == 200:
                return
        time.sleep(0.05)
    raise RuntimeError(f"{url} does not answer")
