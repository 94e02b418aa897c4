"""NCCI edits: medically unlikely edits (MUE) by setting, procedure-to-procedure edits (PTP) on both sides."""

from __future__ import annotations

from collections.abc import Sequence

from .. import mue
from ..codes import procedure_system
from ..editions import DataSet
from ..facts import DiagnosisFacts, Icd9Facts, InpatientFacts, ProcedureFacts, PtpPairs, source
from ..filed import Filed
from ..page import Entries, Entry, EntryList, Kind, Section
from ..rows import Ptp
from .draft import SourceUse, fact, section, use

NAME = "ncci_edits"

SETTINGS: dict[DataSet, tuple[Kind, str]] = {
    DataSet.MUE_PRACTITIONER: (Kind.MUE_PRACTITIONER, "practitioner"),
    DataSet.MUE_OUTPATIENT_HOSPITAL: (Kind.MUE_OUTPATIENT_HOSPITAL, "outpatient hospital"),
    DataSet.MUE_DME_SUPPLIER: (Kind.MUE_DME_SUPPLIER, "DME supplier"),
}
TABLES: dict[DataSet, tuple[Kind, str]] = {
    DataSet.PTP_PRACTITIONER: (Kind.PTP_PRACTITIONER, "practitioner"),
    DataSet.PTP_HOSPITAL: (Kind.PTP_HOSPITAL, "hospital"),
}

_INDICATORS: dict[str, str] = {
    "0": "no modifier lets both be paid (indicator 0)",
    "1": "a modifier may let both be paid if the record supports it (indicator 1)",
    "9": "never in force (indicator 9)",
}
"""Modifier indicator (NCCI Policy Manual, chapter I, section E)."""


def for_diagnosis(facts: DiagnosisFacts) -> Section:
    return section(NAME, facts.question, "NCCI edits are about procedure codes; diagnoses have none.", [], [])


def for_inpatient(facts: InpatientFacts) -> Section:
    text = "NCCI edits are about CPT and HCPCS codes; inpatient procedure codes have none."
    return section(NAME, facts.question, text, [], [])


def for_icd9(facts: Icd9Facts) -> Section:
    return section(NAME, facts.question, "NCCI edits are about CPT and HCPCS codes; ICD-9-CM codes have none.", [], [])


def for_procedure(facts: ProcedureFacts) -> Section:
    limits = [
        fact(
            facts.mues[data_set],
            kind,
            f"{mue.sentence(facts.mues[data_set].row, setting)} {mue.adjudication(facts.mues[data_set].row)}",
            value=facts.mues[data_set].row.value,
            label=f"MUE, {setting}",
        )
        for data_set, (kind, setting) in SETTINGS.items()
        if data_set in facts.mues
    ]
    lists: list[EntryList] = [Entries(limits)]
    uses = [use(data_set, facts.chosen[data_set], found=data_set in facts.mues) for data_set in SETTINGS]
    for data_set in TABLES:
        pairs = facts.ptp.get(data_set)
        lists += _lists(pairs) if pairs else []
        uses.append(_ptp_use(facts, data_set, pairs))
    return section(NAME, facts.question, _summary(facts), lists, uses)


def ptp_entry(filed: Filed[Ptp], code: str, kind: Kind, *, in_force: bool) -> Entry:
    """One pair as seen from `code`. Of a pair reported together, the column two code is the one not paid."""
    row = filed.row
    first = row.column_one == code
    other = row.column_two if first else row.column_one
    rule = _INDICATORS.get(row.indicator, f"indicator {row.indicator}")
    if in_force:
        text = f"{row.column_two} is not paid beside {row.column_one}; {rule}."
    elif row.indicator == "9":
        text = f"{row.column_two} beside {row.column_one}: {rule}."
    else:
        text = f"{row.column_two} beside {row.column_one}: not in force ({row.effective} to {row.deleted or 'open'})."
    label = f"{'Column two' if first else 'Column one'} {other}"
    related = (procedure_system(other), other) if procedure_system(other) else None
    text = f"{text} {row.rationale}".strip()
    return Entry(kind, text, row.indicator, label, row.effective, row.deleted, source(filed), related)


def _lists(pairs: PtpPairs) -> Sequence[EntryList]:
    return [pairs.column_one, pairs.column_two, *pairs.ended]


def _ptp_use(facts: ProcedureFacts, data_set: DataSet, pairs: PtpPairs | None) -> SourceUse:
    found = pairs is not None and any(part.count("") for part in _lists(pairs))
    return use(data_set, facts.chosen[data_set], found=found, many=True)


def _summary(facts: ProcedureFacts) -> str:
    parts = []
    for data_set, (_, setting) in SETTINGS.items():
        if data_set in facts.mues:
            row = facts.mues[data_set].row
            parts.append(f"MUE {setting}: {mue.limit(row)}{f' (MAI {row.mai})' if row.mai else ''}.")
        elif data_set is DataSet.MUE_PRACTITIONER and facts.chosen[data_set].complete:
            parts.append(f"MUE {setting}: {mue.UNPUBLISHED}")
    parts += [_pairs_summary(facts, data_set, setting) for data_set, (_, setting) in TABLES.items()]
    return " ".join(parts)


def _pairs_summary(facts: ProcedureFacts, data_set: DataSet, setting: str) -> str:
    """How many pairs are in force. A table that is not whole says nothing about those it lacks."""
    pairs = facts.ptp.get(data_set)
    if not pairs:
        return f"PTP {setting}: no data, not loaded."
    first, second = pairs.column_one.count(""), pairs.column_two.count("")
    if facts.chosen[data_set].complete:
        return f"PTP {setting}: {first} pairs as column one, {second} as column two."
    if first or second:
        return f"PTP {setting}: at least {first} pairs as column one, {second} as column two (loaded in part)."
    return f"PTP {setting}: no data, loaded only in part."
