"""The indicators of the Physician Fee Schedule's relative value file, in sentences.

Source of every table here: the record layout that CMS publishes with the file ("National Physician Fee Schedule
Relative Value File", data record and attachment A), and the Medicare Claims Processing Manual 100-04, chapter 12,
section 40, where named.
"""

from __future__ import annotations

from .codes import is_visit
from .rows import Rvu

STATUS: dict[str, str] = {
    "A": "Active; paid separately if covered.",
    "B": "Bundled: always part of the payment for another service.",
    "C": "Priced by the contractor, generally case by case from the documentation.",
    "D": "Deleted with the beginning of the year.",
    "E": "Excluded from the fee schedule by regulation; if covered, paid another way.",
    "F": "Deleted, without a grace period.",
    "G": "Not valid for Medicare, which uses another code (90 days of grace).",
    "H": "The component modifier of this code was deleted.",
    "I": "Not valid for Medicare, which uses another code.",
    "J": "Anesthesia service: paid by base units and time, not by relative values.",
    "M": "Measurement code: for reporting only, no payment.",
    "N": "Not covered by Medicare.",
    "P": "Bundled or excluded: never paid separately under the fee schedule.",
    "R": "Restricted coverage: special coverage instructions apply.",
    "T": "Paid only if nothing else payable under the fee schedule is billed that day by the same provider.",
    "X": "By law not a physician service; not paid under the fee schedule.",
}
"""Status code (attachment A)."""

PAID_STATUSES = frozenset("ART")
"""Attachment A: only relative values of codes with status A, R or T are used for Medicare payment."""

GLOBAL_DAYS: dict[str, str] = {
    "000": "The package is the day of the procedure; a same-day visit needs 25.",
    "010": "Minor procedure: the day and 10 days after. A same-day visit needs 25, an unrelated one after it 24.",
    "090": "Major surgery: the day before, the day, 90 days after. A visit that decides on surgery needs 57.",
    "MMM": "Maternity: the usual global period does not apply.",
    "XXX": "No surgical package.",
    "YYY": "The contractor decides whether there is a global period.",
    "ZZZ": "Always goes with another service and is inside that one's global period.",
}
"""Global surgery field; the visit modifiers by the Claims Processing Manual 100-04, chapter 12, section 40.2."""

MULTIPLE: dict[str, str] = {
    "0": "No reduction when done with other procedures on the same day.",
    "1": "Standard reduction of before 1995: 100, 50, 25, 25, 25%, then by report.",
    "2": "Reduced beside other procedures of the same day, ranked by fee: 100, 50, 50, 50, 50%, then by report.",
    "3": "Endoscopic family: the highest in full, the others less the base endoscopy, the base itself unpaid.",
    "4": "Diagnostic imaging family: from the second on the technical component less 50%, the professional less 5%.",
    "5": "Therapy: from the second unit on the practice expense less 50%.",
    "6": "Diagnostic cardiovascular: from the second on the technical component less 25%.",
    "7": "Diagnostic ophthalmology: from the second on the technical component less 20%.",
    "9": "The multiple procedure concept does not apply.",
}
"""Multiple procedure field (modifier 51): a reduction, not a permission."""

BILATERAL: dict[str, str] = {
    "0": "Not as a bilateral procedure: paid once at 100%, whatever is reported for the two sides.",
    "1": "Both sides pay 150%.",
    "2": "Already valued as bilateral: both sides are paid once at 100%.",
    "3": "Each side pays 100%.",
    "9": "The bilateral concept does not apply.",
}
"""Bilateral surgery field (modifier 50)."""

ASSISTANT: dict[str, str] = {
    "0": "An assistant at surgery is paid only with documentation of medical necessity.",
    "1": "An assistant at surgery is not paid, by statute.",
    "2": "An assistant at surgery may be paid.",
    "9": "The assistant at surgery concept does not apply.",
}
"""Assistant at surgery field (modifiers 80, 81, 82, AS)."""

