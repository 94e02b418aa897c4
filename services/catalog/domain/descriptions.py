"""The two descriptions of a code: the official one, and the plain-language one."""

from __future__ import annotations

from .facts import DiagnosisFacts, Icd9Facts, InpatientFacts, ModifierFacts, ProcedureFacts, source
from .filed import CodeRecord
from .page import Description, Source

PROJECT = "Medcodes plain wording"
CPT_COPYRIGHT = "CPT is copyright of the American Medical Association; this descriptor is from the licensee's own file."
CPT_MISSING = (
    "The official descriptor belongs to the American Medical Association and is not part of Medcodes. "
    "Load your licensed descriptor file to see it here."
)
CDT_MISSING = "The official descriptor belongs to the American Dental Association and is not part of Medcodes."
NO_WORDING = "There is no plain-language description of this code yet."


def official_diagnosis(facts: DiagnosisFacts) -> Description:
    """The order file's long title; the tabular title where the order file is not loaded."""
    if facts.order:
        return Description(facts.order.row.long_title, source(facts.order))
    if facts.tabular:
        return Description(facts.tabular.row.title, source(facts.tabular))
    return _newest(facts.record)


def official_procedure(facts: ProcedureFacts) -> Description:
    """HCPCS: the long description. CPT: the licensee's descriptor, or why there is none."""
    if facts.hcpcs:
        return Description(facts.hcpcs.row.long_description, source(facts.hcpcs))
    if facts.descriptor:
        return Description(facts.descriptor.row.descriptor, source(facts.descriptor), CPT_COPYRIGHT)
    if facts.record.system == "hcpcs":
        return _newest(facts.record)
    return Description(missing=CDT_MISSING if facts.record.system == "cdt" else CPT_MISSING)


def official_inpatient(facts: InpatientFacts) -> Description:
    """The order file's long title."""
    if facts.order:
        return Description(facts.order.row.long_title, source(facts.order))
    return _newest(facts.record)


def official_icd9(facts: Icd9Facts) -> Description:
    if facts.titled:
        return Description(facts.titled.row.title, source(facts.titled))
    return _newest(facts.record)


def official_modifier(facts: ModifierFacts) -> Description:
    if facts.row:
        return Description(facts.row.row.long_description, source(facts.row))
    return _newest(facts.record)


def common_diagnosis(text: str) -> Description:
    """`text` is composed from the project's glossary."""
    return Description(text, Source("", PROJECT)) if text else Description(missing=NO_WORDING)


def common_procedure(facts: ProcedureFacts) -> Description:
    if facts.wording and facts.wording.row.text:
        return Description(facts.wording.row.text, source(facts.wording))
    return Description(missing=NO_WORDING)


def _newest(record: CodeRecord) -> Description:
    """What the release knows of a code that the edition asked about does not hold."""
    if record.description and record.edition:
        return Description(record.description, Source(record.file, record.edition.title, record.line))
    return Description(missing="No loaded edition gives a description of this code.")
