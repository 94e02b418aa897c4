"""A code page: what is on it, whatever it will be translated to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import Protocol

from .filed import CodeRecord, LoadedEdition
from .on_date import Interval

SECTION_NAMES = ("guidelines", "modifiers", "crosswalks", "ncci_edits", "compliance", "medicare_coverage")
FIRST_ENTRIES = 40  # of each section on the page; GetSection pages through the rest


class Kind(StrEnum):
    """The fixed names of facts, as in the contract."""

    NO_DATA = "no_data"
    INCLUDES = "includes"
    INCLUSION_TERM = "inclusion_term"
    EXCLUDES1 = "excludes1"
    EXCLUDES2 = "excludes2"
    CODE_FIRST = "code_first"
    USE_ADDITIONAL = "use_additional"
    CODE_ALSO = "code_also"
    SEVENTH_CHARACTER = "seventh_character"
    NOTE = "note"
    STATUS_INDICATOR = "status_indicator"
    GLOBAL_DAYS = "global_days"
    GLOBAL_SHARE = "global_share"
    ADD_ON_RULE = "add_on_rule"
    VISIT_RULE = "visit_rule"
    OPERATION = "operation"
    CHARACTER = "character"
    MODIFIER = "modifier"
    MULTIPLE_PROCEDURE = "multiple_procedure"
    ADD_ON_CODE = "add_on_code"
    PRIMARY_CODE = "primary_code"
    CROSS_REFERENCE = "cross_reference"
    EQUIVALENT_CODE = "equivalent_code"
    EQUIVALENT_FROM = "equivalent_from"
    PTP_PRACTITIONER = "ptp_practitioner"
    PTP_HOSPITAL = "ptp_hospital"
    MUE_PRACTITIONER = "mue_practitioner"
    MUE_OUTPATIENT_HOSPITAL = "mue_outpatient_hospital"
    MUE_DME_SUPPLIER = "mue_dme_supplier"
    BILLABLE = "billable"
    SUPERVISION = "supervision"
    PC_TC = "pc_tc"
    NOT_APPLICABLE_NON_FACILITY = "not_applicable_non_facility"
    NOT_APPLICABLE_FACILITY = "not_applicable_facility"
    MUE_ADJUDICATION = "mue_adjudication"
    COVERAGE_CODE = "coverage_code"
    STATUTE = "statute"
    PRICING_INDICATOR = "pricing_indicator"
    TYPE_OF_SERVICE = "type_of_service"
    BETOS = "betos"
    CODE_DATES = "code_dates"
    RVU_WORK = "rvu_work"
    RVU_PE_NON_FACILITY = "rvu_pe_non_facility"
    RVU_PE_FACILITY = "rvu_pe_facility"
    RVU_MP = "rvu_mp"
    RVU_TOTAL_NON_FACILITY = "rvu_total_non_facility"
    RVU_TOTAL_FACILITY = "rvu_total_facility"
    CONVERSION_FACTOR = "conversion_factor"
    PAYMENT_NATIONAL_NON_FACILITY = "payment_national_non_facility"
    PAYMENT_NATIONAL_FACILITY = "payment_national_facility"
    PAYMENT_LOCALITY_NON_FACILITY = "payment_locality_non_facility"
    PAYMENT_LOCALITY_FACILITY = "payment_locality_facility"


class State(StrEnum):
    """Available: a source has an entry. None: all sources are complete and hold nothing. No data: anything else."""

    AVAILABLE = "available"
    NONE = "none"
    NO_DATA = "no_data"


class Status(StrEnum):
    ACTIVE = "active"
    RETIRED = "retired"
    FUTURE = "future"


@dataclass(frozen=True, slots=True)
class Source:
    """`line` is 0 where a fact comes from the file as a whole."""

    file: str = ""
    edition: str = ""
    line: int = 0


@dataclass(frozen=True, slots=True)
class Entry:
    """One fact: the sentence that a coder reads, the value as filed, and where it stands."""

    kind: Kind
    text: str
    value: str = ""
    label: str = ""
    begins: str = ""
    ends: str = ""
    source: Source = Source()
    related: tuple[str, str] | None = None  # (code system, stored code) of another code that this is about

    def contains(self, folded: str) -> bool:
        """Whether text, label or value contains `folded` (case-folded)."""
        return any(folded in part.casefold() for part in (self.text, self.label, self.value))


class EntryList(Protocol):
    """Entries that may be many: counted and cut without having all of them at hand. `q` filters ("" is all)."""

    def count(self, q: str) -> int: ...

    def cut(self, q: str, offset: int, limit: int) -> Sequence[Entry]: ...


@dataclass(frozen=True, slots=True)
class Entries:
    """An entry list of entries at hand."""

    items: Sequence[Entry]

    def count(self, q: str) -> int:
        return len(self._matching(q))

    def cut(self, q: str, offset: int, limit: int) -> Sequence[Entry]:
        return self._matching(q)[offset : offset + limit]

    def _matching(self, q: str) -> Sequence[Entry]:
        folded = q.casefold()
        return [entry for entry in self.items if entry.contains(folded)] if folded else self.items


@dataclass(frozen=True, slots=True)
class EditionUse:
    """An edition that a section was answered from."""

    loaded: LoadedEdition
    outdated_since: date | None


@dataclass(frozen=True, slots=True)
class Section:
    """A section with all its entries behind `lists`, in order."""

    name: str
    state: State
    summary: str
    lists: Sequence[EntryList]
    editions: Sequence[EditionUse]

    @property
    def outdated_since(self) -> date | None:
        return min((use.outdated_since for use in self.editions if use.outdated_since), default=None)

    def total(self, q: str = "") -> int:
        return sum(part.count(q) for part in self.lists)

    def cut(self, q: str, offset: int, limit: int) -> list[Entry]:
        """At most `limit` entries from the `offset`th on, across the lists."""
        found: list[Entry] = []
        for part in self.lists:
            if len(found) >= limit:
                break
            count = part.count(q)
            if offset < count:
                found += part.cut(q, offset, limit - len(found))
            offset = max(0, offset - count)
        return found


@dataclass(frozen=True, slots=True)
class SectionPage:
    """The entries of a section that one answer carries. `next_cursor` is empty on the last page."""

    section: Section
    entries: Sequence[Entry]
    total: int
    next_cursor: str


@dataclass(frozen=True, slots=True)
class Description:
    """`text` is empty where there is none; then `missing` says why, in a sentence."""

    text: str = ""
    source: Source = Source()
    copyright: str = ""
    missing: str = ""


@dataclass(frozen=True, slots=True)
class Hierarchy:
    ancestors: Sequence[CodeRecord] = ()
    siblings: Sequence[CodeRecord] = ()
    children: Sequence[CodeRecord] = ()
    siblings_cut: bool = False
    children_cut: bool = False


@dataclass(frozen=True, slots=True)
class Glance:
    label: str
    value: str


@dataclass(frozen=True, slots=True)
class Page:
    """One code page. It is the same for every day of `same`, for the same kind of question in the same release."""

    record: CodeRecord
    status: Status
    billable: bool | None
    effective_from: str
    effective_to: str
    on: date | None
    release: str
    official: Description
    common: Description
    hierarchy: Hierarchy
    sections: Sequence[SectionPage]
    glance: Sequence[Glance]
    same: Interval
    related: Mapping[tuple[str, str], CodeRecord] = field(default_factory=dict)  # of the codes that entries name
