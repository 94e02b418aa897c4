"""Reads out of a release what it holds about one code, and for which days that stays the same."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import TypeVar

from .domain.editions import DataSet
from .domain.facts import (
    DiagnosisFacts,
    Equivalences,
    Icd9Facts,
    InpatientFacts,
    ModifierFacts,
    OwnedNote,
    ProcedureFacts,
    PtpPairs,
)
from .domain.filed import CodeRecord, Filed
from .domain.icd9cm import PROCEDURES
from .domain.icd10pcs import TABLE_LENGTH
from .domain.on_date import Chosen, Interval, Question, choose, edition_changes, in_force, row_changes, unchanged
from .domain.page import Entry, Hierarchy, Kind
from .domain.rows import (
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
from .domain.sections import equivalences
from .domain.sections.ncci_edits import SETTINGS, TABLES, ptp_entry
from .ports import PtpQuery, PtpSide, ReleaseReader

R = TypeVar("R", bound=Row)

SIDES: tuple[PtpSide, PtpSide] = ("column_one", "column_two")
SIBLINGS_SHOWN = 24
CHILDREN_SHOWN = 60

CMS_FILES = frozenset(
    {
        DataSet.PFS,
        DataSet.PTP_PRACTITIONER,
        DataSet.PTP_HOSPITAL,
        DataSet.MUE_PRACTITIONER,
        DataSet.MUE_OUTPATIENT_HOSPITAL,
        DataSet.MUE_DME_SUPPLIER,
        DataSet.ADD_ON,
    }
)
DATED_BY: dict[str, frozenset[DataSet]] = {
    "icd10cm": frozenset({DataSet.ICD10CM}),
    "icd10pcs": frozenset({DataSet.ICD10PCS}),
    "icd9cm": frozenset({DataSet.ICD9CM}),
    "icd9proc": frozenset({DataSet.ICD9PROC}),
    "hcpcs": CMS_FILES | {DataSet.HCPCS},
    "cpt": CMS_FILES,
    "cdt": CMS_FILES,
    "modifier": frozenset({DataSet.HCPCS}),
}
"""The data sets that a code system's dates come from: CPT and CDT codes are dated by any CMS file that names them."""


@dataclass(frozen=True, slots=True)
class PtpEntries:
    """An entry list over the PTP table, read only as far as it is shown; `q` looks at other code and rationale."""

    reader: ReleaseReader
    query: PtpQuery
    kind: Kind
    counted: dict[str, int] = field(default_factory=dict, compare=False)

    def count(self, q: str) -> int:
        if q not in self.counted:
            self.counted[q] = self.reader.ptp_count(replace(self.query, contains=q))
        return self.counted[q]

    def cut(self, q: str, offset: int, limit: int) -> Sequence[Entry]:
        found = self.reader.ptp(replace(self.query, contains=q), limit, offset)
        return [ptp_entry(row, self.query.code, self.kind, in_force=self.query.in_force) for row in found]


def hierarchy(reader: ReleaseReader, record: CodeRecord) -> Hierarchy:
    system, code = record.system, record.code
    # One more than is shown tells whether there are more; the code itself is among them.
    siblings = reader.siblings(system, code, SIBLINGS_SHOWN + 2)
    children = reader.children(system, code, "", CHILDREN_SHOWN + 1) if record.has_children else []
    return Hierarchy(
        ancestors=reader.path(system, code),
        siblings=[one for one in siblings if one.code != code][:SIBLINGS_SHOWN],
        children=children[:CHILDREN_SHOWN],
        siblings_cut=len(siblings) > SIBLINGS_SHOWN + 1,
        children_cut=len(children) > CHILDREN_SHOWN,
    )


def diagnosis(
    reader: ReleaseReader, record: CodeRecord, question: Question, family: Hierarchy
) -> tuple[DiagnosisFacts, Interval]:
    chosen = choose(reader.editions, DataSet.ICD10CM, question)
    owners = [record, *reversed(family.ancestors)]
    facts = DiagnosisFacts(
        record=record,
        question=question,
        chosen=chosen,
        equivalences=_equivalences(reader, record, question),
        path=family.ancestors,
        siblings=family.siblings,
        tabular=_one(reader, TabularCode, chosen, code=record.code),
        order=_one(reader, OrderCode, chosen, code=record.code),
        notes=[
            OwnedNote(owner, note) for owner in owners for note in _rows(reader, TabularNote, chosen, owner=owner.code)
        ],
    )
    return facts, _unchanged(reader, record, question)


def inpatient(reader: ReleaseReader, record: CodeRecord, question: Question) -> tuple[InpatientFacts, Interval]:
    chosen, tables = (choose(reader.editions, one, question) for one in (DataSet.ICD10PCS, DataSet.ICD10PCS_TABLES))
    code = record.code
    values = _rows(reader, ProcedureValue, tables, table=code[:TABLE_LENGTH])
    facts = InpatientFacts(
        record=record,
        question=question,
        chosen=chosen,
        tables=tables,
        equivalences=_equivalences(reader, record, question),
        order=_one(reader, ProcedureCode, chosen, code=code),
        values=sorted(
            (filed for filed in values if code[filed.row.position - 1 : filed.row.position] == filed.row.value),
            key=lambda filed: filed.row.position,
        ),
    )
    return facts, _unchanged(reader, record, question)


def icd9(reader: ReleaseReader, record: CodeRecord, question: Question) -> tuple[Icd9Facts, Interval]:
    data_set = DataSet.ICD9PROC if record.system == PROCEDURES else DataSet.ICD9CM
    chosen = choose(reader.editions, data_set, question)
    titled = _one(reader, Icd9Code, chosen, code=record.code)
    found = _equivalences(reader, record, question)
    return Icd9Facts(record, question, chosen, found, titled), _unchanged(reader, record, question)


