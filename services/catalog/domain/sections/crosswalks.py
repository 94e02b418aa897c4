"""Crosswalks: codes of ICD-9-CM and ICD-10, add-on and primary codes, and what the HCPCS file refers to."""

from __future__ import annotations

from collections.abc import Sequence

from ..codes import procedure_system
from ..editions import DataSet
from ..facts import DiagnosisFacts, Icd9Facts, InpatientFacts, ProcedureFacts, source
from ..filed import Filed
from ..page import Entries, Entry, Kind, Section
from ..rows import AddOn, HcpcsCode
from . import equivalences
from .draft import absent, fact, section, use

NAME = "crosswalks"
CONTRACTOR_LIST = "CCCCC"  # the primary code of add-on codes whose primaries the contractor defines


def for_diagnosis(facts: DiagnosisFacts) -> Section:
    return _equivalent(facts, ("ICD-10-CM conversion table", "MS-DRG", "HCC", "CCSR"))


def for_inpatient(facts: InpatientFacts) -> Section:
    return _equivalent(facts, ("MS-DRG", "CCSR for procedures"))


def for_icd9(facts: Icd9Facts) -> Section:
    return _equivalent(facts, ())


def _equivalent(facts: DiagnosisFacts | InpatientFacts | Icd9Facts, others: Sequence[str]) -> Section:
    """What the GEMs say, beside the sources that the catalog has no importer for yet."""
    system, found = facts.record.system, facts.equivalences
    uses = [equivalences.source_use(system, found), *(absent(title) for title in others)]
    summary = equivalences.summary(system, found)
    return section(NAME, facts.question, summary, [Entries(equivalences.entries(found))], uses)


def for_procedure(facts: ProcedureFacts) -> Section:
    references = _references(facts)
    entries = [*_primaries(facts), *_add_ons(facts), *references]
    pairs = bool(facts.add_ons or facts.primaries)
    uses = [use(DataSet.ADD_ON, facts.chosen[DataSet.ADD_ON], found=pairs, many=True)]
    if facts.record.system == "hcpcs":
        uses.append(use(DataSet.HCPCS, facts.chosen[DataSet.HCPCS], found=bool(references)))
    uses.append(absent("Coverage articles (diagnoses covered)"))
    return section(NAME, facts.question, _summary(facts, references), [Entries(entries)], uses)


def _primaries(facts: ProcedureFacts) -> list[Entry]:
    return [
        _pair(filed, Kind.PRIMARY_CODE, filed.row.primary, "Primary code", f"Reported with {filed.row.primary}")
        if filed.row.primary != CONTRACTOR_LIST
        else _pair(filed, Kind.PRIMARY_CODE, "", "Primary codes", "Its primary codes are the contractor's list")
        for filed in facts.primaries
    ]


def _add_ons(facts: ProcedureFacts) -> list[Entry]:
    return [
        _pair(filed, Kind.ADD_ON_CODE, filed.row.add_on, "Add-on code", f"{filed.row.add_on} may be added to this code")
        for filed in facts.add_ons
    ]


def _pair(filed: Filed[AddOn], kind: Kind, other: str, label: str, text: str) -> Entry:
    row = filed.row
    related = (procedure_system(other), other) if procedure_system(other) else None
    note = f" {row.note}" if row.note else ""
    text = f"{text} (type {row.edit_type}).{note}"
    return Entry(kind, text, other or row.primary, label, row.effective, row.deleted, source(filed), related)


def _references(facts: ProcedureFacts) -> list[Entry]:
    """The cross references of the HCPCS file, from a deleted or invalid code to a valid one (layout, field 15)."""
    if not facts.hcpcs:
        return []
    return [_reference(facts.hcpcs, other) for other in facts.hcpcs.row.cross_references.split()]


def _reference(filed: Filed[HcpcsCode], other: str) -> Entry:
    text = f"Replaced by {other}." if filed.row.terminated else f"The HCPCS file refers to {other}."
    related = (procedure_system(other), other) if procedure_system(other) else None
    return fact(filed, Kind.CROSS_REFERENCE, text, value=other, label="Cross reference", related=related)


def _summary(facts: ProcedureFacts, references: list[Entry]) -> str:
    parts = []
    if facts.primaries:
        listed = {filed.row.primary for filed in facts.primaries} - {CONTRACTOR_LIST}
        parts.append(f"An add-on code with {len(listed)} listed primary codes.")
    if facts.add_ons:
        codes = {filed.row.add_on for filed in facts.add_ons}
        parts.append("1 add-on code goes with it." if len(codes) == 1 else f"{len(codes)} add-on codes go with it.")
    parts += [entry.text for entry in references]
    return " ".join(parts)
