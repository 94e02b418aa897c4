"""Compliance: billable or header for diagnoses; supervision, components, settings, MUE adjudication, coverage code."""

from __future__ import annotations

from dataclasses import replace

from .. import hcpcs_indicators, icd9cm, indicators, mue
from ..editions import DataSet
from ..facts import DiagnosisFacts, Icd9Facts, InpatientFacts, ModifierFacts, ProcedureFacts
from ..filed import Filed
from ..page import Entries, Entry, Kind, Section
from ..rows import HcpcsCode, Modifier, Rvu
from .draft import absent, fact, section, use
from .ncci_edits import SETTINGS

NAME = "compliance"

_INPATIENT_SOURCES = ("Medicare code editor (MCE)",)
_DIAGNOSIS_SOURCES = ("POA exempt list", "Medicare code editor (MCE)", "CC and MCC list", "HCC")


def for_diagnosis(facts: DiagnosisFacts) -> Section:
    entry = _billable(facts)
    uses = [
        use(DataSet.ICD10CM, facts.chosen, found=entry is not None),
        *(absent(title) for title in _DIAGNOSIS_SOURCES),
    ]
    entries = [entry] if entry else []
    return section(NAME, facts.question, entry.text if entry else "", [Entries(entries)], uses)


def for_inpatient(facts: InpatientFacts) -> Section:
    entries = []
    if facts.order:
        valid = facts.order.row.valid == 1
        text = "Billable." if valid else "A table of codes: not billable, a code of it is to be chosen."
        value = str(facts.order.row.valid)
        entries.append(fact(facts.order, Kind.BILLABLE, text, value=value, label="Billable"))
    uses = [
        use(DataSet.ICD10PCS, facts.chosen, found=bool(entries)),
        *(absent(title) for title in _INPATIENT_SOURCES),
    ]
    summary = entries[0].text if entries else ""
    return section(NAME, facts.question, summary, [Entries(entries)], uses)


def for_icd9(facts: Icd9Facts) -> Section:
    """ICD-9-CM ended with a date of service, not with a year's list (45 CFR 162.1002)."""
    entries = []
    if facts.titled:
        text = f"Valid for dates of service until {icd9cm.LAST_DAY}; not billable since, ICD-10 took its place."
        dated = fact(facts.titled, Kind.CODE_DATES, text, value=icd9cm.LAST_DAY, label="Dates")
        entries.append(replace(dated, ends=icd9cm.LAST_DAY))
    found = use(icd9cm_data_set(facts.record.system), facts.chosen, found=bool(entries))
    return section(NAME, facts.question, entries[0].text if entries else "", [Entries(entries)], [found])


def icd9cm_data_set(system: str) -> DataSet:
    return DataSet.ICD9PROC if system == icd9cm.PROCEDURES else DataSet.ICD9CM


def for_procedure(facts: ProcedureFacts) -> Section:
    entries: list[Entry] = []
    if facts.rvu:
        entries += _fee_schedule(facts.rvu)
    entries += _adjudication(facts)
    if facts.hcpcs:
        entries += _hcpcs(facts.hcpcs)
    uses = [use(DataSet.PFS, facts.chosen[DataSet.PFS], found=facts.rvu is not None)]
    uses += [use(data_set, facts.chosen[data_set], found=data_set in facts.mues) for data_set in SETTINGS]
    if facts.record.system == "hcpcs":
        uses.append(use(DataSet.HCPCS, facts.chosen[DataSet.HCPCS], found=facts.hcpcs is not None))
    return section(NAME, facts.question, _summary(facts), [Entries(entries)], uses)


def for_modifier(facts: ModifierFacts) -> Section:
    entries = _modifier(facts.row) if facts.row else []
    uses = [use(DataSet.HCPCS, facts.chosen, found=bool(entries))]
    summary = entries[0].text if entries else ""
    return section(NAME, facts.question, summary, [Entries(entries)], uses)


def _billable(facts: DiagnosisFacts) -> Entry | None:
    """The order file says whether a code is valid for a claim (column 15); without it, a code with none below it is."""
    if facts.order:
        filed, valid = facts.order, facts.order.row.valid == 1
        return fact(filed, Kind.BILLABLE, _billable_sentence(valid), value=str(filed.row.valid), label="Billable")
    if facts.tabular:
        leaf = facts.tabular.row.leaf == 1
        return fact(facts.tabular, Kind.BILLABLE, _billable_sentence(leaf), value=str(int(leaf)), label="Billable")
    return None


def _billable_sentence(valid: bool) -> str:
    return "Billable." if valid else "Header: not billable, a code below it is to be chosen."


