"""How a section is laid out: its entries in tables by what kind of fact they are, long ones folded."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from medcodes.catalog.v1 import catalog_pb2

from . import names

Layout = Literal["facts", "figures", "modifiers", "pairs", "notes", "missing"]

# Rows of one table that are on the page before the rest is folded away.
OPEN_ROWS = 8
FEWER_OPEN_ROWS = 2
# A rest this short is not worth folding.
FEWEST_FOLDED = 3

_VERDICTS = {"allowed": "Allowed", "not_allowed": "Not allowed", "documentation": "Needs documentation"}
_PLACES = {"payment_locality_non_facility": "non-facility", "payment_locality_facility": "facility"}
# Kinds that stand in the table of another one.
_JOINED = {"conversion_factor": "payment_national", "multiple_procedure": "modifier"}
_HEADINGS = {
    "includes": "Includes",
    "inclusion_term": "Inclusion terms",
    "excludes1": "Excludes1: not coded together",
    "excludes2": "Excludes2: may be coded together",
    "code_first": "Code first",
    "use_additional": "Use additional code",
    "code_also": "Code also",
    "seventh_character": "Seventh character",
    "note": "Notes",
    "status_indicator": "Status",
    "global_days": "Global package",
    "global_share": "Shares of the global package",
    "add_on_rule": "Add-on rule",
    "visit_rule": "Visits",
    "modifier": "Modifiers",
    "add_on_code": "Add-on codes",
    "primary_code": "Primary codes",
    "cross_reference": "Cross references",
    "equivalent_code": "Equivalent codes by the GEMs",
    "equivalent_from": "Codes whose GEMs lead here",
    "operation": "Operation",
    "ptp_practitioner": "PTP edits, practitioner",
    "ptp_hospital": "PTP edits, outpatient hospital",
    "mue": "Medically unlikely edits (MUE)",
    "rvu": "Relative value units",
    "payment_national": "National payment",
    "payment_locality": "Payment by locality",
    "no_data": "Not loaded, or only in part",
}
_LAYOUTS: dict[str, Layout] = {
    "modifier": "modifiers",
    "add_on_code": "pairs",
    "primary_code": "pairs",
    "cross_reference": "pairs",
    "equivalent_code": "pairs",
    "equivalent_from": "pairs",
    "operation": "notes",
    "ptp_practitioner": "pairs",
    "ptp_hospital": "pairs",
    "global_share": "figures",
    "rvu": "figures",
    "mue": "figures",
    "payment_national": "figures",
    "payment_locality": "figures",
    "no_data": "missing",
    **dict.fromkeys(
        (
            "includes",
            "inclusion_term",
            "excludes1",
            "excludes2",
            "code_first",
            "use_additional",
            "code_also",
            "seventh_character",
            "note",
        ),
        "notes",
    ),
}


@dataclass(frozen=True, slots=True)
class Row:
    """One fact. `verdict` is set for modifiers: the value that a page shows as a badge."""

    entry: catalog_pb2.Entry
    kind: str
    verdict: str
    begins: str

    @property
    def label(self) -> str:
        place = _PLACES.get(self.kind, "")
        return f"{self.entry.label}, {place}" if place else self.entry.label

    @property
    def modifier(self) -> tuple[str, str]:
        """The modifier and its name: "50, both sides" in two."""
        code, _, name = self.entry.label.partition(", ")
        return code, name

    @property
    def remark(self) -> str:
        """The sentence, unless it says no more than label and value beside it."""
        label, value = self.entry.label, self.entry.value
        said = self.entry.text.rstrip(".")
        return "" if said in (label, f"{label} {value}", f"{label}: {value}") else self.entry.text

    @property
    def value(self) -> str:
        return "$" + self.entry.value if self.kind.startswith("payment") and self.entry.value else self.entry.value

    @property
    def owner(self) -> str:
        """Where a note stands: "S73" of "Excludes1 (S73)"."""
        found = re.search(r"\(([^()]+)\)$", self.entry.label)
        return found[1] if found else ""

    @property
    def verdict_name(self) -> str:
        return _VERDICTS.get(self.verdict, "")


@dataclass(frozen=True, slots=True)
class Group:
    """Facts of one kind, one below the other. `folded` are those behind "show more"."""

    heading: str
    layout: Layout
    rows: Sequence[Row]
    folded: Sequence[Row]

    @property
    def has_related(self) -> bool:
        return any(row.entry.HasField("related") for row in (*self.rows, *self.folded))

    @property
    def has_labels(self) -> bool:
        return any(row.entry.label for row in (*self.rows, *self.folded))

    @property
    def has_values(self) -> bool:
        return any(row.entry.value for row in (*self.rows, *self.folded))


@dataclass(frozen=True, slots=True)
class SectionView:
    number: int
    name: str
    title: str
    state: str
    locked: bool
    outdated_since: str
    summary: str
    groups: Sequence[Group]
    shown: int
    total: int
    next_cursor: str
    editions: Sequence[catalog_pb2.EditionRef]

    @property
    def id(self) -> str:
        return self.name.replace("_", "-")

    @property
    def more(self) -> int:
        return max(0, self.total - self.shown)


def view(found: catalog_pb2.Section, number: int, *, locked: bool, fold: bool = True) -> SectionView:
    """A section as the page shows it; without `fold` every entry is open (the page of a single section)."""
    entries = [] if locked else list(found.entries)
    return SectionView(
        number=number,
        name=found.name,
        title=names.SECTIONS.get(found.name, found.name),
        state=names.state(found.state),
        locked=locked,
        outdated_since=found.outdated_since,
        summary="" if locked else found.summary,
        groups=_groups(entries, fold=fold),
        shown=len(entries),
        total=0 if locked else found.total,
        next_cursor="" if locked else found.next_cursor,
        editions=() if locked else found.editions,
    )


def number_of(section: str) -> int:
    return list(names.SECTIONS).index(section) + 1


def _groups(entries: Sequence[catalog_pb2.Entry], *, fold: bool) -> list[Group]:
    rows = [_row(entry) for entry in entries]
    families: dict[str, list[Row]] = {}
    for row in rows:
        families.setdefault(_family(row.kind), []).append(row)
    return [_group(family, found, fold=fold) for family, found in families.items()]


def _row(entry: catalog_pb2.Entry) -> Row:
    kind = names.kind(entry.kind)
    verdict = entry.value if kind == "modifier" and entry.value in _VERDICTS else ""
    return Row(entry, kind, verdict, getattr(entry, "from"))


def _group(family: str, rows: list[Row], *, fold: bool) -> Group:
    most = FEWER_OPEN_ROWS if family == "payment_locality" else OPEN_ROWS
    shown = len(rows) if not fold or len(rows) < most + FEWEST_FOLDED else most
    return Group(_HEADINGS.get(family, ""), _LAYOUTS.get(family, "facts"), rows[:shown], rows[shown:])


def _family(kind: str) -> str:
    """The name of the table that a kind stands in."""
    if kind in _JOINED:
        return _JOINED[kind]
    for family in ("rvu", "payment_national", "payment_locality", "mue"):
        if kind.startswith(family + "_") and kind != "mue_adjudication":
            return family
    return kind if _LAYOUTS.get(kind, "facts") != "facts" else "facts"
