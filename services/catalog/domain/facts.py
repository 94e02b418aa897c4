"""Everything that a release holds about one code, as the sections take it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from .editions import DataSet, Edition
from .filed import CodeRecord, Filed
from .on_date import Chosen, Question
from .page import EntryList, Source
from .rows import (
    AddOn,
    CptDescriptor,
    Gem,
    Gpci,
    HcpcsCode,
    Icd9Code,
    Modifier,
    Mue,
    OrderCode,
    PlainWording,
    ProcedureCode,
    ProcedureValue,
    Row,
    Rvu,
    TabularCode,
    TabularNote,
)


@dataclass(frozen=True, slots=True)
class PtpPairs:
    """The PTP pairs of one code in one table, each list read only as far as it is shown."""

    column_one: EntryList  # in force, this code in column one
    column_two: EntryList
    ended: Sequence[EntryList] = ()  # no longer or never in force; left out when a date of service was asked for


@dataclass(frozen=True, slots=True)
class ProcedureFacts:
    """A CPT, CDT or HCPCS code. Rows are of the chosen editions only; absent ones are absent there."""

    record: CodeRecord
    question: Question
    chosen: Mapping[DataSet, Chosen]
    rvus: Sequence[Filed[Rvu]] = ()  # the row without a modifier first
    gpcis: Sequence[Filed[Gpci]] = ()  # of the year of the fee schedule
    hcpcs: Filed[HcpcsCode] | None = None
    mues: Mapping[DataSet, Filed[Mue]] = field(default_factory=dict)
    add_ons: Sequence[Filed[AddOn]] = ()  # in force, with this code as the primary
    primaries: Sequence[Filed[AddOn]] = ()  # in force, with this code as the add-on
    ptp: Mapping[DataSet, PtpPairs] = field(default_factory=dict)
    descriptor: Filed[CptDescriptor] | None = None
    wording: Filed[PlainWording] | None = None

    @property
    def rvu(self) -> Filed[Rvu] | None:
        return self.rvus[0] if self.rvus else None


@dataclass(frozen=True, slots=True)
class Equivalences:
    """The rows of the GEMs about one code of ICD-9-CM or ICD-10, in the order of the file."""

    chosen: Chosen
    leads_to: Sequence[Filed[Gem]] = ()  # from this code to others
    led_from: Sequence[Filed[Gem]] = ()  # from others to this code


@dataclass(frozen=True, slots=True)
class OwnedNote:
    """A tabular note with the node it stands at: the code itself or one above it."""

    owner: CodeRecord
    note: Filed[TabularNote]


@dataclass(frozen=True, slots=True)
class DiagnosisFacts:
    """An ICD-10-CM category, subcategory or code. `path` runs from the chapter down, the code not included."""

    record: CodeRecord
    question: Question
    chosen: Chosen
    equivalences: Equivalences
    path: Sequence[CodeRecord] = ()
    siblings: Sequence[CodeRecord] = ()
    tabular: Filed[TabularCode] | None = None
    order: Filed[OrderCode] | None = None
    notes: Sequence[OwnedNote] = ()  # nearest owner first


@dataclass(frozen=True, slots=True)
class InpatientFacts:
    """An ICD-10-PCS code, or a table of codes. `values` are what its characters mean, in their order."""

    record: CodeRecord
    question: Question
    chosen: Chosen
    tables: Chosen
    equivalences: Equivalences
    order: Filed[ProcedureCode] | None = None
    values: Sequence[Filed[ProcedureValue]] = ()


@dataclass(frozen=True, slots=True)
class Icd9Facts:
    """A diagnosis or procedure code of ICD-9-CM."""

    record: CodeRecord
    question: Question
    chosen: Chosen
    equivalences: Equivalences
    titled: Filed[Icd9Code] | None = None


@dataclass(frozen=True, slots=True)
class ModifierFacts:
    """A HCPCS Level II modifier."""

    record: CodeRecord
    question: Question
    chosen: Chosen
    row: Filed[Modifier] | None = None


def source(filed: Filed[Row]) -> Source:
    return Source(filed.file, filed.edition.title, filed.row.line)


def period(edition: Edition) -> tuple[str, str]:
    """The ISO dates between which an edition is in force, "" where unbounded."""
    return (
        edition.begins.isoformat() if edition.begins else "",
        edition.ends.isoformat() if edition.ends else "",
    )