def modifier(reader: ReleaseReader, record: CodeRecord, question: Question) -> tuple[ModifierFacts, Interval]:
    chosen = choose(reader.editions, DataSet.HCPCS, question)
    row = _one(reader, Modifier, chosen, modifier=record.code)
    return ModifierFacts(record, question, chosen, row), _unchanged(reader, record, question)


def procedure(reader: ReleaseReader, record: CodeRecord, question: Question) -> tuple[ProcedureFacts, Interval]:
    code = record.code
    chosen = {data_set: choose(reader.editions, data_set, question) for data_set in DataSet}
    chosen[DataSet.GPCI] = _gpci_of(reader, chosen[DataSet.PFS])
    add_ons = _rows(reader, AddOn, chosen[DataSet.ADD_ON], primary=code)
    primaries = _rows(reader, AddOn, chosen[DataSet.ADD_ON], add_on=code)
    hcpcs = _one(reader, HcpcsCode, chosen[DataSet.HCPCS], code=code)
    mues = {data_set: _one(reader, Mue, chosen[data_set], code=code) for data_set in SETTINGS}
    facts = ProcedureFacts(
        record=record,
        question=question,
        chosen=chosen,
        rvus=_one_each(_rows(reader, Rvu, chosen[DataSet.PFS], code=code)),
        gpcis=_rows(reader, Gpci, chosen[DataSet.GPCI]),
        hcpcs=hcpcs,
        mues={data_set: found for data_set, found in mues.items() if found},
        add_ons=_in_force(add_ons, chosen[DataSet.ADD_ON].day),
        primaries=_in_force(primaries, chosen[DataSet.ADD_ON].day),
        ptp=_ptp(reader, code, chosen, question),
        descriptor=_one(reader, CptDescriptor, chosen[DataSet.CPT_DESCRIPTORS], code=code),
        wording=_one(reader, PlainWording, chosen[DataSet.PLAIN_WORDING], code=code, system=record.system),
    )
    periods = [(filed.row.effective, filed.row.deleted) for filed in (*add_ons, *primaries)]
    if hcpcs:
        periods.append((hcpcs.row.added, hcpcs.row.terminated))
    interval = _unchanged(reader, record, question, periods)
    for data_set in TABLES:
        interval = interval.within(_ptp_interval(reader, code, chosen[data_set], question))
    return facts, interval


def _equivalences(reader: ReleaseReader, record: CodeRecord, question: Question) -> Equivalences:
    system, code = record.system, record.code
    chosen = choose(reader.editions, equivalences.data_set(system), question)
    return Equivalences(
        chosen,
        leads_to=_rows(reader, Gem, chosen, system=system, code=code),
        led_from=_rows(reader, Gem, chosen, other_system=system, other=code),
    )


def _gpci_of(reader: ReleaseReader, pfs: Chosen) -> Chosen:
    """The indices in force when the fee schedule was: a later year's would not fit its relative values."""
    return choose(reader.editions, DataSet.GPCI, Question(today=pfs.day, on=pfs.day))


def _ptp(
    reader: ReleaseReader, code: str, chosen: Mapping[DataSet, Chosen], question: Question
) -> dict[DataSet, PtpPairs]:
    found = {}
    for data_set, (kind, _) in TABLES.items():
        loaded, day = chosen[data_set].loaded, chosen[data_set].day.isoformat()
        if loaded is None:
            continue
        one, two = (
            PtpEntries(reader, PtpQuery(loaded.edition, code, side, day, in_force=True), kind) for side in SIDES
        )
        ended = [PtpEntries(reader, replace(part.query, in_force=False), kind) for part in (one, two)]
        found[data_set] = PtpPairs(one, two, [] if question.strict else ended)
    return found


def _ptp_interval(reader: ReleaseReader, code: str, chosen: Chosen, question: Question) -> Interval:
    """A table that is outdated is read by its own last day, so that nothing in it changes any more."""
    if chosen.loaded is None or chosen.day != question.day:
        return Interval(None, None)
    first, last = reader.ptp_changes(chosen.loaded.edition, code, chosen.day.isoformat())
    return Interval(date.fromisoformat(first) if first else None, date.fromisoformat(last) if last else None)


def _unchanged(
    reader: ReleaseReader, record: CodeRecord, question: Question, periods: Sequence[tuple[str, str]] = ()
) -> Interval:
    changes = edition_changes(reader.editions) + row_changes((record.begins, record.ends), *periods)
    return unchanged(question.day, changes)


def _rows(reader: ReleaseReader, row_type: type[R], chosen: Chosen, **where: str) -> list[Filed[R]]:
    return reader.rows(row_type, chosen.loaded.edition, **where) if chosen.loaded else []


def _one(reader: ReleaseReader, row_type: type[R], chosen: Chosen, **where: str) -> Filed[R] | None:
    found = _rows(reader, row_type, chosen, **where)
    return found[0] if found else None


def _one_each(rvus: Sequence[Filed[Rvu]]) -> list[Filed[Rvu]]:
    """One row a modifier, the one without a modifier first."""
    by_modifier: dict[str, Filed[Rvu]] = {}
    for filed in rvus:
        by_modifier.setdefault(filed.row.modifier, filed)
    return [by_modifier[key] for key in sorted(by_modifier)]


def _in_force(add_ons: Sequence[Filed[AddOn]], day: date) -> list[Filed[AddOn]]:
    """Without the rows that end on the day they begin: those were never in force (NCCI add-on code edits)."""
    return [
        filed
        for filed in add_ons
        if filed.row.effective != filed.row.deleted and in_force(filed.row.effective, filed.row.deleted, day)
    ]
