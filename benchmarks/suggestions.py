"""How soon suggestions are there while somebody types: each key of many queries, one request after the other.

Topology: `medcodes up` with the official downloads of MEDCODES_TEST_DATA (without it the bundled ICD-10-CM and the
sample set); one connection to the gateway over loopback, as a browser keeps one. The queries are the project's own that
may be looked at (tests/relevance); each is asked from its second key on. `suggest_slip_p95_ms` is the same with two
letters of the longest word swapped.
"""

from __future__ import annotations

import http.client
import os
import random
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import quantiles
from urllib.parse import quote

from benchmarks.report import Figure
from tests.machine import Machine, running
from tests.relevance.queries import SEEN, own

QUERIES = 80
FIRST_KEY = 2
P50, P95 = 9, 18  # of the cuts into twentieths
GOAL_MS = 30


def measure(rounds: int) -> list[Figure]:
    data = os.environ.get("MEDCODES_TEST_DATA")
    with (
        tempfile.TemporaryDirectory() as name,
        running(Path(name) / "state", arguments=("--data", data) if data else ()) as medcodes,
    ):
        medcodes.until_search_answers()
        typed = [_twentieths(medcodes, number, as_it_is) for number in range(rounds)]
        slipped = [_twentieths(medcodes, number, with_a_slip) for number in range(rounds)]
    how = f"at the gateway, each key of {QUERIES} queries, {'official downloads' if data else 'sample set'}"
    return [
        Figure("suggest_p50_ms", [cuts[P50] for cuts in typed], None, how),
        Figure("suggest_p95_ms", [cuts[P95] for cuts in typed], GOAL_MS, how, at_most=True),
        Figure("suggest_slip_p95_ms", [cuts[P95] for cuts in slipped], GOAL_MS, f"{how}, misspelt", at_most=True),
    ]


def as_it_is(text: str) -> str:
    return text


def with_a_slip(text: str) -> str:
    """Two letters in the middle of the longest word swapped."""
    word = max(text.split(), key=len)
    half = len(word) // 2
    return text.replace(word, word[: half - 1] + word[half - 1 : half + 1][::-1] + word[half + 1 :])


def _twentieths(medcodes: Machine, number: int, spelled: Callable[[str], str]) -> list[float]:
    """Milliseconds; every round asks in another order."""
    typed = [spelled(query.text) for query in own() if query.half == SEEN]
    chosen = random.Random(1).sample(typed, QUERIES)
    random.Random(number).shuffle(chosen)
    texts = [text[:keys] for text in chosen for keys in range(FIRST_KEY, len(text) + 1)]
    return quantiles([seconds * 1000 for seconds in _seconds(medcodes, texts)], n=20)


def _seconds(medcodes: Machine, texts: Sequence[str]) -> list[float]:
    connection = http.client.HTTPConnection("127.0.0.1", medcodes.port, timeout=15)
    found = []
    for text in texts:
        began = time.perf_counter()
        connection.request("GET", f"/api/v1/suggest?q={quote(text)}")
        answer = connection.getresponse()
        answer.read()
        found.append(time.perf_counter() - began)
        if answer.status != http.client.OK:
            raise RuntimeError(f"suggestions for {text!r} were answered with {answer.status}")
    connection.close()
    return found
