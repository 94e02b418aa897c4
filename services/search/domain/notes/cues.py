"""What a whole note tells of all that is in it, and which codes only such a note can have."""

from __future__ import annotations

import re
from dataclasses import dataclass

from ..documents import Hit
from . import tables

_PREGNANT = re.compile(
    r"\b(?:pregnan\w*|gravid\w*|trimester|gestation\w*|prenatal|antenatal|antepartum|postpartum|puerper\w*|obstetric\w*|"
    r"c-section|cesarean|in labor|miscarriage|ectopic|preeclampsia|g\d+\s*p\d+)\b",
    re.IGNORECASE,
)
_NOT_PREGNANT = re.compile(
    r"\b(?:not pregnant|denies pregnancy|pregnancy test (?:is |was )?negative|no pregnancy)\b", re.IGNORECASE
)
_NEWBORN = re.compile(
    r"\b(?:newborn|neonat\w*|liveborn|born in the hospital|(?:hours?|days?)[ -]old|nicu)\b", re.IGNORECASE
)
_FOLLOW_UP = re.compile(
    r"\b(?:subsequent encounter|routine healing|delayed healing|healing (?:well|as expected)|cast removal|"
    r"weeks? (?:after|post) surgery|follow[- ]?up (?:visit )?(?:of|for) (?:\w+ ){0,4}(?:fracture|injury|sprain))\b",
    re.IGNORECASE,
)
_SUBSTANCES = re.compile(r"T(?:3[6-9]|4\d|50|5[1-9]|6[0-5])")


@dataclass(frozen=True, slots=True)
class Cues:
    """`follow_up` is of an injury: its care goes on, and the encounter is a subsequent one (guidelines, I.C.19.a)."""

    pregnant: bool
    newborn: bool
    follow_up: bool

    @property
    def encounter(self) -> str:
        """The seventh character of an injury."""
        return "D" if self.follow_up else "A"

    def allow(self, hit: Hit, *, harm: bool) -> bool:
        """Whether a note with these cues may have the code; `harm`: in a sentence that says that something did harm.
        Chapter 15 is for those who are pregnant, chapter 16 for the newborn (guidelines, I.C.15.a, I.C.16.a); what a
        drug does needs more than the drug's name."""
        if hit.system != "icd10cm":
            return True
        if hit.code.startswith("O"):
            return self.pregnant
        if hit.code.startswith("P"):
            return self.newborn
        if _SUBSTANCES.match(hit.code):
            return harm
        return True


def tells_of_harm(words: frozenset[str]) -> bool:
    """Whether a sentence of these words says that a substance has done harm, of whatever kind (I.C.19.e)."""
    return not words.isdisjoint(tables.words("harm"))


def cues(text: str) -> Cues:
    return Cues(
        pregnant=bool(_PREGNANT.search(_NOT_PREGNANT.sub(" ", text))),
        newborn=bool(_NEWBORN.search(text)),
        follow_up=bool(_FOLLOW_UP.search(text)),
    )
