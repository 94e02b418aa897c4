"""The contract's names as visitors read them."""

from __future__ import annotations

from typing import Any

from medcodes.catalog.v1 import catalog_pb2

SECTIONS = {
    "guidelines": "Guidelines",
    "modifiers": "Modifiers",
    "crosswalks": "Crosswalks",
    "ncci_edits": "NCCI Edits",
    "compliance": "Compliance",
    "medicare_coverage": "Medicare Coverage",
}
"""The six sections in their fixed order."""

SYSTEMS = {
    "icd10cm": "ICD-10-CM",
    "icd10pcs": "ICD-10-PCS",
    "icd9cm": "ICD-9-CM",
    "icd9proc": "ICD-9-CM procedures",
    "hcpcs": "HCPCS Level II",
    "cpt": "CPT",
    "cdt": "CDT",
    "msdrg": "MS-DRG",
    "pos": "Place of service",
    "modifier": "Modifier",
}

RETIRED = frozenset({"icd9cm", "icd9proc"})
"""Code systems that nobody codes with any more."""

_SHORT_EDITIONS = {
    "ICD-10-PCS tables": "PCS tables",
    "ICD-9-CM diagnoses": "ICD-9-CM",
    "ICD-9-CM procedures": "ICD-9-CM px",
    "GEMs, diagnoses": "GEMs",
    "GEMs, procedures": "GEMs px",
    "Physician Fee Schedule": "PFS",
    "HCPCS Level II": "HCPCS",
    "NCCI PTP edits, practitioner": "PTP",
    "NCCI PTP edits, hospital": "PTP hosp.",
    "MUE, practitioner": "MUE",
    "MUE, outpatient hospital": "MUE hosp.",
    "MUE, DME supplier": "MUE DME",
    "NCCI add-on codes": "Add-on",
    "CPT descriptors (licensee's file)": "CPT file",
    "Medcodes plain wording": "Medcodes",
    "Medicare Claims Processing Manual 100-04, chapter 12, section 40": "100-04, 12 §40",
}


def _names(enum: Any, prefix: str) -> dict[int, str]:
    return {value: name.removeprefix(prefix).lower() for name, value in enum.items()}


STATUS = _names(catalog_pb2.CodeStatus, "CODE_STATUS_")
STATE = _names(catalog_pb2.SectionState, "SECTION_STATE_")
KIND = _names(catalog_pb2.EntryKind, "ENTRY_KIND_")


def system_name(system: str) -> str:
    return SYSTEMS.get(system, system)


def short_edition(edition: str) -> str:
    """ "Physician Fee Schedule 2025-Q4" as "PFS 2025-Q4": what fits on a chip."""
    for title, short in _SHORT_EDITIONS.items():
        if edition.startswith(title):
            return short + edition.removeprefix(title)
    return edition


def edition_name(edition: catalog_pb2.EditionRef) -> str:
    """ "Physician Fee Schedule 2025-Q4": the edition's own name alone would not say what it is an edition of."""
    if edition.edition.startswith(edition.data_set):
        return edition.edition
    return f"{edition.data_set} {edition.edition}"


def group_title(ref: catalog_pb2.CodeRef) -> str:
    """What a group is called; "" for a range whose name would only repeat its first and last code."""
    return "" if ref.description == ref.code.replace("-", " to ") else ref.description


def status(value: int) -> str:
    """A status that this gateway does not know yet reads as active."""
    name = STATUS.get(value, "active")
    return "active" if name == "unspecified" else name


def state(value: int) -> str:
    """A state that this gateway does not know yet is no data: never more than is known."""
    name = STATE.get(value, "no_data")
    return "no_data" if name == "unspecified" else name


def kind(value: int) -> str:
    """The fixed name of a fact; `unspecified` for one that is newer than this gateway."""
    return KIND.get(value, "unspecified")
