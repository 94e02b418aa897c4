"""What differs between two releases: rows of one data set, code by code, as the facts of a code page.

Streams that stand in the order of their codes are walked beside each other, so that a comparison holds the rows of one
code at a time, however long the tables are.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from enum import StrEnum
from itertools import groupby
from typing import Any, NamedTuple, TypeVar

from .rows import HcpcsCode, Mue, PlainWording, Row, Rvu

T = TypeVar("T")
K = TypeVar("K", bound=Any)

MOST_TEXT = 2000  # characters of a value that a change keeps


class ChangeKind(StrEnum):
    ADDED = "added"
    REMOVED = "removed"
    CHANGED = "changed"
    RETIRED = "retired"  # a last day was set


class FactChange(NamedTuple):
    """`section` is "" for what search shows too: the description, and whether a code is billable. Values are as filed,
    "" where there was or is none."""

    section: str
    fact: str
    label: str
    before: str
    after: str


class Shown(NamedTuple):
    """How a column of a row stands on the code page."""

    column: str
    section: str
    fact: str
    label: str


_COVERAGE, _GUIDELINES, _COMPLIANCE, _MODIFIERS = "medicare_coverage", "guidelines", "compliance", "modifiers"

SHOWN: dict[type[Row], tuple[Shown, ...]] = {
    Rvu: (
        Shown("work", _COVERAGE, "rvu_work", "Work RVU"),
        Shown("pe_non_facility", _COVERAGE, "rvu_pe_non_facility", "Practice expense RVU, non-facility"),
        Shown("pe_facility", _COVERAGE, "rvu_pe_facility", "Practice expense RVU, facility"),
        Shown("mp", _COVERAGE, "rvu_mp", "Malpractice RVU"),
        Shown("total_non_facility", _COVERAGE, "rvu_total_non_facility", "Total RVU, non-facility"),
        Shown("total_facility", _COVERAGE, "rvu_total_facility", "Total RVU, facility"),
        Shown("conversion_factor", _COVERAGE, "conversion_factor", "Conversion factor"),
        Shown("status", _GUIDELINES, "status_indicator", "Status indicator"),
        Shown("global_days", _GUIDELINES, "global_days", "Global days"),
        Shown("pre_op", _GUIDELINES, "global_share", "Pre-operative share"),
        Shown("intra_op", _GUIDELINES, "global_share", "Intra-operative share"),
        Shown("post_op", _GUIDELINES, "global_share", "Post-operative share"),
        Shown("multiple", _MODIFIERS, "multiple_procedure", "Multiple procedure indicator"),
        Shown("bilateral", _MODIFIERS, "modifier", "Bilateral indicator"),
        Shown("assistant", _MODIFIERS, "modifier", "Assistant indicator"),
        Shown("co_surgeon", _MODIFIERS, "modifier", "Co-surgeon indicator"),
        Shown("team", _MODIFIERS, "modifier", "Team indicator"),
        Shown("supervision", _COMPLIANCE, "supervision", "Supervision level"),
        Shown("pc_tc", _COMPLIANCE, "pc_tc", "PC/TC indicator"),
        Shown("na_non_facility", _COMPLIANCE, "not_applicable_non_facility", "Non-facility NA"),
        Shown("na_facility", _COMPLIANCE, "not_applicable_facility", "Facility NA"),
    ),
    Mue: (
        Shown("value", "ncci_edits", "mue", "MUE"),
        Shown("mai", _COMPLIANCE, "mue_adjudication", "MUE adjudication"),
    ),
    HcpcsCode: (
        Shown("coverage", _COMPLIANCE, "coverage_code", "Coverage code"),
        Shown("statute", _COMPLIANCE, "statute", "Statute"),
        Shown("pricing", _COMPLIANCE, "pricing_indicator", "Pricing indicator"),
        Shown("type_of_service", _COMPLIANCE, "type_of_service", "Type of service"),
        Shown("betos", _COMPLIANCE, "betos", "BETOS"),
        Shown("cross_references", "crosswalks", "cross_reference", "Cross references"),
    ),
    PlainWording: (Shown("text", "common_language_description", "common_language_description", "Plain language"),),
}


def beside(before: Iterable[T], after: Iterable[T], key: Callable[[T], K]) -> Iterator[tuple[K, list[T], list[T]]]:
    """Each key with what either stream has under it. Both must stand in the order of their keys; one group of each is
    held at a time."""
    befores, afters = groupby(before, key), groupby(after, key)
    left, right = next(befores, None), next(afters, None)
    while left or right:
        at = min(group[0] for group in (left, right) if group)
        one = left if left and left[0] == at else None
        other = right if right and right[0] == at else None
        yield at, list(one[1]) if one else [], list(other[1]) if other else []
        left = next(befores, None) if one else left
        right = next(afters, None) if other else right


def row_changes(shown: Sequence[Shown], before: Row | None, after: Row | None, suffix: str = "") -> list[FactChange]:
    """Column by column. Of a row that only one release has, the first column of each section that holds something."""
    found: list[FactChange] = []
    for column, section, fact, label in shown:
        one, other = _value(before, column), _value(after, column)
        only_one_side = before is None or after is None
        if one == other or (only_one_side and any(each.section == section for each in found)):
            continue
        found.append(FactChange(section, fact, label + suffix, one, other))
    return found


def rvu_changes(before: Sequence[Rvu], after: Sequence[Rvu]) -> list[FactChange]:
    """The rows of one code, by modifier ("", 26, TC, 53)."""
    befores, afters = {row.modifier: row for row in before}, {row.modifier: row for row in after}
    found: list[FactChange] = []
    for modifier in sorted({*befores, *afters}):
        suffix = f" ({modifier})" if modifier else ""
        found += row_changes(SHOWN[Rvu], befores.get(modifier), afters.get(modifier), suffix)
    return found


def set_change(section: str, fact: str, label: str, before: Iterable[str], after: Iterable[str]) -> list[FactChange]:
    """Of a list without an order: what was taken out and what was put in."""
    one, other = set(before), set(after)
    if one == other:
        return []
    return [FactChange(section, fact, label, _listed(one - other), _listed(other - one))]


def _listed(texts: Iterable[str]) -> str:
    return "; ".join(sorted(texts))[:MOST_TEXT]


def _value(row: Row | None, column: str) -> str:
    return "" if row is None else str(getattr(row, column))[:MOST_TEXT]
