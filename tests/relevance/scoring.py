"""What a good answer is, and the figures made of many."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import NamedTuple

from tests.relevance.queries import Query

DEPTH = 10
"""How many results are looked at."""
ALLOWED_DROP = 0.02
HIGHER_IS_BETTER = {"hit_1": True, "hit_5": True, "hit_10": True, "mrr": True, "no_result": False}
"""The figures that are held to accepted ones; times depend on the machine."""


class Code(NamedTuple):
    """A result: a code as stored, in capitals and without a dot."""

    system: str
    code: str


@dataclass(frozen=True, slots=True)
class Outcome:
    """What an engine answered: the first results, and the seconds that it took."""

    query: Query
    results: Sequence[Code]
    seconds: float

    @property
    def rank(self) -> int | None:
        """The place of the first hit, from 1; None if there is none among the first ten."""
        return next((place for place, code in enumerate(self.results[:DEPTH], 1) if is_hit(self.query, code)), None)


@dataclass(frozen=True, slots=True)
class Figures:
    """Of a number of queries: the shares with a hit at rank 1, among the first five and ten, the mean of 1 / rank (0
    without a hit among the first ten), the share that found nothing at all, and milliseconds."""

    queries: int
    hit_1: float
    hit_5: float
    hit_10: float
    mrr: float
    no_result: float
    p50_ms: float
    p95_ms: float


def is_hit(query: Query, found: Code) -> bool:
    """An accepted code or one beneath it: in all code systems that are scored, a code begins with those above it."""
    return found.system == query.system and found.code.startswith(query.accepted)


def figures(outcomes: Sequence[Outcome]) -> Figures:
    """Raises ValueError for no outcomes."""
    if not outcomes:
        raise ValueError("there is no figure of no queries")
    ranks = [outcome.rank for outcome in outcomes]
    times = sorted(outcome.seconds * 1000 for outcome in outcomes)
    return Figures(
        queries=len(outcomes),
        hit_1=_share([rank == 1 for rank in ranks]),
        hit_5=_share([rank is not None and rank <= 5 for rank in ranks]),
        hit_10=_share([rank is not None for rank in ranks]),
        mrr=statistics.fmean(1 / rank if rank else 0.0 for rank in ranks),
        no_result=_share([not outcome.results for outcome in outcomes]),
        p50_ms=statistics.median(times),
        p95_ms=times[min(len(times) - 1, int(len(times) * 0.95))],
    )


def accepted_form(found: Figures) -> dict[str, float]:
    """The figures that are kept, to four places."""
    return {name: round(value, 4) for name, value in asdict(found).items() if name in HIGHER_IS_BETTER}


def dropped(accepted: dict[str, float], found: Figures) -> dict[str, tuple[float, float]]:
    """The figures that are worse than the accepted ones by more than is allowed: {name: (accepted, found)}."""
    now = accepted_form(found)
    worse = {name: accepted[name] - now[name] if better else now[name] - accepted[name] for name, better in _items()}
    # Both sides are rounded, so that a drop of exactly what is allowed is not made more by binary fractions.
    return {name: (accepted[name], now[name]) for name, drop in worse.items() if round(drop, 4) > ALLOWED_DROP}


def _items() -> Sequence[tuple[str, bool]]:
    return list(HIGHER_IS_BETTER.items())


def _share(flags: Sequence[bool]) -> float:
    return sum(flags) / len(flags)
