"""Modifiers: for procedures what the fee schedule says about each, for diagnoses none."""

from __future__ import annotations

from .. import modifier_rules
from ..cpt_modifiers import WORDING
from ..editions import DataSet
from ..facts import DiagnosisFacts, Icd9Facts, InpatientFacts, ProcedureFacts, period, source
from ..filed import Filed
from ..modifier_rules import Verdict
from ..page import Entries, Entry, Kind, Section, Source
from ..rows import Rvu
from .draft import absent, listing, section, use

NAME = "modifiers"

_SIBLINGS_NAMED = 6


def for_diagnosis(facts: DiagnosisFacts) -> Section:
    """Diagnosis codes take no modifiers: side and encounter are in the code, so the siblings are the choice."""
    others = [one.display for one in facts.siblings if one.code != facts.record.code and not one.is_group]
    text = "Diagnosis codes take no modifiers; side and encounter are chosen by the code itself."
    if others:
        more = " and others" if len(others) > _SIBLINGS_NAMED else ""
        text += (
            f" Its siblings: {listing(others[:_SIBLINGS_NAMED], 'and') if not more else ', '.join(others[:6])}{more}."
        )
    return section(NAME, facts.question, text, [], [])


def for_inpatient(facts: InpatientFacts) -> Section:
    return section(NAME, facts.question, "ICD-10-PCS codes take no modifiers; all is said by their characters.", [], [])


def for_icd9(facts: Icd9Facts) -> Section:
    return section(NAME, facts.question, "ICD-9-CM codes took no modifiers.", [], [])


def for_procedure(facts: ProcedureFacts) -> Section:
    pfs = use(DataSet.PFS, facts.chosen[DataSet.PFS], found=facts.rvu is not None)
    if not facts.rvu:
        # What is not in the fee schedule (supplies, laboratory) takes modifiers too; the articles say which.
        summary = (
            "Not in the Physician Fee Schedule, whose indicators say which modifiers apply." if pfs.complete else ""
        )
        return section(NAME, facts.question, summary, [], [pfs, absent("Coverage articles (modifiers)")])
    tables = (DataSet.PTP_PRACTITIONER, DataSet.PTP_HOSPITAL)
    ptp_loaded = any(facts.chosen[table].complete for table in tables)
    verdicts = modifier_rules.verdicts([filed.row for filed in facts.rvus], ptp_loaded=ptp_loaded)
    entries = [_entry(verdict, facts.rvu) for verdict in verdicts]
    return section(NAME, facts.question, modifier_rules.summary(verdicts), [Entries(entries)], [pfs])


def _entry(verdict: Verdict, filed: Filed[Rvu]) -> Entry:
    kind = Kind.MULTIPLE_PROCEDURE if verdict.modifier == "51" else Kind.MODIFIER
    text = f"{verdict.text} ({verdict.reason})" if verdict.reason else verdict.text
    where = Source("", verdict.manual) if verdict.manual else source(filed)
    label = f"{verdict.modifier}, {WORDING[verdict.modifier]}"
    return Entry(kind, text, verdict.value, label, *period(filed.edition), where)
