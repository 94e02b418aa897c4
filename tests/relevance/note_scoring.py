"""How good the codes for notes are: precision and recall of what is suggested, and the order of all that is shown."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import asdict, dataclass

from tests.relevance.notes import Note

ALLOWED_DROP = 0.02
KEPT = ("f1", "map")
"""The figures that are held to accepted ones."""


@dataclass(frozen=True, slots=True)
class CaseOutcome:
    """What came of one note: the codes suggested, those with their alternatives in the order of confidence, seconds."""

    note: Note
    codes: Sequence[str]
    ranked: Sequence[str]
    seconds: float

    @property
    def missed(self) -> list[str]:
        return ["|".join(sorted(codes)) for codes in self.note.gold if codes.isdisjoint(self.codes)]

    @property
    def wrong(self) -> list[str]:
        return [code for code in self.codes if code not in self.note.right]

    @property
    def hits(self) -> int:
        return len(self.note.gold) - len(self.missed)


@dataclass(frozen=True, slots=True)
class CaseFigures:
    """Of a number of notes, all codes together: the shares of suggested codes that are right, and of right codes that
    are suggested, their harmonic mean, the mean over notes of the average precision of what is shown, milliseconds."""

    notes: int
    precision: float
    recall: float
    f1: float
    map: float
    p50_ms: float
    p95_ms: float


def figures(outcomes: Sequence[CaseOutcome]) -> CaseFigures:
    """Raises ValueError for no outcomes."""
    if not outcomes:
        raise ValueError("there is no figure of no notes")
    hits = sum(one.hits for one in outcomes)
    suggested = hits + sum(len(one.wrong) for one in outcomes)
    gold = sum(len(one.note.gold) for one in outcomes)
    times = sorted(one.seconds * 1000 for one in outcomes)
    return CaseFigures(
        notes=len(outcomes),
        precision=hits / suggested if suggested else 0.0,
        recall=hits / gold,
        f1=2 * hits / (suggested + gold),
        map=statistics.fmean(average_precision(one) for one in outcomes),
        p50_ms=statistics.median(times),
        p95_ms=times[min(len(times) - 1, int(len(times) * 0.95))],
    )


def average_precision(outcome: CaseOutcome) -> float:
    """The mean over the right codes of the precision at the place of each; 0 for one that is not shown. Optional codes
    take no place, and neither does a second one of a group."""
    waiting = list(outcome.note.gold)
    place, found, total = 0, 0, 0.0
    for code in outcome.ranked:
        group = next((codes for codes in waiting if code in codes), None)
        if group is None and code in outcome.note.right:
            continue
        place += 1
        if group is not None:
            waiting.remove(group)
            found += 1
            total += found / place
    return total / len(outcome.note.gold)


def accepted_form(found: CaseFigures) -> dict[str, float]:
    return {name: round(value, 4) for name, value in asdict(found).items() if name in KEPT}


def dropped(accepted: dict[str, float], found: CaseFigures) -> dict[str, tuple[float, float]]:
    """The figures that are worse than the accepted ones by more than is allowed: {name: (accepted, found)}."""
    now = accepted_form(found)
    return {name: (accepted[name], now[name]) for name in KEPT if round(accepted[name] - now[name], 4) > ALLOWED_DROP}
