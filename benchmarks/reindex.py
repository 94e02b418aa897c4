"""Searches at a steady rate while a release is published three times, for both engines.

Topology: `medcodes up --processes` with the bundled ICD-10-CM and the sample set; three more releases of as many
codes, which differ in the sample's wording, are built before. Search n is due n / RATE seconds after the start,
whatever became of those before it, and its time runs from then. First at rest; then each release is published when
search answers from the one before. Every search must be answered with results, from a whole index: each query finds
as many codes in every release.
"""

from __future__ import annotations

import asyncio
import itertools
import shutil
import statistics
import tempfile
import time
from pathlib import Path
from urllib.parse import quote

import aiohttp
import grpc
from medcodes.search.v1 import search_pb2, search_pb2_grpc

from benchmarks.report import Figure
from services.catalog.cli import SAMPLE
from tests.machine import Machine, running

RATE = 20
REST_SECONDS = 30
RELEASES = 3
PATIENCE = 300.0
QUERIES = (
    "hip dislocation",
    "htn w ckd 3",
    "broken collar bone",
    "s73 005 a",
    "type 2 diabetes with foot ulcer",
    "27250",
)
WORDING = "medcodes_plain_wording.tsv"


def measure(rounds: int) -> list[Figure]:
    how = f"{RATE} searches a second through the gateway while {RELEASES} releases are published, against at rest"
    return [
        Figure(f"reindex_{engine}_p99_vs_rest", [_measured(engine)], 5, how, at_most=True)
        for engine in ("tantivy", "opensearch")
    ]


def _measured(engine: str) -> float:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with running(folder / "state", {"MEDCODES_SEARCH": engine}, arguments=("--processes",)) as medcodes:
            medcodes.until_search_answers()
            releases = [_built(medcodes, folder, number) for number in range(RELEASES)]
            rest, busy = asyncio.run(_searched(medcodes, releases))
    print(
        f"  {engine}: at rest {len(rest)} searches, p50 {_ms(rest, 50):.1f} ms, p99 {_ms(rest, 99):.1f} ms; "
        f"reindexing {len(busy)} searches, p50 {_ms(busy, 50):.1f} ms, p99 {_ms(busy, 99):.1f} ms",
        flush=True,
    )
    return _ms(busy, 99) / _ms(rest, 99)


def _built(medcodes: Machine, folder: Path, number: int) -> str:
    """A release with other wording, not yet published."""
    downloads = shutil.copytree(SAMPLE, folder / f"downloads-{number}")
    wording = downloads / WORDING
    wording.write_text(wording.read_text().replace("Hip put back", f"Hip, in wording {number + 7}, put back"))
    done = medcodes.command("data", "import", "--no-publish", "--no-sample", str(downloads))
    if done.returncode:
        raise RuntimeError(done.stderr)
    return done.stdout.split()[-1]


async def _searched(medcodes: Machine, releases: list[str]) -> tuple[list[float], list[float]]:
    async with aiohttp.ClientSession() as http:
        searches = Searches(http, medcodes.url)
        await searches.until(asyncio.create_task(asyncio.sleep(5)))
        rest = await searches.until(asyncio.create_task(asyncio.sleep(REST_SECONDS)))
        busy = await searches.until(asyncio.create_task(_published(medcodes, releases)))
    return rest, busy


async def _published(medcodes: Machine, releases: list[str]) -> None:
    async with grpc.aio.insecure_channel(medcodes.endpoint("search")) as channel:
        stub = search_pb2_grpc.SearchServiceStub(channel)
        for release in releases:
            done = await asyncio.to_thread(medcodes.command, "data", "publish", release)
            if done.returncode:
                raise RuntimeError(done.stderr)
            async with asyncio.timeout(PATIENCE):
                while (await stub.GetIndexStatus(search_pb2.GetIndexStatusRequest())).release != release:
                    await asyncio.sleep(0.1)


class Searches:
    """Raises RuntimeError for an answer that is no good."""

    def __init__(self, http: aiohttp.ClientSession, url: str) -> None:
        self._http, self._url = http, url
        self._totals: dict[str, int] = {}

    async def until(self, work: asyncio.Task[None]) -> list[float]:
        """Seconds that each search took, one every 1 / RATE seconds until the work is done."""
        start, asked = time.perf_counter(), []
        for number, query in enumerate(itertools.cycle(QUERIES)):
            due = start + number / RATE
            await asyncio.sleep(max(0.0, due - time.perf_counter()))
            if work.done():
                break
            asked.append(asyncio.create_task(self._ask(query, due)))
        await work
        return await asyncio.gather(*asked)

    async def _ask(self, query: str, due: float) -> float:
        async with self._http.get(f"{self._url}/api/v1/search?q={quote(query)}") as answer:
            found = await answer.json()
        if answer.status != 200 or found["total"] != self._totals.setdefault(query, found["total"]):
            raise RuntimeError(f"{query!r} was answered with {answer.status}: {str(found)[:200]}")
        return time.perf_counter() - due


def _ms(times: list[float], percent: int) -> float:
    return statistics.quantiles(times, n=100)[percent - 1] * 1000
