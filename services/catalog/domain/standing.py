"""Whether a code is active, retired or still to come on a day, and whether it may stand on a claim."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from .editions import DataSet
from .facts import DiagnosisFacts, Icd9Facts, InpatientFacts, ProcedureFacts
from .filed import CodeRecord, LoadedEdition
from .on_date import Question
from .page import Status

_NAMED_BY: dict[str, DataSet] = {
    "icd10cm": DataSet.ICD10CM,
    "icd10pcs": DataSet.ICD10PCS,
    "icd9cm": DataSet.ICD9CM,
    "icd9proc": DataSet.ICD9PROC,
    "hcpcs": DataSet.HCPCS,
    "modifier": DataSet.HCPCS,
    "cpt": DataSet.PFS,
    "cdt": DataSet.PFS,
}
_DATED_IN_FILE = frozenset({"hcpcs", "modifier"})


def status(record: CodeRecord, question: Question, editions: Sequence[LoadedEdition]) -> Status:
    """By the dates of the code. HCPCS states them; for the others a code is known to come only if an earlier complete
    edition without it is loaded, and known to be gone only if a later complete one is without it."""
    day = question.day.isoformat()
    if record.ends and record.ends < day:
        return Status.RETIRED
    if record.begins > day and _begin_is_known(record, editions):
        return Status.FUTURE
    return Status.ACTIVE


def diagnosis_billable(facts: DiagnosisFacts, standing: Status) -> bool | None:
    """The order file's word, else the tabular list's (nothing below it); never for a code not in force."""
    if standing is not Status.ACTIVE:
        return False
    if facts.order:
        return facts.order.row.valid == 1
    if facts.tabular:
        return facts.tabular.row.leaf == 1
    return facts.record.billable


def inpatient_billable(facts: InpatientFacts, standing: Status) -> bool | None:
    """The order file's word; never for a code not in force."""
    if standing is not Status.ACTIVE:
        return False
    return facts.order.row.valid == 1 if facts.order else facts.record.billable


def icd9_billable(facts: Icd9Facts, standing: Status) -> bool:
    """The files of titles list only codes that were valid on a claim as long as ICD-9-CM was in use."""
    return standing is Status.ACTIVE and facts.titled is not None


def procedure_billable(facts: ProcedureFacts, standing: Status) -> bool | None:
    """Whether the code may be reported: not when it is out of force, unknown where no CMS file names it."""
    if standing is not Status.ACTIVE:
        return False
    if facts.rvus or facts.hcpcs or facts.mues or facts.primaries or facts.add_ons:
        return True
    return facts.record.billable


def _begin_is_known(record: CodeRecord, editions: Sequence[LoadedEdition]) -> bool:
    if record.system in _DATED_IN_FILE:
        return True
    begins = date.fromisoformat(record.begins)
    data_set = _NAMED_BY.get(record.system)
    return any(
        loaded.complete
        and loaded.edition.data_set == data_set
        and loaded.edition.ends is not None
        and loaded.edition.ends < begins
        for loaded in editions
    )
