"""Which words of a sentence may name something together: stretches of words, and the phrases within them.

A stretch ends where the text breaks, at a word that names no condition, and at what only says something of other words
("denies", "history of"). A comma does not end it: "cellulitis, left leg" is one phrase. Words that the vocabulary knows
together are one part of a phrase, and are never cut.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ..query_words import CHOICES
from ..vocabulary import Vocabulary
from ..words import FUNCTION_WORDS, normalised, split
from . import tables
from .tokens import Token

MAX_PARTS = 9
_LACKING = frozenset({"without", "w o"})
# Words that say more of a condition and name none: a side, an encounter, an acuity.
QUALIFIERS = frozenset(word for choice in CHOICES for word in choice.words)


@dataclass(frozen=True, slots=True)
class Part:
    """One word, or several that mean one thing together: the tokens from `first` until `last`, not included."""

    first: int
    last: int
    text: str

    @property
    def qualifies(self) -> bool:
        return self.text in QUALIFIERS or self.text.isdigit()


@dataclass(frozen=True, slots=True)
class Stretch:
    """Parts that follow one another, and for each of them the words that join it to the one before ("of the")."""

    parts: Sequence[Part]
    joints: Sequence[str]

    def text(self, begin: int, end: int) -> str:
        """What the parts from `begin` until `end`, not included, say."""
        words = [self.parts[begin].text]
        for place in range(begin + 1, end):
            words += [self.joints[place], self.parts[place].text]
        return " ".join(word for word in words if word)

    def telling(self, begin: int, end: int) -> int:
        """How many words name something; 0 for qualifiers alone, and for a phrase that "without" begins or ends,
        which is about what it lacks."""
        if self.parts[begin].text in _LACKING or self.parts[end - 1].text in _LACKING:
            return 0
        return sum(len(part.text.split()) for part in self.parts[begin:end] if not part.qualifies)


def stretches(words: Sequence[Token], between: frozenset[int], vocabulary: Vocabulary) -> Iterator[Stretch]:
    """The stretches of a sentence whose tokens in `between` are never part of one."""
    parts: list[Part] = []
    joints: list[str] = []
    joint: list[str] = []
    breaks, passes = tables.words("break"), tables.words("pass")
    place = 0
    while place < len(words):
        word = words[place]
        known = _known(words, place, between, vocabulary)
        ends = place in between or (not known and word.text in breaks)
        if word.follows_break or ends:
            if parts:
                yield Stretch(parts, joints)
            parts, joints, joint = [], [], []
        if ends:
            place += 1
        elif word.text in FUNCTION_WORDS and not known:
            joint.append(word.text)
            place += 1
        elif not known and word.text in passes:
            place += 1
        else:
            last = known or place + 1
            parts.append(Part(place, last, _said(words[place:last])))
            joints.append(" ".join(joint))
            joint = []
            place = last
    if parts:
        yield Stretch(parts, joints)


def _known(words: Sequence[Token], place: int, between: frozenset[int], vocabulary: Vocabulary) -> int:
    """Where the longest term of several words that begins here ends; 0 if none does."""
    if place in between or words[place].text in FUNCTION_WORDS:
        return 0
    telling: list[str] = []
    ends: list[int] = []
    for each in range(place, min(len(words), place + vocabulary.most_words * 2)):
        if each > place and (words[each].follows_break or words[each].follows_comma or each in between):
            break
        if words[each].text not in FUNCTION_WORDS:
            telling += split(normalised(words[each].text))[:1] or [words[each].text]
            ends.append(each + 1)
    length, meanings = vocabulary.longest(telling)
    return ends[length - 1] if meanings and length > 1 else 0


def _said(words: Sequence[Token]) -> str:
    return " ".join(word.text for word in words)
