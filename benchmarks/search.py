"""How long a search takes: embedded, over gRPC, through the gateway, and the same query sent raw to OpenSearch.

Topology: `medcodes up --processes` with the official downloads of MEDCODES_TEST_DATA (without it the bundled ICD-10-CM
and the sample set), once with tantivy and once with a node of OpenSearch. The queries are the project's own of the seen
half of `tests/relevance`, one at a time, each over all ways and in another order every round. Raw are the bodies that
the adapter sends for a query, in as many requests, noted once beforehand; their answers are read and not looked at.
Embedded is the search service's code on the machine's tantivy index, in the process that asks.
"""

from __future__ import annotations

import asyncio
import os
import random
import statistics
import tempfile
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from pathlib import Path
from urllib.parse import quote

import aiohttp
import grpc
import psutil
from medcodes.search.v1 import search_pb2, search_pb2_grpc

from benchmarks import raw_searches
from benchmarks.report import Figure
from services.search.adapters.tantivy_store import TantivyStore
from services.search.ports import SearchIndex
from services.search.service import Question, Search
from tests.machine import Machine, running
from tests.relevance.queries import SEEN, own

DATA = "MEDCODES_TEST_DATA"
INDEX_SECONDS = 600.0
TIMES, MORE_MS = 1.3, 3.0
"""The gateway's answer may take so many times as long as the raw one, or so much longer, whichever is more."""

Ask = Callable[[str], Awaitable[object]]


def measure(rounds: int) -> list[Figure]:
    texts = [query.text for query in own() if query.half == SEEN]
    how = f"{len(texts)} queries, one at a time, {'official downloads' if DATA in os.environ else 'sample set'}"
    embedded = _with_engine("tantivy", texts, rounds)
    cluster = _with_engine("opensearch", texts, rounds)
    raw = statistics.median(_p50s(cluster["raw"]))
    return [
        Figure("search_embedded_p50_ms", _p50s(embedded["embedded"]), None, how + ", in the process that asks"),
        Figure("search_embedded_p95_ms", _p95s(embedded["embedded"]), None, how + ", in the process that asks"),
        Figure("search_tantivy_grpc_p50_ms", _p50s(embedded["grpc"]), None, how),
        Figure("search_tantivy_gateway_p50_ms", _p50s(embedded["gateway"]), None, how),
        Figure("search_tantivy_gateway_p95_ms", _p95s(embedded["gateway"]), None, how),
        Figure("search_opensearch_raw_p50_ms", _p50s(cluster["raw"]), None, how),
        Figure("search_opensearch_grpc_p50_ms", _p50s(cluster["grpc"]), None, how),
        Figure(
            "search_opensearch_gateway_p50_ms",
            _p50s(cluster["gateway"]),
            max(raw * TIMES, raw + MORE_MS),
            f"{how}; {TIMES} times the raw one, or {MORE_MS:.0f} ms more",
            at_most=True,
        ),
        Figure("search_opensearch_gateway_p95_ms", _p95s(cluster["gateway"]), None, how),
        Figure("search_tantivy_mib", [embedded["mib"][0][0]], None, "the search process, after these queries"),
        Figure("search_opensearch_mib", [cluster["mib"][0][0]], None, "the same and the node, heap of at most 512 MiB"),
    ]


def _with_engine(engine: str, texts: Sequence[str], rounds: int) -> Mapping[str, list[list[float]]]:
    """Milliseconds by way and round; under `mib` what the engine takes."""
    settings = {"MEDCODES_SEARCH": engine}
    arguments = ("--processes", *(("--data", os.environ[DATA]) if DATA in os.environ else ()))
    with (
        tempfile.TemporaryDirectory() as name,
        running(Path(name) / "state", settings, arguments) as medcodes,
    ):
        medcodes.until_search_answers(seconds=INDEX_SECONDS)
        found = asyncio.run(_measure(medcodes, engine, texts, rounds))
        mib = sum(_mib(medcodes.pids()[name]) for name in ("search", "opensearch") if name in medcodes.pids())
    return {**found, "mib": [[mib]]}


async def _measure(medcodes: Machine, engine: str, texts: Sequence[str], rounds: int) -> dict[str, list[list[float]]]:
    async with aiohttp.ClientSession() as http, grpc.aio.insecure_channel(medcodes.endpoint("search")) as channel:
        stub = search_pb2_grpc.SearchServiceStub(channel)

        async def gateway(text: str) -> bytes:
            async with http.get(f"{medcodes.url}/api/v1/search?q={quote(text)}") as answer:
                answer.raise_for_status()
                return await answer.read()

        ways: dict[str, Ask] = {
            "gateway": gateway,
            "grpc": lambda text: stub.Search(search_pb2.SearchRequest(q=text)),
        }
        release = (await stub.GetIndexStatus(search_pb2.GetIndexStatusRequest())).release
        if engine == "tantivy":
            ways["embedded"] = await _embedded(medcodes, release)
        else:
            ways["raw"] = await _raw(http, medcodes.endpoint("opensearch"), texts)
        await _round(ways, texts)
        return _by_way(
            [await _round(ways, random.Random(number).sample(texts, len(texts))) for number in range(rounds)]
        )


async def _round(ways: Mapping[str, Ask], texts: Sequence[str]) -> dict[str, list[float]]:
    found: dict[str, list[float]] = {name: [] for name in ways}
    for place, text in enumerate(texts):
        # Whoever asks first asks what nobody has asked just before.
        for name, ask in sorted(ways.items(), key=lambda each: random.Random(f"{place} {each[0]}").random()):
            began = time.perf_counter()
            await ask(text)
            found[name].append((time.perf_counter() - began) * 1000)
    return found


async def _embedded(medcodes: Machine, release: str) -> Ask:
    index: SearchIndex | None = await TantivyStore(medcodes.state_dir / "search").open(release)
    search = Search(lambda: index)
    return lambda text: search.search(Question(text))


async def _raw(http: aiohttp.ClientSession, engine: str, texts: Sequence[str]) -> Ask:
    requests = await raw_searches.noted(engine, texts)
    url = engine.replace("opensearch:", "http:")
    return lambda text: raw_searches.send(http, url, requests[text])


def _by_way(found: Sequence[Mapping[str, list[float]]]) -> dict[str, list[list[float]]]:
    return {name: [each[name] for each in found] for name in found[0]}


def _p50s(found: Sequence[Sequence[float]]) -> list[float]:
    return [statistics.median(times) for times in found]


def _p95s(found: Sequence[Sequence[float]]) -> list[float]:
    return [statistics.quantiles(times, n=20)[-1] for times in found]


def _mib(pid: int) -> float:
    memory = psutil.Process(pid).memory_full_info()
    return float(getattr(memory, "pss", memory.rss)) / 2**20
