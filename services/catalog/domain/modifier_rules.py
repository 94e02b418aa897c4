"""What the fee schedule row of a code says about each modifier.

Every rule gives verdicts: allowed, not allowed, or needs documentation, with the sentence and the indicator that says
so. Sources: the PFS record layout, the Claims Processing Manual 100-04, chapter 12, section 40, and the NCCI Policy
Manual, chapter I.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from . import fees, indicators
from .codes import is_visit
from .rows import Rvu

NCCI_MANUAL = "NCCI Policy Manual, chapter I"
CLAIMS_MANUAL = "Medicare Claims Processing Manual 100-04, chapter 12, section 40"

ALLOWED, NOT_ALLOWED, DOCUMENTATION, NO_DATA = "allowed", "not_allowed", "documentation", "no_data"
NOT_SURGERY = "Not surgery: the rule does not apply."

_BY_INDICATOR = {"0": NOT_ALLOWED, "1": DOCUMENTATION, "2": ALLOWED}


@dataclass(frozen=True, slots=True)
class Verdict:
    """`value` is allowed, not_allowed, documentation or no_data; for 51 the indicator as filed. `reason` names the
    field and the indicator; where a rule and not a field decides it is "", and `manual` names the rule's source."""

    modifier: str
    value: str
    text: str
    reason: str = ""
    manual: str = ""


def verdicts(rows: Sequence[Rvu], *, ptp_loaded: bool) -> list[Verdict]:
    """One verdict a modifier for a code with these fee schedule rows (the first is the one without a modifier)."""
    row = rows[0]
    return [
        *bilateral(row),
        multiple(row),
        *components(rows),
        *unusual(row),
        *split_care(row),
        *surgeons(row),
        *assistants(row),
        *visits(row),
        *later_procedures(row),
        *distinct_services(ptp_loaded=ptp_loaded),
    ]


def bilateral(row: Rvu) -> list[Verdict]:
    """50 by the BILAT field; LT and RT follow it: allowed for 1 and 3 (PFS record layout)."""
    text = indicators.BILATERAL.get(row.bilateral, indicators.unknown("BILAT", row.bilateral))
    value = ALLOWED if row.bilateral in {"1", "3"} else NOT_ALLOWED
    side = "Names the side." if value == ALLOWED else f"No sides to name. {text}"
    reason = f"BILAT {row.bilateral}"
    return [Verdict("50", value, text, reason), Verdict("LT", value, side, reason), Verdict("RT", value, side, reason)]


def multiple(row: Rvu) -> Verdict:
    """51 by the MULT field: a reduction that the payer makes, not a permission."""
    text = indicators.MULTIPLE.get(row.multiple, indicators.unknown("MULT", row.multiple))
    return Verdict("51", row.multiple, text, f"MULT {row.multiple}")


def components(rows: Sequence[Rvu]) -> list[Verdict]:
    """26 and TC by the PC/TC field (1 both, 6 only 26); 53 where the file has a row of its own for it."""
    row = rows[0]
    text = indicators.PC_TC.get(row.pc_tc, indicators.unknown("PC/TC", row.pc_tc))
    reason = f"PC/TC {row.pc_tc}"
    found = [
        Verdict("26", ALLOWED if row.pc_tc in {"1", "6"} else NOT_ALLOWED, text, reason),
        Verdict("TC", ALLOWED if row.pc_tc == "1" else NOT_ALLOWED, text, reason),
    ]
    if any(other.modifier == "53" for other in rows):
        found.append(Verdict("53", ALLOWED, "Stopped before its end: has relative values of its own.", "row 53"))
    return found


def unusual(row: Rvu) -> list[Verdict]:
    """22 and 52 on surgery: priced by the contractor from a statement and the operative report (100-04, chapter 12,
    section 40.2.A.10)."""
    if not indicators.has_global_package(row):
        return []
    text = "Priced by the contractor from a short statement and the operative report."
    return [Verdict(modifier, DOCUMENTATION, text, manual=CLAIMS_MANUAL) for modifier in ("22", "52")]


def split_care(row: Rvu) -> list[Verdict]:
    """54 and 55 need a 010 or 090 global; the preoperative share goes with 54, 56 is not paid by Medicare (100-04,
    chapter 12, section 40.2.A.3 and 40.4)."""
    reason = f"global {row.global_days}"
    if row.global_days not in {"010", "090"}:
        text = f"Care is split only for a 010 or 090 global; this is {row.global_days}."
        return [Verdict(modifier, NOT_ALLOWED, text, reason) for modifier in ("54", "55", "56")]
    with_54, with_55 = fees.percent(fees.share_with_54(row)), fees.percent(fees.share_with_55(row))
    return [
        Verdict("54", ALLOWED, f"Pays {with_54}: the preoperative and intraoperative share.", reason),
        Verdict("55", ALLOWED, f"Pays {with_55}: the postoperative share, by days where it is divided.", reason),
        Verdict("56", NOT_ALLOWED, "Not paid by Medicare; the preoperative share is paid with 54.", reason),
    ]