CO_SURGEON: dict[str, str] = {
    "0": "Co-surgeons are not permitted.",
    "1": "Co-surgeons may be paid with documentation of the need for two surgeons.",
    "2": "Co-surgeons of different specialties are permitted without documentation; each is paid 62.5%.",
    "9": "The co-surgeon concept does not apply.",
}
"""Co-surgeons field (modifier 62); shares by 100-04, chapter 12, section 40.8."""

TEAM: dict[str, str] = {
    "0": "Team surgery is not permitted.",
    "1": "Team surgery may be paid with documentation of the need for a team, by report.",
    "2": "Team surgery is permitted, paid by report.",
    "9": "The team surgery concept does not apply.",
}
"""Team surgery field (modifier 66)."""

PC_TC: dict[str, str] = {
    "0": "Physician service: not split into professional and technical component.",
    "1": "Diagnostic test with a professional (26) and a technical component (TC).",
    "2": "Professional component only: a stand-alone code, reported without 26.",
    "3": "Technical component only: a stand-alone code, reported without TC.",
    "4": "Global test only: a stand-alone code for both components, reported without 26 or TC.",
    "5": "Incident to a physician service: not paid in a hospital; without 26 or TC.",
    "6": "Laboratory physician interpretation: 26 only, TC does not apply.",
    "7": "Physical therapy service, for which payment may not be made in some settings; without 26 or TC.",
    "8": "Physician interpretation of a laboratory smear, paid only for hospital inpatients; without TC.",
    "9": "The professional and technical component concept does not apply.",
}
"""PC/TC indicator; 100-04, chapter 12, section 20 and chapter 13, section 20 for 26 and TC."""

SUPERVISION: dict[str, str] = {
    "01": "General supervision by a physician.",
    "02": "Direct supervision by a physician.",
    "03": "Personal supervision by a physician.",
    "04": "No physician supervision when done by a qualified psychologist; otherwise general supervision.",
    "05": "No physician supervision when done by a qualified audiologist; otherwise general supervision.",
    "06": "By a physician, or a physical therapist certified in clinical electrophysiology where the state permits.",
    "09": "Supervision of diagnostic tests does not apply.",
    "21": "By a certified technician under general supervision; otherwise under direct supervision.",
    "22": "By a technician with on-line real-time contact with a physician.",
    "66": "By a physician, or a physical therapist with ABPTS certification and certification in this procedure.",
    "6A": "As level 66; a therapist with ABPTS certification may also supervise another, but only the former may bill.",
    "77": "By a therapist with ABPTS certification, one without under direct supervision, or a certified technician "
    "under general supervision.",
    "7A": "As level 77; a therapist with ABPTS certification may also supervise another, but only the former may bill.",
}
"""Physician supervision of diagnostic procedures; 42 CFR 410.32(b)(3)."""

NA_NON_FACILITY = "Rarely or never done outside a facility (NA)."
NA_FACILITY = "Rarely or never done in a facility (NA)."

_SURGERY = ("10004", "69990")


def unknown(field: str, value: str) -> str:
    """The sentence for an indicator that the record layout does not list."""
    return f"{field} {value or 'blank'}: not explained in CMS's record layout."


def is_surgical(row: Rvu) -> bool:
    """Whether the assistant, co-surgeon and team rules speak of this code at all.

    They are rules for surgery (100-04, chapter 12, sections 20.4.3 and 40.8): a visit is none, whatever its indicator.
    Codes with a global period are; of the XXX codes those with CPT surgery numbers, and those whose assistant indicator
    is a ruling (1 or 2).
    """
    if is_visit(row.code):
        return False
    if row.global_days != "XXX":
        return True
    return _SURGERY[0] <= row.code <= _SURGERY[1] or row.assistant in {"1", "2"}


def has_global_package(row: Rvu) -> bool:
    return row.global_days in {"000", "010", "090"}
