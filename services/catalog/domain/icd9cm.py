"""ICD-9-CM, which was replaced by ICD-10 for dates of service from 2015-10-01 on (45 CFR 162.1002).

The files of titles list codes only; the chapters that they stood in are named here (ICD-9-CM, tabular lists of volumes
1 and 3).
"""

from __future__ import annotations

from dataclasses import dataclass

DIAGNOSES, PROCEDURES = SYSTEMS = ("icd9cm", "icd9proc")
LAST_DAY = "2015-09-30"


@dataclass(frozen=True, slots=True)
class Chapter:
    """Categories from `first` to `last`; an external cause has a category of four characters, a procedure of two."""

    first: str
    last: str
    title: str

    @property
    def group_id(self) -> str:
        return f"{self.first}-{self.last}"

    def holds(self, category: str) -> bool:
        return len(category) == len(self.first) and self.first <= category <= self.last


CHAPTERS: dict[str, tuple[Chapter, ...]] = {
    DIAGNOSES: (
        Chapter("001", "139", "Infectious and parasitic diseases"),
        Chapter("140", "239", "Neoplasms"),
        Chapter("240", "279", "Endocrine, nutritional and metabolic diseases, and immunity disorders"),
        Chapter("280", "289", "Diseases of the blood and blood-forming organs"),
        Chapter("290", "319", "Mental disorders"),
        Chapter("320", "389", "Diseases of the nervous system and sense organs"),
        Chapter("390", "459", "Diseases of the circulatory system"),
        Chapter("460", "519", "Diseases of the respiratory system"),
        Chapter("520", "579", "Diseases of the digestive system"),
        Chapter("580", "629", "Diseases of the genitourinary system"),
        Chapter("630", "679", "Complications of pregnancy, childbirth, and the puerperium"),
        Chapter("680", "709", "Diseases of the skin and subcutaneous tissue"),
        Chapter("710", "739", "Diseases of the musculoskeletal system and connective tissue"),
        Chapter("740", "759", "Congenital anomalies"),
        Chapter("760", "779", "Certain conditions originating in the perinatal period"),
        Chapter("780", "799", "Symptoms, signs, and ill-defined conditions"),
        Chapter("800", "999", "Injury and poisoning"),
        Chapter("V01", "V91", "Factors influencing health status and contact with health services"),
        Chapter("E000", "E999", "External causes of injury and poisoning"),
    ),
    PROCEDURES: (
        Chapter("00", "00", "Procedures and interventions, not elsewhere classified"),
        Chapter("01", "05", "Operations on the nervous system"),
        Chapter("06", "07", "Operations on the endocrine system"),
        Chapter("08", "16", "Operations on the eye"),
        Chapter("17", "17", "Other miscellaneous diagnostic and therapeutic procedures"),
        Chapter("18", "20", "Operations on the ear"),
        Chapter("21", "29", "Operations on the nose, mouth, and pharynx"),
        Chapter("30", "34", "Operations on the respiratory system"),
        Chapter("35", "39", "Operations on the cardiovascular system"),
        Chapter("40", "41", "Operations on the hemic and lymphatic system"),
        Chapter("42", "54", "Operations on the digestive system"),
        Chapter("55", "59", "Operations on the urinary system"),
        Chapter("60", "64", "Operations on the male genital organs"),
        Chapter("65", "71", "Operations on the female genital organs"),
        Chapter("72", "75", "Obstetrical procedures"),
        Chapter("76", "84", "Operations on the musculoskeletal system"),
        Chapter("85", "86", "Operations on the integumentary system"),
        Chapter("87", "99", "Miscellaneous diagnostic and therapeutic procedures"),
    ),
}


def category(system: str, code: str) -> str:
    """The characters before the dot: 835, V45, E885, of a procedure 81."""
    if system == PROCEDURES:
        return code[:2]
    return code[:4] if code.startswith("E") else code[:3]


def chapter(system: str, code: str) -> tuple[int, Chapter] | None:
    """The chapter of a code with its place among them; None for a code outside of all."""
    named = category(system, code)
    return next(((at, one) for at, one in enumerate(CHAPTERS[system]) if one.holds(named)), None)
