"""GetCodePage against a gRPC echo of the same payload, one call at a time, the two in turn.

Topology: `medcodes up --processes` (the catalog has a process of its own), the echo server beside it; 200 codes whose
pages were asked for once before, then in another order. `get_code_page_cold_ms` is the first asking.
"""

from __future__ import annotations

import asyncio
import random
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import grpc
from medcodes.catalog.v1 import catalog_pb2

from benchmarks.echo import METHOD
from benchmarks.report import Figure
from services.standalone.ports import free_port
from tests.machine import running

CODES = 200
PAGE = "/medcodes.catalog.v1.CatalogService/GetCodePage"
LIST = "/medcodes.catalog.v1.CatalogService/StreamCodes"
HOW = f"{CODES} pages, one call at a time, in turn with the echo"


def measure(rounds: int) -> list[Figure]:
    with tempfile.TemporaryDirectory() as name, running(Path(name) / "state", arguments=("--processes",)) as medcodes:
        medcodes.until_search_answers()
        port = free_port()
        echo = subprocess.Popen([sys.executable, "-m", "benchmarks.echo", str(port)])
        try:
            return asyncio.run(_measure(medcodes.endpoint("catalog"), f"127.0.0.1:{port}", rounds))
        finally:
            echo.terminate()
            echo.wait(10)


async def _measure(catalog: str, echo: str, rounds: int) -> list[Figure]:
    async with grpc.aio.insecure_channel(catalog) as pages, grpc.aio.insecure_channel(echo) as echoes:
        await asyncio.wait_for(echoes.channel_ready(), 10)
        requests = await _requests(pages)
        page, repeat = pages.unary_unary(PAGE), echoes.unary_unary(METHOD)
        cold = [await _timed(page(request)) for request in requests]
        payloads = [(await page(request)) for request in requests]
        ratios = []
        for number in range(rounds):
            order = list(zip(requests, payloads, strict=True))
            random.Random(number).shuffle(order)
            page_times, echo_times = [], []
            for request, payload in order * 5:
                page_times.append(await _timed(page(request)))
                echo_times.append(await _timed(repeat(payload)))
            ratios.append(statistics.median(page_times) / statistics.median(echo_times))
    return [
        Figure("get_code_page_vs_echo_p50", ratios, 1.5, HOW, at_most=True),
        Figure("get_code_page_cold_ms", [statistics.median(cold) * 1000], None, "the first asking of each page"),
    ]


async def _requests(channel: grpc.aio.Channel) -> list[bytes]:
    """Codes from all over the release, the same ones every time."""
    stream = channel.unary_stream(LIST, response_deserializer=catalog_pb2.StreamCodesResponse.FromString)
    found = [(code.system, code.code) async for batch in stream(b"") for code in batch.codes]
    chosen = random.Random(27250).sample(found, CODES)
    return [catalog_pb2.GetCodePageRequest(system=system, code=code).SerializeToString() for system, code in chosen]


async def _timed(call) -> float:
    began = time.perf_counter()
    await call
    return time.perf_counter() - began
