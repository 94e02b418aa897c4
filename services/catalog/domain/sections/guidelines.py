"""Guidelines: for diagnoses the tabular notes, for procedures status, global package, add-on and visit rules."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from .. import fees, indicators
from ..codes import is_visit
from ..editions import DataSet
from ..facts import DiagnosisFacts, Icd9Facts, InpatientFacts, OwnedNote, ProcedureFacts
from ..filed import CodeRecord, Filed
from ..page import Entries, Entry, Kind, Section
from ..rows import AddOn, HcpcsCode, ProcedureValue, Rvu
from .draft import absent, fact, listing, section, use

NAME = "guidelines"

_NOTE_LABELS: dict[str, str] = {
    "includes": "Includes",
    "inclusion_term": "Inclusion term",
    "excludes1": "Excludes1",
    "excludes2": "Excludes2",
    "code_first": "Code first",
    "use_additional": "Use additional code",
    "code_also": "Code also",
    "seventh_character": "Seventh character",
    "note": "Note",
}
"""The note kinds of the ICD-10-CM tabular list, as printed there."""

_SHARES = (("pre_op", "Preoperative share"), ("intra_op", "Intraoperative share"), ("post_op", "Postoperative share"))

_ADD_ON_TYPES: dict[str, str] = {
    "1": "Add-on code: paid only with one of its listed primary codes (type 1).",
    "2": "Add-on code without a list: the contractor decides which primary codes it goes with (type 2).",
    "3": "Add-on code: goes with its listed primary codes, and others that the contractor accepts (type 3).",
}
"""Add-on code edit types (NCCI add-on code edits; Claims Processing Manual 100-04, chapter 12, section 30)."""


def for_diagnosis(facts: DiagnosisFacts) -> Section:
    """The tabular notes of the code and of everything above it, the nearest first."""
    entries = [_note(owned) for owned in facts.notes]
    uses = [
        use(DataSet.ICD10CM, facts.chosen, found=bool(entries)),
        absent("Official guidelines for coding and reporting"),
    ]
    return section(NAME, facts.question, _notes_summary(facts), [Entries(entries)], uses)


def for_inpatient(facts: InpatientFacts) -> Section:
    """What the operation is, and what each character says."""
    operation = [_operation(filed) for filed in facts.values if filed.row.definition]
    entries = [*operation, *(_character(filed) for filed in facts.values)]
    uses = [
        use(DataSet.ICD10PCS_TABLES, facts.tables, found=bool(entries)),
        absent("Official guidelines for coding and reporting"),
    ]
    return section(NAME, facts.question, operation[0].text if operation else "", [Entries(entries)], uses)


def for_icd9(facts: Icd9Facts) -> Section:
    return section(NAME, facts.question, "", [], [absent("ICD-9-CM guidelines and notes")])


def for_procedure(facts: ProcedureFacts) -> Section:
    entries: list[Entry] = []
    if facts.rvu:
        entries += _fee_schedule(facts.rvu)
    add_on_types = _add_on_rules(facts.primaries)
    entries += add_on_types
    notes = _manual_references(facts.hcpcs) if facts.hcpcs else []
    entries += notes
    uses = [
        use(DataSet.PFS, facts.chosen[DataSet.PFS], found=facts.rvu is not None),
        use(DataSet.ADD_ON, facts.chosen[DataSet.ADD_ON], found=bool(add_on_types)),
    ]
    if facts.record.system == "hcpcs":
        uses.append(use(DataSet.HCPCS, facts.chosen[DataSet.HCPCS], found=bool(notes)))
    else:
        uses.append(absent("Licensee's notes"))
    return section(NAME, facts.question, _summary(facts, add_on_types, notes), [Entries(entries)], uses)


def status_sentence(row: Rvu) -> str:
    return indicators.STATUS.get(row.status, indicators.unknown("Status", row.status))


def global_sentence(row: Rvu) -> str:
    return indicators.GLOBAL_DAYS.get(row.global_days, indicators.unknown("Global", row.global_days))


def _fee_schedule(filed: Filed[Rvu]) -> list[Entry]:
    row = filed.row
    found = [
        fact(filed, Kind.STATUS_INDICATOR, status_sentence(row), value=row.status, label="Status"),
        fact(filed, Kind.GLOBAL_DAYS, global_sentence(row), value=row.global_days, label="Global days"),
    ]
    if row.global_days in {"010", "090"}:
        values = {"pre_op": row.pre_op, "intra_op": row.intra_op, "post_op": row.post_op}
        for column, label in _SHARES:
            text = f"{fees.percent(fees.figure(values[column]))} of the package."
            found.append(fact(filed, Kind.GLOBAL_SHARE, text, value=values[column], label=label))
    if is_visit(row.code):
        text = "A visit on the day of a 000 or 010 procedure needs 25, one that decides on a 090 procedure 57, "
        text += "an unrelated one within a postoperative period 24."
        found.append(fact(filed, Kind.VISIT_RULE, text, label="Visits and procedures"))
    return found


def _add_on_rules(primaries: Sequence[Filed[AddOn]]) -> list[Entry]:
    """One entry for each type that the code has as an add-on, and one for each special instruction."""
    found: list[Entry] = []
    seen: set[str] = set()
    for filed in primaries:
        for text in (_ADD_ON_TYPES.get(filed.row.edit_type, ""), filed.row.note):
            if text and text not in seen:
                seen.add(text)
                found.append(fact(filed, Kind.ADD_ON_RULE, text, value=filed.row.edit_type, label="Add-on code"))
    return found


def _manual_references(filed: Filed[HcpcsCode]) -> list[Entry]:
    row = filed.row
    found = []
    if row.manual_references:
        text = f"Manual references: {row.manual_references}."
        found.append(fact(filed, Kind.NOTE, text, value=row.manual_references, label="Manual references"))
    if row.processing_note:
        text = f"Processing note {row.processing_note} of the HCPCS file applies."
        found.append(fact(filed, Kind.NOTE, text, value=row.processing_note, label="Processing note"))
    return found


def _summary(facts: ProcedureFacts, add_on_rules: list[Entry], notes: list[Entry]) -> str:
    parts = []
    if facts.rvu:
        parts += [status_sentence(facts.rvu.row), global_sentence(facts.rvu.row)]
    if add_on_rules:
        parts.append(add_on_rules[0].text)
    if not parts and notes:
        parts.append(notes[0].text)
    return " ".join(parts)


def _operation(filed: Filed[ProcedureValue]) -> Entry:
    row = filed.row
    return fact(filed, Kind.OPERATION, f"{row.label}: {row.definition}.", value=row.value, label=row.label)


def _character(filed: Filed[ProcedureValue]) -> Entry:
    row = filed.row
    return fact(filed, Kind.CHARACTER, row.label, value=row.value, label=f"{row.position}. {row.axis}")


def _note(owned: OwnedNote) -> Entry:
    note = owned.note.row
    label = f"{_NOTE_LABELS.get(note.kind, 'Note')} ({_owner_name(owned.owner)})"
    kind = Kind(note.kind) if note.kind in _NOTE_LABELS else Kind.NOTE
    return fact(owned.note, kind, note.text, label=label)


def _owner_name(owner: CodeRecord) -> str:
    return f"chapter {owner.code}" if owner.is_group and not owner.parent else owner.display


def _notes_summary(facts: DiagnosisFacts) -> str:
    if not facts.notes:
        return ""
    counts = Counter(owned.note.row.kind for owned in facts.notes)
    own = sum(owned.owner.code == facts.record.code for owned in facts.notes)
    kinds = [_NOTE_LABELS[kind] for kind in _NOTE_LABELS if counts[kind]]
    where = f"{own} at the code itself, {len(facts.notes) - own} above it"
    return f"{len(facts.notes)} tabular notes apply ({where}): {listing(kinds)}."
