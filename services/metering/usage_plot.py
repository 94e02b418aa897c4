"""The plot of usage: for each plan bars by the hour or the day, stacked by what became of the views, with a table that
says the same. SVG and HTML that need no script; light and dark follow the reader's setting."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from .domain.usage import DAY_SECONDS, GUEST, OTHER, Kind, PlanUsage, Step

FOLDER = Path(__file__).parent / "templates"
# What the numbers of a chart are for: all in the units of its picture.
WIDTH, HEIGHT, LEFT, TOP, BOTTOM = 720, 190, 52, 10, 24
MOST_LABELS = 10
TICKS = 4

COLUMNS = {
    Kind.GRANTED: "granted",
    Kind.REPEATED: "repeated",
    Kind.VIEWS_EXHAUSTED: "no views left",
    Kind.NETWORK_EXHAUSTED: "network full",
    Kind.PREFETCHED: "prefetch",
    Kind.UNAVAILABLE: "meter away",
}
"""What a table calls the kinds; all after the second are refusals."""
SERIES = (
    ("granted", "Granted", (Kind.GRANTED,)),
    ("repeated", "Repeated", (Kind.REPEATED,)),
    ("exhausted", "Refused: no views left", (Kind.VIEWS_EXHAUSTED,)),
    ("refused", "Refused: other", (Kind.NETWORK_EXHAUSTED, Kind.PREFETCHED, Kind.UNAVAILABLE)),
)
"""What is stacked, from below: the class of its look, its name, its kinds."""


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a bar; `text` says what it stands for."""

    look: str
    x: float
    y: float
    width: float
    height: float
    text: str


@dataclass(frozen=True, slots=True)
class Mark:
    """A tick of an axis: where it is and what it says."""

    at: float
    text: str


@dataclass(frozen=True, slots=True)
class Row:
    """A line of a table: when, and a number for each of `COLUMNS`."""

    when: str
    views: Sequence[int]


@dataclass(frozen=True, slots=True)
class Chart:
    plan: str
    title: str
    text: str
    parts: Sequence[Part]
    across: Sequence[Mark]
    up: Sequence[Mark]
    rows: Sequence[Row]
    totals: Row


def charts(usage: Sequence[PlanUsage]) -> list[Chart]:
    return [_chart(each) for each in usage]


def svg(usage: Sequence[PlanUsage], days: int) -> str:
    return _render("usage.svg", usage, days)


def html(usage: Sequence[PlanUsage], days: int, spans: Sequence[int] = ()) -> str:
    """`spans` are other days to choose from, for a page that is served; a file's links would lead nowhere."""
    return _render("usage.html", usage, days, spans)


def rows(each: PlanUsage) -> list[Row]:
    """The steps in which there was any view."""
    return [
        Row(when(step, each.steps), [step.views.get(kind, 0) for kind in COLUMNS]) for step in each.steps if step.total
    ]


def when(step: Step, steps: Sequence[Step]) -> str:
    moment = datetime.fromtimestamp(step.start, UTC)
    return moment.strftime("%Y-%m-%d" if _daily(steps) else "%Y-%m-%d %H:00")


def _chart(usage: PlanUsage) -> Chart:
    plan, steps = usage
    totals = usage.totals
    top = _ceiling(max(step.total for step in steps))
    slot = (WIDTH - LEFT) / len(steps)
    name = {GUEST: "Guests", OTHER: "Other plans"}.get(plan, f"Plan {plan}")
    said = ", ".join(f"{totals.get(kind, 0):,} {column}" for kind, column in COLUMNS.items() if totals.get(kind))
    return Chart(
        plan=plan,
        title=name,
        text=f"{name}: {said}",
        parts=[part for at, step in enumerate(steps) for part in _bar(step, LEFT + at * slot, slot, top, steps)],
        across=_across(steps, slot),
        up=[Mark(_y(top * tick // TICKS, top), f"{top * tick // TICKS:,}") for tick in range(TICKS + 1)],
        rows=rows(usage),
        totals=Row("all", [totals.get(kind, 0) for kind in COLUMNS]),
    )


def _bar(step: Step, x: float, slot: float, top: int, steps: Sequence[Step]) -> list[Part]:
    parts, below = [], 0
    width = min(slot * 0.8, 28.0)
    for look, name, kinds in SERIES:
        views = sum(step.views.get(kind, 0) for kind in kinds)
        if views:
            y = _y(below + views, top)
            text = f"{when(step, steps)}: {views:,} {name[0].lower()}{name[1:]}"
            height = round(_y(below, top) - y, 1)
            parts.append(Part(look, round(x + (slot - width) / 2, 1), y, round(width, 1), height, text))
            below += views
    return parts


def _across(steps: Sequence[Step], slot: float) -> list[Mark]:
    """Days below their bars; by the hour, midnights and noons where there is room."""
    daily = _daily(steps)
    every = max(1, -(-len(steps) // MOST_LABELS)) if daily else -(-len(steps) // (MOST_LABELS * 6)) * 6
    marks = []
    for at in range(0, len(steps), every):
        moment = datetime.fromtimestamp(steps[at].start, UTC)
        is_hour = not daily and moment.hour
        marks.append(Mark(round(LEFT + (at + 0.5) * slot, 1), moment.strftime("%H:00" if is_hour else "%b %-d")))
    return marks


def _daily(steps: Sequence[Step]) -> bool:
    return all(step.start % DAY_SECONDS == 0 for step in steps)


def _ceiling(most: int) -> int:
    """The least round number that is not below `most` and that the ticks divide."""
    power = 1
    while True:
        for step in (4, 8, 12, 16, 20, 24, 32):
            if step * power >= most:
                return step * power
        power *= 10


def _y(views: int, top: int) -> float:
    return round(HEIGHT - BOTTOM - (HEIGHT - BOTTOM - TOP) * views / top, 1)


def _render(name: str, usage: Sequence[PlanUsage], days: int, spans: Sequence[int] = ()) -> str:
    environment = Environment(
        loader=FileSystemLoader(FOLDER),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template(name).render(
        charts=charts(usage),
        days=days,
        spans=spans,
        columns=list(COLUMNS.values()),
        series=[(look, name) for look, name, _ in SERIES],
        width=WIDTH,
        height=HEIGHT,
        left=LEFT,
        bottom=HEIGHT - BOTTOM,
    )
