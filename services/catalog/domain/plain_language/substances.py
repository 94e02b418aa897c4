"""Frames for drugs and poisons (T36-T65): poisoning, adverse effect, underdosing, toxic effect.

An adverse effect is the harm of a drug that was the right one, rightly given; a poisoning is a wrong drug, dose or way;
underdosing is less than was prescribed or than the maker says (ICD-10-CM guidelines I.C.19.e.5).
"""

from __future__ import annotations

import re

from .grammar import plain_phrase
from .sentence import Sentence, say

_SUBSTANCE = re.compile(
    r"^(poisoning by|adverse effect of|underdosing of|toxic effect of|asphyxiation due to)(?: and exposure to)? (.+?)"
    r"(?:, (accidental(?: \(unintentional\))?|intentional self-harm|assault|undetermined))?$",
    re.IGNORECASE,
)
_INTENTS = {
    "accidental": " by accident",
    "intentional self-harm": " on purpose, as self-harm",
    "assault": " because someone meant to hurt them (assault)",
    "undetermined": ", and it could not be decided whether this was an accident or meant (undetermined)",
    "": "",
}
_FRAMES = {
    "poisoning by": ("the patient was poisoned by {{0}}{intent}", "poisoning"),
    "toxic effect of": ("the patient was harmed by the poisonous (toxic) effect of {{0}}{intent}", "poisoning"),
    "asphyxiation due to": ("the patient was short of air (asphyxiation) due to {{0}}{intent}", "problem"),
    "adverse effect of": (
        "{{0}} harmed the patient although rightly chosen and rightly given (adverse effect)",
        "reaction",
    ),
    "underdosing of": (
        "the patient took or was given less of {{0}} than was prescribed or directed (underdosing)",
        "problem",
    ),
}


def substance(title: str) -> Sentence | None:
    """The first sentence for a drug or poison, None where the title is about something else."""
    found = _SUBSTANCE.match(title)
    if not found:
        return None
    frame, matter = _FRAMES[found[1].lower()]
    intent = _INTENTS[(found[3] or "").lower().removesuffix(" (unintentional)")]
    return say(frame.format(intent=intent), plain_phrase(found[2], drop_other=False), matter=matter)
