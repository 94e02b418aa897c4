"""Groups to browse procedure codes by, where the publisher's own headings are licensed or missing.

CPT and CDT are grouped by number alone: the AMA's and ADA's headings are theirs. HCPCS Level II is grouped by its first
letter, in the project's own words after CMS' overview of the letters ("HCPCS Level II coding procedures", CMS).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Group:
    group_id: str
    title: str
    sort_key: str


HCPCS_LETTERS: dict[str, str] = {
    "A": "Ambulance and transport, medical and surgical supplies, contrast agents",
    "B": "Tube feeding and nutrition given into a vein",
    "C": "Hospital outpatient: devices, drugs and services paid under OPPS",
    "E": "Durable medical equipment",
    "G": "Procedures and services that Medicare codes for itself, and quality measures",
    "H": "Mental health and addiction treatment, state programs",
    "J": "Drugs that are injected, inhaled or given as chemotherapy",
    "K": "Equipment and supplies coded for the DME contractors",
    "L": "Orthoses and prostheses",
    "M": "Quality measures, and some medical services",
    "P": "Laboratory tests and blood products",
    "Q": "Temporary codes: casts, drugs, hospice sites and others",
    "R": "Transport of portable X-ray and ECG equipment",
    "S": "Codes of private payers; Medicare does not pay them",
    "T": "Codes of state Medicaid agencies",
    "U": "Laboratory tests for new infections",
    "V": "Vision, hearing and speech",
}

_CPT_LETTERS = {
    "A": "Codes ending in A (vaccine administration)",
    "F": "Codes ending in F (Category II)",
    "M": "Codes ending in M (laboratory analyses)",
    "T": "Codes ending in T (Category III)",
    "U": "Codes ending in U (laboratory analyses)",
}


def groups_of(system: str, code: str) -> Sequence[Group]:
    """The groups above a procedure code, from the top down; none for a system that has no groups."""
    if system == "cpt":
        return _cpt_groups(code)
    if system == "cdt":
        return (_range(code[:2], "000", "999"),)
    if system == "hcpcs":
        letter = code[0]
        return (Group(letter, HCPCS_LETTERS.get(letter, f"Codes beginning with {letter}"), letter),)
    return ()


def _cpt_groups(code: str) -> Sequence[Group]:
    """27250 stands in 20000-29999 and 27000-27999; 0591T in 0001T-9999T, after all numbers."""
    if code.isdigit():
        return _range(code[0], "0000", "9999"), _range(code[:2], "000", "999")
    letter = code[-1]
    title = _CPT_LETTERS.get(letter, f"Codes ending in {letter}")
    return (Group(f"0001{letter}-9999{letter}", title, f"~{letter}"),)


def _range(prefix: str, first: str, last: str) -> Group:
    return Group(f"{prefix}{first}-{prefix}{last}", f"{prefix}{first} to {prefix}{last}", f"{prefix}{first}")
