"""Asking every engine every query, and what came of it."""

from __future__ import annotations

import json
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from tests.relevance import queries, scoring
from tests.relevance.documents import Documents, documents
from tests.relevance.engines import ENGINES
from tests.relevance.queries import HALVES, KINDS, Query
from tests.relevance.scoring import DEPTH, Figures, Outcome

ACCEPTED = Path(__file__).parent / "accepted.json"
OFFICIAL, BUNDLED = "official", "bundled"
"""The two catalogs that figures are accepted for: with the folder of official downloads, and without it."""
ALL = "all"

APART = 0.03
"""How far the figures of two engines behind one plan may be apart."""

Accepted = dict[str, dict[str, dict[str, float]]]
"""By half, kind and figure."""


class Goal(NamedTuple):
    """What the queries of some kinds are meant to reach."""

    name: str
    kinds: tuple[str, ...]
    hit_1: float
    hit_10: float


GOALS = (
    Goal("lay and abbreviated", ("lay", "abbreviation"), 0.85, 0.95),
    Goal("disease names", ("disease",), 0.80, 0.95),
    Goal("index phrases", ("index",), 0.75, 0.93),
)


@dataclass(frozen=True)
class Sets:
    """The documents, the queries that they can answer, and those that wait for a code system that is not loaded."""

    documents: Documents
    queries: Sequence[Query]
    waiting: Sequence[Query]


@dataclass(frozen=True)
class Answers:
    """What one engine answered to all queries, and the seconds that its index took to build."""

    engine: str
    outcomes: Sequence[Outcome]
    build_seconds: float

    def of(self, half: str, kinds: Sequence[str] = KINDS) -> list[Outcome]:
        return [one for one in self.outcomes if one.query.half == half and one.query.kind in kinds]

    def figures(self, half: str) -> dict[str, Figures]:
        """By kind, those without a query left out, and of all together."""
        by_kind = {kind: found for kind in KINDS if (found := self.of(half, (kind,)))}
        return {kind: scoring.figures(found) for kind, found in {**by_kind, ALL: self.of(half)}.items()}


async def sets(release_file: Path, data: Path) -> Sets:
    """The queries for a release of the official files in `data`."""
    phrases = queries.phrases(data)
    loaded = await documents(release_file, phrases.left_out)
    asked = [*queries.own(), *phrases.queries]
    answerable = [query for query in asked if _holds(loaded, query)]
    return Sets(loaded, answerable, [query for query in asked if not _holds(loaded, query)])


async def ask(engine: str, found: Sets, say: Callable[[str], None] = lambda text: None) -> Answers:
    """Builds the engine's index, asks every query once, and forgets the index."""
    with tempfile.TemporaryDirectory(prefix="medcodes-relevance-") as folder:
        began = time.perf_counter()
        async with ENGINES[engine](found.documents, Path(folder)) as opened:
            built = time.perf_counter() - began
            say(f"{engine}: {len(found.documents.codes):,} codes indexed in {built:.1f} s")
            outcomes = []
            for query in found.queries:
                started = time.perf_counter()
                results = await opened.search(query.text, DEPTH)
                outcomes.append(Outcome(query, results, time.perf_counter() - started))
    return Answers(engine, outcomes, built)


def accepted(catalog: str) -> Accepted:
    """The figures that the default engine had when somebody last accepted them."""
    return _stored().get(catalog, {})


def accept(catalog: str, answers: Answers) -> None:
    """Keeps the figures of these answers as the accepted ones of a catalog."""
    found = _stored()
    found[catalog] = {
        half: {kind: scoring.accepted_form(each) for kind, each in answers.figures(half).items()} for half in HALVES
    }
    ACCEPTED.write_text(json.dumps(found, indent=2, sort_keys=True) + "\n")


def drops(catalog: str, answers: Answers) -> list[str]:
    """What is worse than the accepted figures by more than is allowed, and what there is no accepted figure of."""
    known, said = accepted(catalog), []
    for half in HALVES:
        for kind, found in answers.figures(half).items():
            before = known.get(half, {}).get(kind)
            if before is None:
                said.append(f"{half} {kind}: no figure has been accepted yet")
                continue
            for name, (was, now) in scoring.dropped(before, found).items():
                said.append(f"{half} {kind}: {name} was accepted at {was:.4f} and is {now:.4f}")
    return said


def disagreements(one: Answers, other: Answers) -> list[str]:
    """Where two engines that answer the same plan find the right codes more than `APART` differently often."""
    said = []
    for half in HALVES:
        of_one, of_other = one.figures(half), other.figures(half)
        for kind in of_one:
            for name in ("hit_1", "hit_5", "hit_10", "mrr"):
                first, second = getattr(of_one[kind], name), getattr(of_other[kind], name)
                if abs(first - second) > APART:
                    said.append(f"{half} {kind}: {name} is {first:.4f} ({one.engine}), {second:.4f} ({other.engine})")
    return said


def _stored() -> dict[str, Accepted]:
    found: dict[str, Accepted] = json.loads(ACCEPTED.read_text()) if ACCEPTED.exists() else {}
    return found


def _holds(loaded: Documents, query: Query) -> bool:
    return all(loaded.holds(query.system, prefix) for prefix in query.accepted)
