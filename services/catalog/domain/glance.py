"""The facts looked up most, for one row at the top of a page."""

from __future__ import annotations

import re

from . import mue
from .codes import display, is_visit
from .editions import DataSet
from .facts import DiagnosisFacts, Icd9Facts, InpatientFacts, ProcedureFacts
from .page import Glance
from .sections.medicare_coverage import headline_payment, headline_rvu

_SIDE = re.compile(r"\b(left|right|bilateral|unspecified (?:side|eye|ear))\b", re.IGNORECASE)
_CHAPTERS_WITH_SIDES = frozenset("CDGHLMNST")
_ENCOUNTERS = (
    ("initial encounter", "Active treatment"),
    ("subsequent encounter", "Healing or aftercare"),
    ("sequela", "Sequela"),
)
_TELLING_CHARACTERS = (3, 4, 5)  # operation, body part, approach, or what they are called in another section
_MUE_SETTINGS = (DataSet.MUE_PRACTITIONER, DataSet.MUE_OUTPATIENT_HOSPITAL, DataSet.MUE_DME_SUPPLIER)


def for_diagnosis(facts: DiagnosisFacts, billable: bool | None, description: str) -> list[Glance]:
    """Billable, chapter, and where the code says so, side and encounter."""
    found = [] if billable is None else [Glance("Billable", "yes" if billable else "no")]
    if facts.path and facts.path[0].is_group:
        found.append(Glance("Chapter", facts.path[0].code))
    side = _SIDE.search(description)
    # "Left" in other chapters is often no side to choose: left ventricular failure, left-sided colitis.
    if side and facts.record.code[0] in _CHAPTERS_WITH_SIDES:
        found.append(Glance("Side", side.group(1).lower()))
    encounter = encounter_of(facts.record.code, description)
    return [*found, Glance("Encounter", encounter)] if encounter else found


def for_inpatient(facts: InpatientFacts, billable: bool | None) -> list[Glance]:
    """Billable, and what the characters from the operation on mean, as far as the tables say."""
    found = [] if billable is None else [Glance("Billable", "yes" if billable else "no")]
    named = [filed.row for filed in facts.values if filed.row.position in _TELLING_CHARACTERS]
    return found + [Glance(row.axis, row.label) for row in named]


def for_icd9(facts: Icd9Facts, billable: bool) -> list[Glance]:
    """Whether it is billable, until when it was, and the codes of ICD-10 that the GEMs lead to."""
    found = [Glance("Billable", "yes" if billable else "no"), Glance("Valid until", facts.record.ends)]
    named = list(dict.fromkeys(filed.row.other for filed in facts.equivalences.leads_to if filed.row.other))
    shown = [display(filed.row.other_system, named[0]) for filed in facts.equivalences.leads_to[:1] if named]
    more = f" and {len(named) - 1} more" if len(named) > 1 else ""
    return found + [Glance("ICD-10", one + more) for one in shown]


def for_procedure(facts: ProcedureFacts) -> list[Glance]:
    found: list[Glance] = []
    if facts.rvu:
        row = facts.rvu.row
        found.append(Glance("Global", row.global_days))
        if not is_visit(row.code) and row.bilateral != "9":
            found.append(Glance("Bilateral", row.bilateral))
    limit = next((facts.mues[setting].row for setting in _MUE_SETTINGS if setting in facts.mues), None)
    if limit:
        found.append(Glance("MUE", mue.limit(limit)))
    if facts.rvu:
        row = facts.rvu.row
        if not is_visit(row.code) and row.assistant != "9":
            found.append(Glance("Assistant", row.assistant))
        if headline_payment(row):
            found.append(Glance("RVU", headline_rvu(row)))
            found.append(Glance("National", headline_payment(row)))
        else:
            found.append(Glance("Status", row.status))
    return [*found, *_hcpcs(facts)]


def encounter_of(code: str, description: str) -> str:
    """What the seventh character says of the encounter. A means active treatment, not the first visit."""
    if len(code) != 7:
        return ""
    said = description.lower()
    for words, meaning in _ENCOUNTERS:
        if words in said:
            return f"{meaning} ({code[6]})"
    return ""


def _hcpcs(facts: ProcedureFacts) -> list[Glance]:
    if not facts.hcpcs:
        return []
    row = facts.hcpcs.row
    found = [("Coverage", row.coverage), ("Pricing", row.pricing), ("Added", row.added), ("Ended", row.terminated)]
    return [Glance(label, value) for label, value in found if value]
