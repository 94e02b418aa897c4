"""How many views metering decides a second over gRPC, each on Valkey's disk before it is answered.

Topology: `medcodes up --processes` (metering has a process of its own), Valkey with `appendfsync always`, NATS with the
ledger, to which the relay writes meanwhile; one client that keeps 4 calls under way, as two gateways do, of 128 views
each, every one the first view of a new subject: guests and accounts in turn. Requests are serialized beforehand and
answers read afterwards; one that is not a grant fails the run.
"""

from __future__ import annotations

import asyncio
import itertools
import secrets
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import grpc
from medcodes.metering.v1 import metering_pb2 as pb

from benchmarks.report import Figure
from tests.machine import running

METHOD = "/medcodes.metering.v1.MeteringService/ConsumeViews"
BATCH = 128
CALLS = 4
BATCHES = 1000
GOAL = 20_000
HOW = f"1 metering process, appendfsync always, {CALLS} calls of {BATCH} under way, first views, half of them accounts'"


def measure(rounds: int) -> list[Figure]:
    with tempfile.TemporaryDirectory() as name, running(Path(name) / "state", arguments=("--processes",)) as medcodes:
        medcodes.until_search_answers()
        rates = asyncio.run(_measure(medcodes.endpoint("metering"), rounds))
    return [Figure("metering_batch_decisions_per_s", rates, GOAL, HOW)]


async def _measure(address: str, rounds: int) -> list[float]:
    rates = []
    async with grpc.aio.insecure_channel(address) as channel:
        consume = channel.unary_unary(METHOD)
        await _rate(consume, _batches(BATCHES // 10))  # warms up
        for _ in range(rounds):
            rates.append(await _rate(consume, _batches(BATCHES)))
            print(f"  {rates[-1]:,.0f} decisions/s", flush=True)
    return rates


async def _rate(consume: grpc.aio.UnaryUnaryMultiCallable, batches: list[bytes]) -> float:
    waiting = iter(batches)

    async def call() -> list[bytes]:
        return [await consume(batch) for batch in waiting]

    began = time.perf_counter()
    answers = await asyncio.gather(*(call() for _ in range(CALLS)))
    seconds = time.perf_counter() - began
    read = pb.ConsumeViewsResponse.FromString
    results = [result for of_call in answers for answer in of_call for result in read(answer).results]
    if len(results) != len(batches) * BATCH or any(not result.charged for result in results):
        raise RuntimeError("not every view was granted: the figure would mean nothing")
    return len(results) / seconds


def _batches(count: int) -> list[bytes]:
    subjects = _subjects()
    return [
        pb.ConsumeViewsRequest(items=[_view(next(subjects)) for _ in range(BATCH)]).SerializeToString()
        for _ in range(count)
    ]


def _view(subject: pb.Subject) -> pb.ViewRequest:
    return pb.ViewRequest(subject=subject, system="cpt", code="27250", request_id=secrets.token_hex(16))


def _subjects() -> Iterator[pb.Subject]:
    five = pb.Allowance(views=5)
    for number in itertools.count():
        name = secrets.token_urlsafe(16)
        if number % 2:
            yield pb.Subject(kind=pb.SUBJECT_KIND_ACCOUNT, id=name, allowance=five)
        else:
            yield pb.Subject(kind=pb.SUBJECT_KIND_GUEST, id=name, issued_at=int(time.time()) - 60)
