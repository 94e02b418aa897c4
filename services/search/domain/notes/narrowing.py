"""The most specific code of a family that a text supports, and the one to take where it supports nothing more.

A header is no code for a claim: one of the codes beneath it is. What the text does not say is taken as the guidelines
take it: unspecified, the initial encounter of active care (I.C.19.a), a closed fracture that is displaced (I.C.19.c).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from ..documents import Hit
from . import labels

_ENCOUNTER = 7
INITIAL, SUBSEQUENT, SEQUELA = "A", "D", "S"
OF_FOLLOW_UP = frozenset({"subsequent", "encounter", "routine", "healing"})
_INJURIES = ("S", "T")
_TAKEN_WORDS = ("closed", "displaced", "nondisplaced", "severity", "degree", "episode", "status", "disturbance")
_TAKEN = frozenset(map(labels.stem, _TAKEN_WORDS))
# Beneath the first four characters lie what a code of an open kind may turn out to be.
_CATEGORY, _KIND = 3, 4


def beginning(best: Hit, *, exact: bool, more: bool) -> str:
    """What the codes begin with that may say what the text says better than the best one; "" where there are none.

    `exact`: its title says nothing that the text does not; `more`: the text says something beside it.
    """
    if best.system != "icd10cm":
        return ""
    is_injury = best.code.startswith(_INJURIES)
    if is_injury or (best.billable is False and not more and exact):
        return best.code if best.billable is False else ""
    if not exact:
        return best.code[:_CATEGORY]
    return best.code[:_KIND] if best.billable is False or labels.is_open(best.description) else ""


@dataclass(frozen=True, slots=True)
class Said:
    """What the text has for a code: words, the stems of what it says is absent, and the seventh character."""

    words: frozenset[str]
    lacking: frozenset[str]
    encounter: str


def narrowed(best: Hit, family: Iterable[Hit], said: Said, *, exact: bool) -> Hit:
    """The code of the family to take; the best one itself if none says more, or as much and nothing else."""
    own = frozenset(map(labels.stem, said.words))
    known = labels.Known(own | labels.stems(best.description) if exact else own)
    sides = labels.sides(said.words)

    def worth(hit: Hit) -> tuple[int, int, bool, bool]:
        titled = labels.stems(hit.description) - labels.SIDES
        extra = sum(stem not in known for stem in titled - _TAKEN)
        says = sum(stem in known.stems for stem in titled)
        return -extra, says, bool(labels.sides(labels.words(hit.description))), labels.is_open(hit.description)

    found = [hit for hit in family if hit.billable and _may_be(hit, said, sides)]
    if best.billable is not False:
        least = worth(best)
        found = [hit for hit in found if worth(hit) > least and worth(hit)[0] == 0 and worth(hit)[1] >= least[1]]
    # The first in code order of those that are worth the same.
    return max(found, key=worth, default=best)


def _may_be(hit: Hit, said: Said, sides: frozenset[str]) -> bool:
    if said.lacking & (labels.stems(hit.description) - labels.lacking(hit.description)):
        return False
    return _same_side(hit, sides) and _same_encounter(hit, said.encounter)


def _same_side(hit: Hit, sides: frozenset[str]) -> bool:
    titled = labels.sides(labels.words(hit.description))
    return not titled or titled == sides


def _same_encounter(hit: Hit, encounter: str) -> bool:
    return len(hit.code) != _ENCOUNTER or not hit.code[-1].isalpha() or hit.code[-1] == encounter