def _fee_schedule(filed: Filed[Rvu]) -> list[Entry]:
    row = filed.row
    supervision = indicators.SUPERVISION.get(row.supervision, indicators.unknown("Supervision", row.supervision))
    components = indicators.PC_TC.get(row.pc_tc, indicators.unknown("PC/TC", row.pc_tc))
    found = [
        fact(filed, Kind.SUPERVISION, supervision, value=row.supervision, label="Supervision"),
        fact(filed, Kind.PC_TC, components, value=row.pc_tc, label="PC/TC"),
    ]
    if row.na_non_facility:
        text = indicators.NA_NON_FACILITY
        found.append(fact(filed, Kind.NOT_APPLICABLE_NON_FACILITY, text, value="NA", label="Non-facility"))
    if row.na_facility:
        found.append(fact(filed, Kind.NOT_APPLICABLE_FACILITY, indicators.NA_FACILITY, value="NA", label="Facility"))
    return found


def _adjudication(facts: ProcedureFacts) -> list[Entry]:
    return [
        fact(
            facts.mues[data_set],
            Kind.MUE_ADJUDICATION,
            f"{mue.adjudication(facts.mues[data_set].row)} Rationale: {facts.mues[data_set].row.rationale}.",
            value=facts.mues[data_set].row.mai,
            label=f"MUE adjudication, {setting}",
        )
        for data_set, (_, setting) in SETTINGS.items()
        if data_set in facts.mues
    ]


def _hcpcs(filed: Filed[HcpcsCode]) -> list[Entry]:
    row = filed.row
    found = []
    if row.coverage:
        text = hcpcs_indicators.coverage(row.coverage)
        found.append(fact(filed, Kind.COVERAGE_CODE, text, value=row.coverage, label="Coverage code"))
    if row.statute:
        found.append(fact(filed, Kind.STATUTE, f"Statute: {row.statute}.", value=row.statute, label="Statute"))
    for value in row.pricing.split():
        text = hcpcs_indicators.pricing(value)
        found.append(fact(filed, Kind.PRICING_INDICATOR, text, value=value, label="Pricing indicator"))
    for value in row.type_of_service.split():
        text = hcpcs_indicators.type_of_service(value)
        found.append(fact(filed, Kind.TYPE_OF_SERVICE, text, value=value, label="Type of service"))
    if row.betos:
        found.append(fact(filed, Kind.BETOS, hcpcs_indicators.betos(row.betos), value=row.betos, label="BETOS"))
    return [*found, _dates(filed, row.added, row.effective, row.terminated)]


def _modifier(filed: Filed[Modifier]) -> list[Entry]:
    row = filed.row
    found = [_dates(filed, row.added, row.effective, row.terminated)]
    if row.coverage:
        text = hcpcs_indicators.coverage(row.coverage)
        found.insert(0, fact(filed, Kind.COVERAGE_CODE, text, value=row.coverage, label="Coverage code"))
    return found


def _dates(filed: Filed[HcpcsCode] | Filed[Modifier], added: str, effective: str, terminated: str) -> Entry:
    """ADD DT, ACT EFF DT and TERM DT of the HCPCS file; the entry is in force from the first to the last."""
    parts = [f"Added {added}" if added else "Date added not stated"]
    if effective and effective != added:
        parts.append(f"last changed {effective}")
    parts.append(f"ended {terminated}" if terminated else "not ended")
    value = f"{added}/{terminated}" if terminated else added
    entry = fact(filed, Kind.CODE_DATES, f"{', '.join(parts)}.", value=value, label="Dates")
    return Entry(entry.kind, entry.text, entry.value, entry.label, added, terminated, entry.source)


def _summary(facts: ProcedureFacts) -> str:
    parts = []
    if facts.hcpcs and facts.hcpcs.row.coverage:
        parts.append(hcpcs_indicators.coverage(facts.hcpcs.row.coverage))
    if facts.rvu and facts.rvu.row.na_non_facility:
        parts.append(indicators.NA_NON_FACILITY)
    if facts.rvu and facts.rvu.row.na_facility:
        parts.append(indicators.NA_FACILITY)
    if facts.rvu and facts.rvu.row.supervision != "09":
        parts.append(indicators.SUPERVISION.get(facts.rvu.row.supervision, ""))
    limits = [facts.mues[data_set].row for data_set in SETTINGS if data_set in facts.mues]
    parts += [f"MUE: {mue.adjudication(limits[0])}"] if limits else []
    return " ".join(part for part in parts if part)
