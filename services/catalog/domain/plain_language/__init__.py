"""Plain-language descriptions of ICD-10-CM codes, composed from a glossary of the project's own.

A description is one to three short sentences: what the title says in words that a patient knows, what the record leaves
open ("unspecified") or what has no code of its own ("other specified"), and where in care the patient is (the seventh
character, the trimester, the baby). It is made from the official title alone, so it never says more than the title
does, beside what a glossary term means.

How a term is added is told in `glossary.py`.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

from .causes import cause
from .encounters import encounter_sentence, split_ending
from .grammar import plain_phrase
from .injuries import injury
from .notes import note_sentence
from .sentence import Sentence, say
from .substances import substance
from .visits import reason

__all__ = ["describe_icd10cm"]


def describe_icd10cm(code: str, description: str, ancestors: Sequence[str]) -> str:
    """The plain description of one ICD-10-CM code.

    `code` with or without its dot; `description` the order file's long title; `ancestors` the official titles above it
    from the chapter down (the long titles of ICD-10-CM stand for themselves, so no frame needs them so far). "" only
    for an empty description. It does not fail: words it does not know stay as they are.
    """
    title = " ".join(description.split())
    if not title:
        return ""
    ending = split_ending(title)
    first = _first_sentence(code[:3].upper(), ending.rest, ending.stage)
    text = first.text + (f", {ending.trimester}" if ending.trimester else "")
    note = note_sentence((*first.unsaid, *ending.unsaid), other=first.other, nowhere_else=first.nowhere_else)
    encounter = encounter_sentence(ending.stage, ending.detail, first.matter)
    return " ".join(part for part in (f"{text}.", note, ending.fetus, encounter) if part)


@lru_cache(maxsize=4096)
def _first_sentence(category: str, title: str, stage: str) -> Sentence:
    """The frame that fits; remembered, since up to sixteen codes differ in the seventh character only."""
    past = stage == "later"
    if category[:1] in "VWXY":
        return cause(category, title)
    if category[:1] == "T" and (drug := substance(title)):
        return drug
    if category[:1] == "S" or (stage and category < "T36"):
        return injury(title, past)
    if other := reason(category, title):
        return other
    return say("the patient had {0}" if past else "the patient has {0}", plain_phrase(title))
