"""How ICD-10-PCS is built: seven characters, each with a meaning of its own (ICD-10-PCS Official Guidelines, A1 to A3).

The order file names body systems and operations, but not the sections, whose names stand here.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

SYSTEM = "icd10pcs"
CODE_LENGTH, TABLE_LENGTH, FAMILY_LENGTH = 7, 3, 4

SECTIONS: dict[str, str] = {
    "0": "Medical and Surgical",
    "1": "Obstetrics",
    "2": "Placement",
    "3": "Administration",
    "4": "Measurement and Monitoring",
    "5": "Extracorporeal or Systemic Assistance and Performance",
    "6": "Extracorporeal or Systemic Therapies",
    "7": "Osteopathic",
    "8": "Other Procedures",
    "9": "Chiropractic",
    "B": "Imaging",
    "C": "Nuclear Medicine",
    "D": "Radiation Therapy",
    "F": "Physical Rehabilitation and Diagnostic Audiology",
    "G": "Mental Health",
    "H": "Substance Abuse Treatment",
    "X": "New Technology",
}

_PIECES = ", "
# What a title that is cut short must not end with.
_JOINING = frozenset(
    ("a", "an", "and", "as", "at", "by", "for", "from", "in", "into", "of", "on", "one", "or", "the", "to", "using")
) | frozenset(("with", "without", "approach", "via"))

_TELLING = 3  # words; fewer name an operation and not what it is done to


def section_title(code: str) -> str:
    return SECTIONS.get(code[:1], f"Section {code[:1]}")


def body_system_title(code: str, headers: Sequence[str]) -> str:
    """What the tables of one body system have in common: "Lower Joints" of "Lower Joints, Replacement" and others.

    `headers` are the titles of its tables: section (but for Medical and Surgical), body system, operation, parted by
    commas, which may stand in the name of a body system, too ("Ear, Nose, Sinus").
    """
    section = section_title(code)
    pieces = [header.split(_PIECES)[:-1] for header in headers]
    common = _common(pieces)
    if len(common) > 1 and common[0] == section:
        common = common[1:]
    return _PIECES.join(common) or section


def family_title(titles: Sequence[str], label: str) -> str:
    """What the codes with the same first four characters have in common: "Replacement of Right Hip Joint".

    Titles may begin with what differs ("Removal of Drainage Device from ..."); then `label`, what the fourth character
    means, stands behind the one or two words that are left. It is "" where it is not known.
    """
    common = _common([title.replace(",", " ,").split() for title in titles])
    while common and common[-1].lower() in _JOINING | {","}:
        common.pop()
    said = " ".join(common).replace(" ,", ",")
    if len(common) >= _TELLING or not label:
        return said
    return f"{said}, {label}" if said else label


def _common(sequences: Iterable[Sequence[str]]) -> list[str]:
    """The longest beginning that all of them have."""
    found: list[str] | None = None
    for one in sequences:
        if found is None:
            found = list(one)
            continue
        same = next(
            (at for at, (a, b) in enumerate(zip(found, one, strict=False)) if a != b), min(len(found), len(one))
        )
        del found[same:]
    return found or []
