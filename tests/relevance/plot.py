"""The picture of the report: for each kind of query a bar an engine, how often the right code is first and among the
first ten. SVG that needs no script; light and dark follow the reader's setting."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from tests.relevance.asking import GOALS, Answers
from tests.relevance.queries import KINDS, UNSEEN

# All in the units of the picture.
WIDTH, LEFT, RIGHT, TOP = 740, 110, 120, 66
BAR, BETWEEN, AROUND = 13, 4, 14
TICKS = (0.0, 0.25, 0.5, 0.75, 1.0)


@dataclass(frozen=True, slots=True)
class Bar:
    """`first` and `ten` are widths: of hits at rank 1, and among the first ten."""

    engine: str
    y: int
    first: float
    ten: float
    value: str
    text: str


@dataclass(frozen=True, slots=True)
class Group:
    """The bars of one kind; `goals` are where the marks of its goal stand, if it has one."""

    kind: str
    y: int
    height: int
    bars: Sequence[Bar]
    goals: Sequence[float]


@dataclass(frozen=True, slots=True)
class Picture:
    width: int
    height: int
    left: int
    bar: int
    groups: Sequence[Group]
    ticks: Sequence[tuple[float, str]]


def picture(answers: Sequence[Answers]) -> Picture:
    """Of the unseen half."""
    by_engine = [(each.engine, each.figures(UNSEEN)) for each in answers]
    height = len(answers) * (BAR + BETWEEN)
    groups: list[Group] = []
    y = TOP
    for kind in KINDS:
        bars = [
            Bar(
                engine,
                y + place * (BAR + BETWEEN),
                _x(found[kind].hit_1) - LEFT,
                _x(found[kind].hit_10) - LEFT,
                f"{found[kind].hit_1:.2f} / {found[kind].hit_10:.2f}",
                f"{kind}, {engine}: {found[kind].hit_1:.2f} first, {found[kind].hit_10:.2f} among the first ten",
            )
            for place, (engine, found) in enumerate(by_engine)
            if kind in found
        ]
        if bars:
            groups.append(Group(kind, y, height - BETWEEN, bars, _goals(kind)))
            y += height + AROUND
    return Picture(WIDTH, y + 14, LEFT, BAR, groups, [(_x(tick), f"{tick:g}") for tick in TICKS])


def _goals(kind: str) -> list[float]:
    goal = next((goal for goal in GOALS if kind in goal.kinds), None)
    return [_x(goal.hit_1), _x(goal.hit_10)] if goal else []


def _x(share: float) -> float:
    return round(LEFT + (WIDTH - LEFT - RIGHT) * share, 1)
