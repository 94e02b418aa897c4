"""Codes in any spelling: how a code is stored, shown and told apart by code system."""

from __future__ import annotations

import re
from dataclasses import dataclass

MAX_LENGTH = 16  # of what a user typed; the longest code of any system has seven characters

_IGNORED = re.compile(r"[.\s]+")
_STORED = re.compile(r"[A-Z0-9]+")
_CPT = re.compile(r"\d{4}[0-9A-Z]")
_HCPCS = re.compile(r"[A-Z]\d{4}")
_CPT_CATEGORY_LETTERS = frozenset("0123456789FTUMA")


class MalformedCodeError(ValueError):
    """Text that no code system could hold as a code. The message says why, for the person who typed it."""


@dataclass(frozen=True, slots=True)
class CodeSystem:
    """`system` is the short name in addresses and messages."""

    system: str
    name: str
    subtitle: str


SYSTEMS: dict[str, CodeSystem] = {
    system.system: system
    for system in (
        CodeSystem("icd10cm", "ICD-10-CM", "Diagnoses"),
        CodeSystem("cpt", "CPT", "Procedures and visits"),
        CodeSystem("hcpcs", "HCPCS Level II", "Supplies, drugs and services"),
        CodeSystem("cdt", "CDT", "Dental procedures"),
        CodeSystem("modifier", "HCPCS modifiers", "Two characters after a procedure code"),
        CodeSystem("icd10pcs", "ICD-10-PCS", "Inpatient procedures"),
        CodeSystem("icd9cm", "ICD-9-CM", "Diagnoses until September 2015"),
        CodeSystem("icd9proc", "ICD-9-CM procedures", "Inpatient procedures until September 2015"),
        CodeSystem("msdrg", "MS-DRG", "Inpatient payment groups"),
        CodeSystem("pos", "Place of service", "Where a service was given"),
    )
}

_BEFORE_DOT = {"icd10cm": 3, "icd9cm": 3, "icd9proc": 2}

PROCEDURE_SYSTEMS = frozenset({"cpt", "hcpcs", "cdt"})


def normalise(text: str) -> str:
    """The stored form of a code in any spelling: upper case, without dots and white space.

    Raises MalformedCodeError for text that is empty, longer than 16 characters, not ASCII, or holds anything but
    letters, digits, dots and white space.
    """
    if len(text) > MAX_LENGTH:
        raise MalformedCodeError(f"longer than {MAX_LENGTH} characters")
    if not text.isascii():
        raise MalformedCodeError("holds a character that is not ASCII")
    code = _IGNORED.sub("", text).upper()
    if not code:
        raise MalformedCodeError("is empty")
    if not _STORED.fullmatch(code):
        raise MalformedCodeError("may hold only letters, digits and dots")
    return code


def display(system: str, code: str) -> str:
    """The form that people read: ICD-10-CM and ICD-9-CM with a dot, all others as stored.

    The dot stands after the third character, but in ICD-9-CM after the fourth of an external cause (E885.9) and after
    the second of a procedure (81.51).
    """
    before = _BEFORE_DOT.get(system, 0)
    if system == "icd9cm" and code.startswith("E"):
        before = 4
    return f"{code[:before]}.{code[before:]}" if 0 < before < len(code) else code


def procedure_system(code: str) -> str:
    """The code system of a five-character code in a CMS file: cpt, hcpcs or cdt; "" for anything else.

    CPT: four digits and a digit or a category letter (F, T, U, M, A); HCPCS Level II: a letter and four digits, of
    which D stands for CDT (HCPCS general information, CMS).
    """
    if _CPT.fullmatch(code) and code[4] in _CPT_CATEGORY_LETTERS:
        return "cpt"
    if _HCPCS.fullmatch(code):
        return "cdt" if code[0] == "D" else "hcpcs"
    return ""


_VISITS = (("92002", "92014"), ("99202", "99499"))


def is_visit(code: str) -> bool:
    """Evaluation and management codes, the ones that 24, 25 and 57 go on (NCCI Policy Manual, chapter I, E&M)."""
    return len(code) == 5 and (code == "G0463" or any(first <= code <= last for first, last in _VISITS))
