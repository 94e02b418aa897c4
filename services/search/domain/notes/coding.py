"""Which mentions of a note are coded, and which are not and why.

The rules are those of the ICD-10-CM Official Guidelines for Coding and Reporting: what is absent, feared or somebody
else's is no diagnosis of the patient; uncertain diagnoses are coded for a stay in a hospital only (II.H, IV.H); signs
and symptoms are not coded beside the diagnosis that explains them (I.B.5); conditions that stay are coded wherever the
note has them (IV.I, IV.J).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from . import tables
from .findings import Confidence, Mention, NotCoded, Setting, Status
from .sections import SectionKind

DIAGNOSES = frozenset({SectionKind.ASSESSMENT})
SUPPLIES = frozenset({SectionKind.ORDERS, SectionKind.PROCEDURES})
# Sections that say what there is beside what the visit was about.
BACKGROUND = frozenset({SectionKind.PAST_HISTORY, SectionKind.SOCIAL_HISTORY, SectionKind.ALLERGIES})
_OF_HISTORY = "Z"
# Confirmed cases only, in every setting: HIV, COVID-19, Zika, certain influenza (I.C.1.a, I.C.1.f, I.C.1.g, I.C.10.c).
_CONFIRMED_ONLY = ("B20", "U071", "A925", "J09", "J10")

ABSENT = "the note says that it is absent"
RELATIVE = "about the family, not about the patient"
NOT_YET = "a plan, a condition or a warning, and not there"
UNCERTAIN_VISIT = "uncertain, and so not coded for a visit: code the signs and symptoms instead (guideline IV.H)"
CONFIRMED_ONLY = "coded only if it is confirmed, whatever the setting (guideline I.C.1, I.C.10)"
UNCERTAIN_STAY = "uncertain, and coded for a stay as if it existed (guideline II.H)"
OVER = "in the past, and no code for its history was found"
EXPLAINED = "outside of the diagnoses of this note, which may explain it (guideline I.B.5)"
STAYS = "a condition that stays is coded wherever the note has it (guideline IV.J)"


@dataclass(frozen=True, slots=True)
class Decided:
    """A mention that is coded, with a reason where there is one to give."""

    mention: Mention
    why: str = ""


def decide(mentions: Sequence[Mention], setting: Setting) -> tuple[Sequence[Decided], Sequence[NotCoded]]:
    """The mentions that are coded, in the order of the note, and those that are not. A mention without candidates is
    neither."""
    found = [mention for mention in mentions if mention.candidates]
    has_diagnoses = any(mention.section in DIAGNOSES and _states(mention) for mention in found)
    coded, left = [], []
    for mention in found:
        why = _objection(mention, setting) or (_explained(mention) if has_diagnoses else "")
        if why:
            left.append(NotCoded(mention.place, mention.status, why, mention.candidates[0].hit))
        else:
            coded.append(Decided(mention, _remark(mention, has_diagnoses=has_diagnoses)))
    return coded, left


def stays(code: str) -> bool:
    return code.startswith(tables.lifelong())


def _states(mention: Mention) -> bool:
    return mention.status in (Status.PRESENT, Status.HISTORY)


def _objection(mention: Mention, setting: Setting) -> str:
    best = mention.candidates[0].hit
    if mention.status is Status.UNCERTAIN:
        if setting is Setting.OUTPATIENT:
            return UNCERTAIN_VISIT
        return CONFIRMED_ONLY if best.code.startswith(_CONFIRMED_ONLY) else ""
    if mention.status is Status.HISTORY and not best.code.startswith(_OF_HISTORY):
        return OVER
    return {
        Status.NEGATED: ABSENT,
        Status.FAMILY: RELATIVE,
        Status.HYPOTHETICAL: NOT_YET,
    }.get(mention.status, "")


def _explained(mention: Mention) -> str:
    best = mention.candidates[0].hit
    if mention.section in DIAGNOSES or best.system != "icd10cm" or mention.status is Status.HISTORY:
        return ""
    if mention.section in BACKGROUND and mention.candidates[0].confidence > Confidence.LOW:
        return ""
    return "" if stays(best.code) else EXPLAINED


def _remark(mention: Mention, *, has_diagnoses: bool) -> str:
    if mention.status is Status.UNCERTAIN:
        return UNCERTAIN_STAY
    is_beside = has_diagnoses and mention.section not in DIAGNOSES | BACKGROUND
    return STAYS if is_beside and stays(mention.candidates[0].hit.code) else ""
