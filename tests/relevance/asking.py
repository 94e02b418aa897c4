"""Asking every engine every query, and what came of it."""

from __future__ import annotations

import json
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path
from typing import NamedTuple

from services.search.case_lookup import CodedCase
from tests.relevance import note_scoring, notes, queries, scoring
from tests.relevance.documents import Documents, documents
from tests.relevance.engines import ENGINES, CaseEngine
from tests.relevance.note_scoring import CaseFigures, CaseOutcome
from tests.relevance.notes import Note
from tests.relevance.queries import HALVES, KINDS, Query
from tests.relevance.scoring import DEPTH, Figures, Outcome

ACCEPTED = Path(__file__).parent / "accepted.json"
ACCEPTED_NOTES = Path(__file__).parent / "accepted_notes.json"
OFFICIAL, BUNDLED = "official", "bundled"
"""The two catalogs that figures are accepted for: with the folder of official downloads, and without it."""
ALL = "all"

WHOLE = {OFFICIAL: frozenset({"icd10cm", "icd10pcs", "hcpcs", "cpt"}), BUNDLED: frozenset({"icd10cm", "cpt"})}
"""The code systems of which each has every code that is asked for: the sample set has a few HCPCS codes only."""
LEAST_IN_A_CHAPTER = 3

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
    """The documents, the queries and notes they can answer, and what waits for a code system that is not loaded."""

    documents: Documents
    queries: Sequence[Query]
    waiting: Sequence[Query]
    notes: Sequence[Note] = ()
    waiting_notes: Sequence[Note] = ()


@dataclass(frozen=True)
class Answers:
    """What one engine answered to all queries and notes, and the seconds that its index took to build."""

    engine: str
    outcomes: Sequence[Outcome]
    build_seconds: float
    cases: Sequence[CaseOutcome] = ()

    def of(self, half: str, kinds: Sequence[str] = KINDS) -> list[Outcome]:
        return [one for one in self.outcomes if one.query.half == half and one.query.kind in kinds]

    def figures(self, half: str) -> dict[str, Figures]:
        """By kind, those without a query left out, and of all together."""
        by_kind = {kind: found for kind in KINDS if (found := self.of(half, (kind,)))}
        return {kind: scoring.figures(found) for kind, found in {**by_kind, ALL: self.of(half)}.items()}

    def case_figures(self) -> dict[str, CaseFigures]:
        """By half; none of an engine that answers no notes."""
        by_half = {half: [one for one in self.cases if one.note.half == half] for half in HALVES}
        return {half: note_scoring.figures(found) for half, found in by_half.items() if found}


async def sets(release_file: Path, data: Path) -> Sets:
    """The queries for a release of the official files in `data`."""
    phrases = queries.phrases(data)
    loaded = await documents(release_file, phrases.left_out)
    asked = [*queries.own(), *phrases.queries]
    answerable = [query for query in asked if _holds(loaded, query)]
    own = notes.own()
    return Sets(
        loaded,
        answerable,
        [query for query in asked if not _holds(loaded, query)],
        [note for note in own if _can_code(loaded, note)],
        [note for note in own if not _can_code(loaded, note)],
    )


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
            cases = [await _case(opened, note) for note in found.notes] if isinstance(opened, CaseEngine) else []
    return Answers(engine, outcomes, built, cases)


async def _case(engine: CaseEngine, note: Note) -> CaseOutcome:
    started = time.perf_counter()
    found = await engine.look_up(note.text, note.setting)
    seconds = time.perf_counter() - started
    return CaseOutcome(note, [code.hit.code for code in found.codes], _ranked(found), seconds)


def _ranked(found: CodedCase) -> list[str]:
    """The codes suggested, the surest first, and then the alternatives to each of them in turn."""
    codes = sorted(found.codes, key=lambda code: -code.confidence)
    others = [hit.code for row in zip_longest(*(code.alternatives for code in codes)) for hit in row if hit]
    return list(dict.fromkeys([*(code.hit.code for code in codes), *others]))


def gaps(catalog: str, found: Sets) -> list[str]:
    """The queries whose codes the catalog should have and has not, and the chapters of ICD-10-CM with few queries."""
    chapter_of = {code.code: code.chapter for code in found.documents.codes if code.system == "icd10cm"}
    own = [query for query in found.queries if query.system == "icd10cm" and query.kind in queries.OWN_KINDS]
    asked = Counter(chapter_of.get(query.accepted[0]) for query in own)
    return [
        *(
            f"no code of the catalog answers {query.text!r} ({query.system})"
            for query in found.waiting
            if query.system in WHOLE[catalog]
        ),
        *(
            f"chapter {chapter} has {asked[chapter]} queries"
            for chapter in sorted(filter(None, set(chapter_of.values())))
            if asked[chapter] < LEAST_IN_A_CHAPTER
        ),
    ]


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
    accept_notes(catalog, answers)


def accept_notes(catalog: str, answers: Answers) -> None:
    """The same for the figures of notes alone."""
    found = _stored_notes()
    found[catalog] = {half: note_scoring.accepted_form(each) for half, each in answers.case_figures().items()}
    ACCEPTED_NOTES.write_text(json.dumps(found, indent=2, sort_keys=True) + "\n")


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
    return [*said, *_note_drops(catalog, answers)]


def _note_drops(catalog: str, answers: Answers) -> list[str]:
    known, said = _stored_notes().get(catalog, {}), []
    for half, found in answers.case_figures().items():
        if half not in known:
            said.append(f"{half} notes: no figure has been accepted yet")
            continue
        for name, (was, now) in note_scoring.dropped(known[half], found).items():
            said.append(f"{half} notes: {name} was accepted at {was:.4f} and is {now:.4f}")
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


def _stored_notes() -> dict[str, dict[str, dict[str, float]]]:
    if not ACCEPTED_NOTES.exists():
        return {}
    found: dict[str, dict[str, dict[str, float]]] = json.loads(ACCEPTED_NOTES.read_text())
    return found


def _can_code(loaded: Documents, note: Note) -> bool:
    """Whether each of its codes, or one that is as right, is in the catalog."""
    return all(any(loaded.has(code) for code in codes) for codes in note.gold)


def _holds(loaded: Documents, query: Query) -> bool:
    return all(loaded.holds(query.system, prefix) for prefix in query.accepted)
