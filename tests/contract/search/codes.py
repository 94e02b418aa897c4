"""A small catalog for tests of search: families of codes of several systems, wording of the project's own where the
official one is licensed."""

from __future__ import annotations

from datetime import date

from services.search.domain.documents import IndexedCode
from services.search.ports import CodeBatch

RELEASE = "a" * 64
FY2026 = (date(2025, 10, 1), date(2026, 9, 30))


INJURY, CIRCULATORY, EQUIPMENT, DRUGS = "Injury, poisoning (S00-T88)", "Circulatory (I00-I99)", "Equipment", "Drugs"
CHAPTERS = {"S": INJURY, "T": INJURY, "I": CIRCULATORY, "E": "Endocrine (E00-E89)"}
GROUPS = {"E": EQUIPMENT, "J": DRUGS}


def icd(display, description, billable, *terms):
    chapter = CHAPTERS.get(display[0], "")
    return IndexedCode("icd10cm", display.replace(".", ""), display, description, billable, terms, *FY2026, chapter)


def other(system, code, description, *terms, billable=None, begins=None, ends=None):
    return IndexedCode(system, code, code, description, billable, terms, begins, ends, GROUPS.get(code[0], ""))


def hip_family():
    yield icd("S73", "Dislocation and sprain of joint and ligaments of hip", False)
    yield icd("S73.0", "Subluxation and dislocation of hip", False)
    for number, what in enumerate(["subluxation", "dislocation"]):
        for side, word in enumerate(["right", "left", "unspecified"], 1):
            code = f"S73.00{number * 3 + side}"
            yield icd(code, f"Unspecified {what} of {word} hip", False)
            for letter, encounter in (("A", "initial encounter"), ("D", "subsequent encounter"), ("S", "sequela")):
                yield icd(code + letter, f"Unspecified {what} of {word} hip, {encounter}", True)


CODES = sorted(
    [
        *hip_family(),
        icd("E11", "Type 2 diabetes mellitus", False),
        icd("E11.621", "Type 2 diabetes mellitus with foot ulcer", True),
        icd("E11.9", "Type 2 diabetes mellitus without complications", True),
        icd("I10", "Essential (primary) hypertension", True, "High blood pressure"),
        icd("J01.20", "Acute ethmoidal sinusitis, unspecified", True),
        icd("K50.90", "Crohn's disease, unspecified, without complications", True),
        icd("M35.00", "Sjögren syndrome, unspecified", True, "Sicca syndrome"),
        icd("S42.002A", "Fracture of unspecified part of left clavicle, initial encounter", True, "Broken collarbone"),
        icd("R10.0", "Acute abdomen", True)._replace(phrases=("Colic, sudden",), modifiers=("(surgical)",)),
        icd("T46.4X1A", 'Poisoning by <b>converting-enzyme</b> & "inhibitors", accidental', True),
        other("cpt", "27250", "Closed treatment of a hip dislocation, no anesthesia", "hip put back in place"),
        other("cpt", "27252", "Closed treatment of a hip dislocation, with anesthesia"),
        other("cpt", "27253", "Open treatment of a hip dislocation"),
        other("cpt", "27254", "Open treatment of a hip dislocation with a fracture"),
        other("cpt", "99213", "Office visit, established patient, low complexity"),
        other("hcpcs", "E0114", "Crutches underarm, other than wood, pair", billable=True, begins=date(1986, 1, 1)),
        other("hcpcs", "E0143", "Walker, folding, wheeled, adjustable or fixed height", billable=True),
        other("hcpcs", "J0120", "Injection, tetracycline, up to 250 mg", billable=True, ends=date(2024, 12, 31)),
        other("hcpcs", "J0121", "Injection, omadacycline, 1 mg", billable=True),
        other("hcpcs", "J0122", "Injection, eravacycline, 1 mg", billable=True, begins=date(2027, 1, 1)),
    ]
)


async def batches(codes=CODES, release=RELEASE, total=None, size=7):
    for start in range(0, len(codes), size):
        yield CodeBatch(release, len(codes) if total is None else total, codes[start : start + size])
