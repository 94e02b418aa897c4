"""Puts a code page together: reads the facts, has the rules make sections of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from . import reading
from .domain import descriptions, glance, icd9cm, icd10pcs, standing
from .domain.facts import DiagnosisFacts, Icd9Facts, InpatientFacts, ModifierFacts, ProcedureFacts
from .domain.filed import CodeRecord
from .domain.on_date import Interval, Question
from .domain.page import SECTION_NAMES, Description, Glance, Hierarchy, Page, Section, SectionPage, Status
from .domain.plain_language import describe_icd10cm
from .domain.sections import (
    compliance,
    crosswalks,
    draft,
    guidelines,
    medicare_coverage,
    modifiers,
    ncci_edits,
)
from .ports import ReleaseReader

CutSection = Callable[[Section], SectionPage]
FindRelated = Callable[[Sequence[SectionPage]], Mapping[tuple[str, str], CodeRecord]]

_DIAGNOSIS = {
    guidelines.NAME: guidelines.for_diagnosis,
    modifiers.NAME: modifiers.for_diagnosis,
    crosswalks.NAME: crosswalks.for_diagnosis,
    ncci_edits.NAME: ncci_edits.for_diagnosis,
    compliance.NAME: compliance.for_diagnosis,
    medicare_coverage.NAME: medicare_coverage.for_diagnosis,
}
_INPATIENT = {
    guidelines.NAME: guidelines.for_inpatient,
    modifiers.NAME: modifiers.for_inpatient,
    crosswalks.NAME: crosswalks.for_inpatient,
    ncci_edits.NAME: ncci_edits.for_inpatient,
    compliance.NAME: compliance.for_inpatient,
    medicare_coverage.NAME: medicare_coverage.for_inpatient,
}
_ICD9 = {
    guidelines.NAME: guidelines.for_icd9,
    modifiers.NAME: modifiers.for_icd9,
    crosswalks.NAME: crosswalks.for_icd9,
    ncci_edits.NAME: ncci_edits.for_icd9,
    compliance.NAME: compliance.for_icd9,
    medicare_coverage.NAME: medicare_coverage.for_icd9,
}
_PROCEDURE = {
    guidelines.NAME: guidelines.for_procedure,
    modifiers.NAME: modifiers.for_procedure,
    crosswalks.NAME: crosswalks.for_procedure,
    ncci_edits.NAME: ncci_edits.for_procedure,
    compliance.NAME: compliance.for_procedure,
    medicare_coverage.NAME: medicare_coverage.for_procedure,
}
_NOT_OF_MODIFIERS = "Modifiers stand behind a procedure code; this section is about codes."


@dataclass(frozen=True, slots=True)
class Assembled:
    """A page whose sections are not cut yet."""

    status: Status
    billable: bool | None
    official: Description
    common: Description
    hierarchy: Hierarchy
    glance: Sequence[Glance]
    same: Interval
    section: Callable[[str], Section]


def assemble(reader: ReleaseReader, record: CodeRecord, question: Question) -> Assembled:
    """Everything about a code for one question; each section is made when it is asked for."""
    family = reading.hierarchy(reader, record)
    status = standing.status(record, question, reader.editions)
    if record.system == "icd10cm":
        diagnosis, same = reading.diagnosis(reader, record, question, family)
        return _diagnosis(diagnosis, same, family, status)
    if record.system == icd10pcs.SYSTEM:
        inpatient, same = reading.inpatient(reader, record, question)
        return _inpatient(inpatient, same, family, status)
    if record.system in icd9cm.SYSTEMS:
        icd9, same = reading.icd9(reader, record, question)
        return _icd9(icd9, same, family, status)
    if record.system == "modifier":
        modifier, same = reading.modifier(reader, record, question)
        return _modifier(modifier, same, family, status)
    procedure, same = reading.procedure(reader, record, question)
    return _procedure(procedure, same, family, status)


def page(
    release: str, record: CodeRecord, question: Question, assembled: Assembled, cut: CutSection, related: FindRelated
) -> Page:
    """The page with every section cut by `cut`, and the codes that its entries name found by `related`."""
    sections = [cut(assembled.section(name)) for name in SECTION_NAMES]
    return Page(
        record=record,
        status=assembled.status,
        billable=assembled.billable,
        effective_from=record.begins,
        effective_to=record.ends,
        on=question.on,
        release=release,
        official=assembled.official,
        common=assembled.common,
        hierarchy=assembled.hierarchy,
        sections=sections,
        glance=assembled.glance,
        same=assembled.same,
        related=related(sections),
    )


def plain_language(record: CodeRecord, above: Sequence[CodeRecord], description: str) -> str:
    """The project's sentence for a diagnosis; `above` runs from the chapter down."""
    return describe_icd10cm(record.code, description, [one.description for one in above])


def _diagnosis(facts: DiagnosisFacts, same: Interval, family: Hierarchy, status: Status) -> Assembled:
    official = descriptions.official_diagnosis(facts)
    billable = standing.diagnosis_billable(facts, status)
    return Assembled(
        status=status,
        billable=billable,
        official=official,
        common=descriptions.common_diagnosis(plain_language(facts.record, facts.path, official.text)),
        hierarchy=family,
        glance=glance.for_diagnosis(facts, billable, official.text),
        same=same,
        section=lambda name: _DIAGNOSIS[name](facts),
    )


def _inpatient(facts: InpatientFacts, same: Interval, family: Hierarchy, status: Status) -> Assembled:
    billable = standing.inpatient_billable(facts, status)
    return Assembled(
        status=status,
        billable=billable,
        official=descriptions.official_inpatient(facts),
        common=Description(missing=descriptions.NO_WORDING),
        hierarchy=family,
        glance=glance.for_inpatient(facts, billable),
        same=same,
        section=lambda name: _INPATIENT[name](facts),
    )


def _icd9(facts: Icd9Facts, same: Interval, family: Hierarchy, status: Status) -> Assembled:
    billable = standing.icd9_billable(facts, status)
    return Assembled(
        status=status,
        billable=billable,
        official=descriptions.official_icd9(facts),
        common=Description(missing=descriptions.NO_WORDING),
        hierarchy=family,
        glance=glance.for_icd9(facts, billable),
        same=same,
        section=lambda name: _ICD9[name](facts),
    )


def _procedure(facts: ProcedureFacts, same: Interval, family: Hierarchy, status: Status) -> Assembled:
    return Assembled(
        status=status,
        billable=standing.procedure_billable(facts, status),
        official=descriptions.official_procedure(facts),
        common=descriptions.common_procedure(facts),
        hierarchy=family,
        glance=glance.for_procedure(facts),
        same=same,
        section=lambda name: _PROCEDURE[name](facts),
    )


def _modifier(facts: ModifierFacts, same: Interval, family: Hierarchy, status: Status) -> Assembled:
    def section(name: str) -> Section:
        if name == compliance.NAME:
            return compliance.for_modifier(facts)
        return draft.section(name, facts.question, _NOT_OF_MODIFIERS, [], [])

    return Assembled(
        status=status,
        billable=None,
        official=descriptions.official_modifier(facts),
        common=Description(missing=descriptions.NO_WORDING),
        hierarchy=family,
        glance=[],
        same=same,
        section=section,
    )
