"""First views that come at a constant rate, whether or not the ones before are answered (`arrivals.py`).

Topology: that of `views.py`, one process of the bare handler beside it, and the generator of arrivals, which takes some
30 microseconds of this machine's time for each. In every round wrk finds the peaks again (32 connections, 4 s).

- `p99_at_half_load_vs_bare`: both are offered the same rate, half of the peak of first views, and the 99th percentiles
  compared. Half of *its* peak would be more for the bare handler, and so kinder to us.
- `goodput_at_twice_capacity`: twice the peak of first views is offered. Good is what is answered 200 within a second of
  when it was due; who is not answered by then goes away. What is shed must be answered 503, and counts for nothing.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

from benchmarks import bare, load, visitors
from benchmarks.arrivals import Arrivals, arrive
from benchmarks.report import Figure
from benchmarks.views import CONNECTIONS, GUESTS_A_ROUND, HOW, page
from tests.machine import Machine, running

SECONDS = 4
HALF_LOAD_SECONDS = 8
OVERLOAD_SECONDS = 6
BOUND = 1.0
"""Seconds within which an answer is good."""

PATIENCE = 10.0
"""Seconds that visitors wait where all must be answered."""


def measure(rounds: int) -> list[Figure]:
    with tempfile.TemporaryDirectory() as name, running(Path(name) / "state") as medcodes:
        medcodes.until_search_answers()
        folder = Path(name)
        body = page(medcodes, visitors.guests(medcodes, folder / "one", 1))
        with bare.running(folder, [body], medcodes.endpoint("valkey")) as baseline:
            _peak(medcodes, folder, 1)
            half = [_half_load(medcodes, baseline, folder) for _ in range(rounds)]
            twice = [_twice_capacity(medcodes, folder) for _ in range(rounds)]
    return [
        Figure("p99_at_half_load_vs_bare", half, 5, HOW + "; a bare FastAPI handler at the same rate", at_most=True),
        Figure(
            "goodput_at_twice_capacity",
            twice,
            0.8,
            f"1 gateway, 1 services process, twice the peak offered for {OVERLOAD_SECONDS} s; "
            f"what is answered 200 within {BOUND:.0f} s, as a share of the peak",
        ),
    ]


def _half_load(medcodes: Machine, baseline: str, folder: Path) -> float:
    rate = _peak(medcodes, folder, SECONDS) / 2
    guests = visitors.guests(medcodes, folder / "guests", round(rate * HALF_LOAD_SECONDS) + 1)
    views = _all_good(arrive(medcodes.url, guests, rate=rate, seconds=HALF_LOAD_SECONDS, bound=PATIENCE))
    plain = _all_good(
        arrive(baseline, visitors.to(guests, "/bare/0"), rate=rate, seconds=HALF_LOAD_SECONDS, bound=PATIENCE)
    )
    print(
        f"  {rate:,.0f}/s: first views p50 {views.p50_ms:.2f} ms, p99 {views.p99_ms:.2f} ms, "
        f"bare p50 {plain.p50_ms:.2f} ms, p99 {plain.p99_ms:.2f} ms; "
        f"the generator was late by {views.behind_p99_ms:.2f} and {plain.behind_p99_ms:.2f} ms (p99)",
        flush=True,
    )
    return views.p99_ms / plain.p99_ms


def _twice_capacity(medcodes: Machine, folder: Path) -> float:
    peak = _peak(medcodes, folder, SECONDS)
    guests = visitors.guests(medcodes, folder / "guests", round(2 * peak * OVERLOAD_SECONDS) + 1)
    found = arrive(medcodes.url, guests, rate=2 * peak, seconds=OVERLOAD_SECONDS, bound=BOUND)
    print(
        f"  peak {peak:,.0f}/s, offered {2 * peak:,.0f}/s: good {found.good_per_second:,.0f}/s (p99 {found.p99_ms:.0f} "
        f"ms), {found.shed} shed (p99 {found.shed_p99_ms:.0f} ms), {found.late} late, {found.failed} failed",
        flush=True,
    )
    if found.failed:
        raise RuntimeError(f"{found.failed} requests were answered neither 200 nor 503")
    return found.good_per_second / peak


def _peak(medcodes: Machine, folder: Path, seconds: int) -> float:
    guests = visitors.guests(medcodes, folder / "guests", GUESTS_A_ROUND)
    return load.peak(medcodes.url, guests, seconds=seconds, connections=CONNECTIONS)


def _all_good(found: Arrivals) -> Arrivals:
    if found.good != found.due:
        raise RuntimeError(f"{found.due - found.good} of {found.due} requests failed: the figure would mean nothing")
    return found
