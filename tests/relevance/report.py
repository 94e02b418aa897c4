"""The report: a page with a picture, and what a machine or a person wants to look into."""

from __future__ import annotations

import csv
import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import NamedTuple

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from rich.console import Console
from rich.table import Table

from tests.machine import ROOT
from tests.relevance import plot, scoring
from tests.relevance.asking import GOALS, Answers, Sets
from tests.relevance.note_scoring import CaseFigures, CaseOutcome
from tests.relevance.queries import HALVES, KINDS, OWN_KINDS, SEEN, UNSEEN
from tests.relevance.scoring import Figures, Outcome

PAGE, PICTURE = ROOT / "docs/relevance.md", ROOT / "docs/images/relevance.svg"
FIGURES, MISSES = ROOT / "var/relevance.json", ROOT / "var/relevance-misses.tsv"
TEMPLATES = Path(__file__).parent / "templates"

KIND_TEXTS = {
    "lay": "everyday words: hip popped out",
    "abbreviation": "what stands in notes: htn w ckd 3",
    "misspelling": "misspelled or spelled as in Britain: siatica, haemorrhoids",
    "code": "a code in some spelling: s73 005 a",
    "disease": "a name in the alphabetic index that is a shorter form of its code's title: parkinsonism",
    "index": "any other phrase of the alphabetic index: a main term with sub-terms, an eponym, a synonym",
}

Row = tuple[str, str, Figures]


class Missed(NamedTuple):
    """How many queries have their right code not first, of those the ones that have it among the ten, and of the others
    those whose first result is of the right category."""

    all: int
    among_ten: int
    category_first: int

    @classmethod
    def of(cls, missed: Sequence[Outcome]) -> Missed:
        among = [one for one in missed if one.rank is not None]
        others = [one for one in missed if one.rank is None and one.results]
        near = sum(
            any(_category(one.results[0].code) == _category(code) for code in one.query.accepted) for one in others
        )
        return cls(len(missed), len(among), near)


def _category(code: str) -> str:
    return code[:3]


def write_page(found: Sets, answers: Sequence[Answers]) -> None:
    """docs/relevance.md and its picture. The first of the engines is the one whose misses are listed."""
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        # The page is Markdown; the picture holds nothing but names of kinds, engines and figures.
        autoescape=False,
    )
    default = answers[0]
    halves = {half: [query for query in found.queries if query.half == half] for half in HALVES}
    page = environment.get_template("relevance.md").render(
        codes=len(found.documents.codes),
        systems=sorted(found.documents.systems),
        kinds=KIND_TEXTS,
        counts={kind: [sum(query.kind == kind for query in halves[half]) for half in HALVES] for kind in KINDS},
        waiting=len(found.waiting),
        waiting_for=sorted({query.system for query in found.waiting}),
        engines=[each.engine for each in answers],
        goals=[(goal, [scoring.figures(each.of(UNSEEN, goal.kinds)) for each in answers]) for goal in GOALS],
        by_system=by_system(default),
        missed=[(goal, Missed.of([one for one in misses(default) if one.query.kind in goal.kinds])) for goal in GOALS],
        builds=[(each.engine, each.build_seconds) for each in answers],
        tables=[(half, rows(answers, half)) for half in HALVES],
        default=default.engine,
        misses=[one for one in misses(default) if one.query.kind in OWN_KINDS],
        notes={half: sum(note.half == half for note in found.notes) for half in HALVES},
        notes_waiting=len(found.waiting_notes),
        case_rows=case_rows(answers),
        case_misses=case_misses(default),
    )
    PAGE.write_text(page, encoding="utf-8")
    PICTURE.write_text(environment.get_template("relevance.svg").render(picture=plot.picture(answers)))


def write_data(answers: Sequence[Answers]) -> None:
    """All figures as JSON, and the misses of the seen half, of every engine."""
    FIGURES.parent.mkdir(parents=True, exist_ok=True)
    figures = {
        each.engine: {half: {kind: asdict(one) for kind, one in each.figures(half).items()} for half in HALVES}
        for each in answers
    }
    for each in answers:
        for half, one in each.case_figures().items():
            figures[each.engine][half]["notes"] = asdict(one)
    FIGURES.write_text(json.dumps(figures, indent=2, sort_keys=True) + "\n")
    with MISSES.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, delimiter="\t")
        writer.writerow(["engine", "kind", "query", "accepted", "rank", "results"])
        for each in answers:
            for one in misses(each):
                codes = " ".join(code.code for code in one.results)
                writer.writerow(
                    [each.engine, one.query.kind, one.query.text, " ".join(one.query.accepted), one.rank, codes]
                )


def show(answers: Sequence[Answers]) -> None:
    table = Table("half", "engine", "kind", "queries", "at 1", "at 5", "at 10", "MRR", "no result", "p50 ms", "p95 ms")
    for half in HALVES:
        for engine, kind, one in rows(answers, half):
            shares = [f"{value:.3f}" for value in (one.hit_1, one.hit_5, one.hit_10, one.mrr, one.no_result)]
            table.add_row(half, engine, kind, str(one.queries), *shares, f"{one.p50_ms:.1f}", f"{one.p95_ms:.1f}")
    cases = Table("half", "engine", "notes", "precision", "recall", "F1", "MAP", "p50 ms", "p95 ms")
    for half, engine, one in case_rows(answers):
        shares = [f"{value:.3f}" for value in (one.precision, one.recall, one.f1, one.map)]
        cases.add_row(half, engine, str(one.notes), *shares, f"{one.p50_ms:.0f}", f"{one.p95_ms:.0f}")
    Console(width=140).print(table, cases)


def rows(answers: Sequence[Answers], half: str) -> list[Row]:
    """Kind by kind, each with all engines, so that they stand beside one another."""
    by_engine = {each.engine: each.figures(half) for each in answers}
    kinds = list(next(iter(by_engine.values())))
    return [(engine, kind, found[kind]) for kind in kinds for engine, found in by_engine.items()]


def by_system(answers: Answers) -> list[tuple[str, Figures]]:
    """Of the unseen everyday words and abbreviations, by the code system of their right codes, that with most first."""
    asked = answers.of(UNSEEN, GOALS[0].kinds)
    systems = Counter(one.query.system for one in asked)
    return [
        (system, scoring.figures([one for one in asked if one.query.system == system]))
        for system, _ in systems.most_common()
    ]


def misses(answers: Answers) -> list[Outcome]:
    """Of the seen half, those whose right code is not first."""
    return [one for one in answers.of(SEEN) if one.rank != 1]


def case_rows(answers: Sequence[Answers]) -> list[tuple[str, str, CaseFigures]]:
    """Half by half, each with all engines that answer notes."""
    by_engine = {each.engine: each.case_figures() for each in answers}
    return [(half, engine, found[half]) for half in HALVES for engine, found in by_engine.items() if half in found]


def case_misses(answers: Answers) -> list[CaseOutcome]:
    """Of the seen half, the notes with a code that is missing or wrong."""
    return [one for one in answers.cases if one.note.half == SEEN and (one.missed or one.wrong)]