def surgeons(row: Rvu) -> list[Verdict]:
    """62 by the CO-SURG field, 66 by the TEAM field: 2 allowed, 1 with documentation, 0 not; only for surgery."""
    return [
        _surgical(row, "62", "CO-SURG", row.co_surgeon, indicators.CO_SURGEON, _BY_INDICATOR),
        _surgical(row, "66", "TEAM", row.team, indicators.TEAM, _BY_INDICATOR),
    ]


def assistants(row: Rvu) -> list[Verdict]:
    """80, 81, 82 and AS by the ASST field: 2 allowed, 0 with documentation, 1 not (statute); only for surgery."""
    values = {"0": DOCUMENTATION, "1": NOT_ALLOWED, "2": ALLOWED}
    return [
        _surgical(row, modifier, "ASST", row.assistant, indicators.ASSISTANT, values)
        for modifier in ("80", "81", "82", "AS")
    ]


def visits(row: Rvu) -> list[Verdict]:
    """24, 25 and 57 go on the visit, never on the procedure (NCCI Policy Manual, chapter I, section E)."""
    if not is_visit(row.code):
        text = "Goes on the visit, not on the procedure."
        return [Verdict(modifier, NOT_ALLOWED, text, manual=NCCI_MANUAL) for modifier in ("24", "25", "57")]
    texts = {
        "24": "For a visit within a postoperative period that is unrelated to the surgery.",
        "25": "For a significant, separate visit on the day of a procedure (global 000 or 010).",
        "57": "For the visit that decides on major surgery (global 090), the day of it or before.",
    }
    return [Verdict(modifier, DOCUMENTATION, text, manual=NCCI_MANUAL) for modifier, text in texts.items()]


def later_procedures(row: Rvu) -> list[Verdict]:
    """58, 78 and 79 go on a later procedure within an earlier global period (100-04, chapter 12, section 40.2)."""
    if is_visit(row.code):
        text = "Goes on a procedure, not on a visit."
        return [Verdict(modifier, NOT_ALLOWED, text, manual=CLAIMS_MANUAL) for modifier in ("58", "78", "79")]
    if not indicators.is_surgical(row):
        text = "Not surgery: needs none within the global period of a procedure."
        return [Verdict(modifier, NOT_ALLOWED, text, manual=CLAIMS_MANUAL) for modifier in ("58", "78", "79")]
    texts = {
        "58": "planned, more extensive, or therapy after it.",
        "78": "unplanned return to the operating room for something related to it.",
        "79": "not related to it.",
    }
    within = "Only within the global period of an earlier procedure"
    return [Verdict(modifier, ALLOWED, f"{within}: {text}", manual=CLAIMS_MANUAL) for modifier, text in texts.items()]


def distinct_services(*, ptp_loaded: bool) -> list[Verdict]:
    """59 and X{EPSU} belong to a pair of codes, never to a code alone (NCCI Policy Manual, chapter I, section E)."""
    text = "Decided by the pair of codes, not by one alone: "
    text += "see the PTP edits." if ptp_loaded else "no complete PTP table is loaded."
    value = DOCUMENTATION if ptp_loaded else NO_DATA
    modifiers = ("59", "XE", "XP", "XS", "XU")
    return [Verdict(modifier, value, text, manual=NCCI_MANUAL) for modifier in modifiers]


def summary(found: Iterable[Verdict]) -> str:
    """The one-line answer: which are allowed, which need documentation, which are not."""
    by_value: dict[str, list[str]] = {ALLOWED: [], DOCUMENTATION: [], NOT_ALLOWED: []}
    reduces = ""
    for verdict in found:
        if verdict.modifier == "51":
            reduces = " 51 reduces." if verdict.value not in {"", "0", "9"} else ""
        elif verdict.value in by_value:
            by_value[verdict.value].append(verdict.modifier)
    names = {ALLOWED: "Allowed", DOCUMENTATION: "With documentation", NOT_ALLOWED: "Not allowed"}
    parts = [f"{names[value]}: {', '.join(modifiers)}." for value, modifiers in by_value.items() if modifiers]
    return " ".join(parts) + reduces


def _surgical(
    row: Rvu, modifier: str, field: str, indicator: str, sentences: dict[str, str], values: dict[str, str]
) -> Verdict:
    reason = f"{field} {indicator}"
    if not indicators.is_surgical(row):
        return Verdict(modifier, NOT_ALLOWED, NOT_SURGERY, f"global {row.global_days}")
    text = sentences.get(indicator, indicators.unknown(field, indicator))
    return Verdict(modifier, values.get(indicator, NOT_ALLOWED), text, reason)
