"""From coded mentions to codes: each code once, the more specific one of a family, and conditions joined by "with".

What the classification links by "with" or "in" is presumed to be linked, unless the note says that it is not
(guidelines, I.A.15): hypertension with heart or kidney disease, diabetes with its usual complications.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from ..documents import Hit
from . import tables
from .coding import DIAGNOSES, Decided
from .findings import Confidence, Place, SuggestedCode
from .labels import stems

CATEGORY, ENCOUNTER = 3, 7
MOST_ALTERNATIVES = 5
_UNRELATED = re.compile(r"\b(?:unrelated to|not (?:related|due|secondary) to|independent of)\b", re.IGNORECASE)
# Causes from outside stand behind what they caused (I.C.20.a).
_EXTERNAL = tuple("VWXY")


@dataclass(frozen=True, slots=True)
class Join:
    """`first` and `second` become `code`; the second one stays beside it or goes."""

    first: SuggestedCode
    second: SuggestedCode
    code: str
    keeps: bool
    source: str


def suggested(decided: Sequence[Decided]) -> Sequence[SuggestedCode]:
    """Each code once: diagnoses before what else the note mentions, causes from outside last."""
    ordered = sorted(decided, key=lambda one: (one.mention.section not in DIAGNOSES, one.mention.place.start))
    found: dict[tuple[str, str], SuggestedCode] = {}
    for one in ordered:
        best = one.mention.candidates[0]
        key = (best.hit.system, best.hit.code)
        if before := found.get(key):
            evidence = (*before.evidence, one.mention.place)
            found[key] = replace(before, evidence=evidence, confidence=max(before.confidence, best.confidence))
            continue
        others = tuple(each.hit for each in one.mention.candidates[1:] if _is_alternative(each.hit, best.hit))
        found[key] = SuggestedCode(best.hit, best.confidence, (one.mention.place,), one.why, others[:MOST_ALTERNATIVES])
    specific = _most_specific(_of_diagnoses(list(found.values()), ordered))
    return sorted(specific, key=lambda code: code.hit.system == "icd10cm" and code.hit.code.startswith(_EXTERNAL))


def _is_alternative(hit: Hit, best: Hit) -> bool:
    """A header is no code to take instead, and another encounter is no other condition."""
    other_encounter = len(hit.code) == len(best.code) == ENCOUNTER and hit.code[:-1] == best.code[:-1]
    return hit.billable is not False and not other_encounter


def _of_diagnoses(codes: Sequence[SuggestedCode], decided: Sequence[Decided]) -> Sequence[SuggestedCode]:
    """Without the codes of other sections in a category that the diagnoses name: they have looked at it, too."""
    named = {(one.mention.place, one.mention.section in DIAGNOSES) for one in decided}
    by_diagnoses = {code.hit.code for code in codes if any((place, True) in named for place in code.evidence)}
    categories = {code[:CATEGORY] for code in by_diagnoses}
    return [code for code in codes if code.hit.code in by_diagnoses or code.hit.code[:CATEGORY] not in categories]


def _most_specific(codes: Sequence[SuggestedCode]) -> Sequence[SuggestedCode]:
    """Without the codes that say nothing that another one of their category does not say. Their evidence stays."""
    kept: list[SuggestedCode] = []
    for code in sorted(codes, key=lambda one: (-len(one.hit.code), -len(stems(one.hit.description)))):
        place = next((place for place, other in enumerate(kept) if _says_less(code.hit, other.hit)), None)
        if place is None:
            kept.append(code)
        else:
            kept[place] = replace(kept[place], evidence=(*kept[place].evidence, *code.evidence))
    order = {id(code): place for place, code in enumerate(codes)}
    named = {(code.hit.system, code.hit.code): order[id(code)] for code in codes}
    return sorted(kept, key=lambda one: named[one.hit.system, one.hit.code])


def _says_less(less: Hit, more: Hit) -> bool:
    same = less.system == more.system and less.code[:CATEGORY] == more.code[:CATEGORY]
    return same and (more.code.startswith(less.code) or stems(less.description) <= stems(more.description))


def next_join(codes: Sequence[SuggestedCode], text: str) -> Join | None:
    """The first two codes that the classification joins; None where there are none, or the note says that something is
    unrelated."""
    if _UNRELATED.search(text):
        return None
    diagnoses = [code for code in codes if code.hit.system == "icd10cm"]
    for rule in tables.combinations():
        first = next((code for code in diagnoses if code.hit.code.startswith(rule.first)), None)
        second = next((code for code in diagnoses if code.hit.code.startswith(rule.second)), None)
        if first and second and first is not second:
            return Join(first, second, rule.code, rule.keeps, rule.source)
    return None


def joined(codes: Sequence[SuggestedCode], join: Join, hit: Hit) -> Sequence[SuggestedCode]:
    """The codes with those of the join become one, in the place of the one that stands first."""
    places: tuple[Place, ...] = (*join.first.evidence, *join.second.evidence)
    names = f"{join.first.hit.display} and {join.second.hit.display}"
    one = SuggestedCode(
        hit,
        Confidence(min(join.first.confidence, join.second.confidence)),
        places,
        f"{names} are coded as one, because the classification presumes that they are linked (guideline {join.source})",
        (join.first.hit, *join.first.alternatives)[:MOST_ALTERNATIVES],
    )
    gone = {hit.code, join.first.hit.code} | (set() if join.keeps else {join.second.hit.code})
    begin = min(codes.index(join.first), codes.index(join.second))
    # Before what it is coded with, as the classification says "use additional code".
    return [
        *(code for code in codes[:begin] if code.hit.code not in gone),
        one,
        *(code for code in codes[begin:] if code.hit.code not in gone),
    ]
