"""A first sentence and what it leaves open; every frame makes one of these."""

from __future__ import annotations

from typing import NamedTuple

from .grammar import Phrase
from .units import upper_first


class Sentence(NamedTuple):
    """`text` is a whole sentence without its full stop; `matter` names what is treated ("injury", "poisoning" ...)."""

    text: str
    unsaid: tuple[str, ...] = ()
    other: bool = False
    nowhere_else: bool = False
    matter: str = "problem"


def say(pattern: str, *phrases: Phrase, matter: str = "problem", unsaid: tuple[str, ...] = ()) -> Sentence:
    """Fill `pattern` with the texts of the phrases; what they leave open adds up."""
    text = " ".join(pattern.format(*(phrase.text for phrase in phrases)).split()).replace(" ,", ",")
    left_open = dict.fromkeys([*unsaid, *(note for phrase in phrases for note in phrase.unsaid)])
    other = any(phrase.other for phrase in phrases)
    nowhere_else = any(phrase.nowhere_else for phrase in phrases)
    return Sentence(upper_first(text).rstrip("."), tuple(left_open), other, nowhere_else, matter)
