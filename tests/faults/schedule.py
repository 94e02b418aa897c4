"""Which faults come when: the same for the same seed."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from typing import NamedTuple

SECONDS = 6.0
REST_SECONDS = 0.4
STORES = ("valkey", "nats")


class Fault(NamedTuple):
    """`kind` is kill, stop, tear, or what a link does; it begins `at` seconds after the schedule does."""

    at: float
    kind: str
    target: str
    seconds: float

    def __str__(self) -> str:
        return f"{self.at:.2f}s {self.kind} {self.target} {self.seconds:.2f}s"


def schedule(
    seed: int, parts: Sequence[str], links: Mapping[str, Sequence[str]], within: float = SECONDS
) -> list[Fault]:
    """Four to seven faults, in the order in which they begin; two may overlap, but never on one target.

    `links` has what each link can do. Stores come twice as often as services: they are where a grant can be lost.
    """
    chance = random.Random(seed)
    targets = [*parts, *(part for part in parts if part in STORES), *links]
    faults: list[Fault] = []
    busy: dict[str, float] = {}
    for at in sorted(chance.uniform(0.5, within - 1.2) for _ in range(chance.randint(4, 7))):
        target = chance.choice(targets)
        if busy.get(target, 0) > at:
            continue
        kind = chance.choice(links[target]) if target in links else _kind(target, chance)
        seconds = chance.uniform(0.1, 1.2) if kind != "kill" else chance.uniform(0.0, 0.6)
        faults.append(Fault(round(at, 2), kind, target, round(seconds, 2)))
        busy[target] = at + seconds + REST_SECONDS
    return faults


def _kind(target: str, chance: random.Random) -> str:
    kinds = ["kill", "kill", "stop"]
    return chance.choice([*kinds, "tear", "tear"] if target == "valkey" else kinds)
