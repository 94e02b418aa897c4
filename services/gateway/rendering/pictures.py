"""Small pictures, as numbers for inline SVG: never without the table or list that says the same."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

from medcodes.catalog.v1 import catalog_pb2

from . import names

_PARTS = (("rvu_work", "Work"), ("rvu_pe", "Practice expense"), ("rvu_mp", "Malpractice"))
BAR_WIDTH = 320


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a bar: where it begins and how wide it is, in the picture's units."""

    name: str
    value: str
    x: float
    width: float


@dataclass(frozen=True, slots=True)
class Bar:
    name: str
    total: str
    parts: Sequence[Part]


def rvu_bars(sections: Sequence[catalog_pb2.Section]) -> list[Bar]:
    """What the RVUs of a code consist of, in the office and in a facility; empty where one of them is not there."""
    values = {
        names.kind(entry.kind): entry.value
        for section in sections
        if section.name == "medicare_coverage"
        for entry in reversed(section.entries)
    }
    rows = []
    for place, expense in (("Non-facility", "rvu_pe_non_facility"), ("Facility", "rvu_pe_facility")):
        kinds = ("rvu_work", expense, "rvu_mp")
        if all(_number(values.get(kind, "")) is not None for kind in kinds):
            rows.append((place, [(name, values[kind]) for kind, (_, name) in zip(kinds, _PARTS, strict=True)]))
    totals = {place: sum((Decimal(value) for _, value in parts), Decimal()) for place, parts in rows}
    largest = max(totals.values(), default=Decimal())
    return [_bar(place, totals[place], parts, largest) for place, parts in rows] if largest > 0 else []


def _bar(name: str, total: Decimal, parts: Sequence[tuple[str, str]], largest: Decimal) -> Bar:
    placed, x = [], 0.0
    for part, value in parts:
        width = round(float(Decimal(value) / largest) * BAR_WIDTH, 1)
        placed.append(Part(part, value, round(x, 1), width))
        x += width
    return Bar(name, f"{total:.2f}", placed)


def _number(text: str) -> Decimal | None:
    try:
        return Decimal(text)
    except InvalidOperation:
        return None


PLACE_WIDTH = 248
ABOVE_HEIGHT, LEVEL_HEIGHT = 13, 22
MARGIN = 8
MOST_DOTS = 30


@dataclass(frozen=True, slots=True)
class Dot:
    x: float
    y: float
    r: float
    kind: str


@dataclass(frozen=True, slots=True)
class Place:
    """The code's place in its tree: its ancestors above, its siblings beside, its children below. `text` says it."""

    width: int
    height: int
    dots: Sequence[Dot]
    lines: Sequence[str]
    text: str


def place(hierarchy: catalog_pb2.Hierarchy, family: Sequence[catalog_pb2.CodeRef], code: str) -> Place | None:
    """`family` are the siblings with the code itself among them. None where the code stands alone."""
    siblings = _around(family, code)
    children = list(hierarchy.children)[:MOST_DOTS]
    if len(siblings) == 1 and not children and not hierarchy.ancestors:
        return None
    dots, lines = [], []
    middle, level = PLACE_WIDTH / 2, MARGIN
    parent: tuple[float, float] | None = None
    for _ in hierarchy.ancestors:
        dots.append(Dot(middle, level, 3, "above"))
        lines += _line(parent, (middle, level))
        parent, level = (middle, level), level + ABOVE_HEIGHT
    if parent:
        level += LEVEL_HEIGHT - ABOVE_HEIGHT
    current = (middle, float(level))
    for x, ref in zip(_spread(len(siblings)), siblings, strict=True):
        is_current = ref.code == code
        dots.append(Dot(x, level, 6 if is_current else 3, "current" if is_current else "sibling"))
        lines += _line(parent, (x, level))
        current = (x, level) if is_current else current
    if children:
        level += LEVEL_HEIGHT
        for x in _spread(len(children)):
            dots.append(Dot(x, level, 3, "child"))
            lines += _line(current, (x, level))
    return Place(PLACE_WIDTH, level + MARGIN, dots, lines, _place_text(hierarchy, len(family), len(children)))


def _around(family: Sequence[catalog_pb2.CodeRef], code: str) -> Sequence[catalog_pb2.CodeRef]:
    """At most `MOST_DOTS` of a family, the code among them."""
    number = next(number for number, ref in enumerate(family) if ref.code == code)
    first = max(0, min(number - MOST_DOTS // 2, len(family) - MOST_DOTS))
    return family[first : first + MOST_DOTS]


def _spread(count: int) -> list[float]:
    """`count` positions from edge to edge, the closest pair not further apart than two levels are high."""
    step = min((PLACE_WIDTH - 2 * MARGIN) / max(1, count - 1), 2.0 * LEVEL_HEIGHT)
    first = PLACE_WIDTH / 2 - step * (count - 1) / 2
    return [round(first + step * number, 1) for number in range(count)]


def _line(begin: tuple[float, float] | None, end: tuple[float, float]) -> list[str]:
    return [f"M{begin[0]:g} {begin[1]:g}L{end[0]:g} {end[1]:g}"] if begin else []


def _place_text(hierarchy: catalog_pb2.Hierarchy, siblings: int, children: int) -> str:
    more = "or more " if hierarchy.siblings_cut else ""
    text = f"{len(hierarchy.ancestors)} levels down, one of {siblings} {more}siblings"
    return f"{text}, with {children}{' or more' if hierarchy.children_cut else ''} below it" if children else text
