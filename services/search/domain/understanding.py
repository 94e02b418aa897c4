"""What a query was taken for, in words for whoever asked it."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

from .documents import Correction, Hit
from .query import Plan, Strictness
from .words import normalised

# Modifiers are codes that may be without a digit.
_MODIFIER = 2


@dataclass(frozen=True, slots=True)
class ReadWord:
    """A word as typed, and the words that it was or may be read as, the likeliest first."""

    typed: str
    read_as: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Spelling:
    """`query` has each word as it was read. If not `applied`, it is another query that may have been meant."""

    query: str
    applied: bool
    words: tuple[ReadWord, ...]


@dataclass(frozen=True, slots=True)
class UnderstoodWord:
    """A word, or several that mean one thing, what else they stand for, and whether no code has anything like it."""

    typed: str
    means: tuple[str, ...]
    unknown: bool


@dataclass(frozen=True, slots=True)
class Understood:
    """What was looked for: codes as typed, in capitals, and the words that results have to match."""

    codes: tuple[str, ...] = ()
    words: tuple[UnderstoodWord, ...] = ()


NOTHING = Understood()


class WordsMatched(Enum):
    """How many of the words a result matches at least."""

    ALL = "all"
    MOST = "most"
    SOME = "some"


def words_matched(plan: Plan, strictness: Strictness) -> WordsMatched | None:
    """None where no words were looked for. One of two words is not most of them."""
    if not plan.words:
        return None
    if strictness <= Strictness.CORRECTED:
        return WordsMatched.ALL
    return WordsMatched.MOST if plan.least(strictness) * 2 > len(plan.required) else WordsMatched.SOME


def understood(plan: Plan, corrections: Sequence[Correction]) -> Understood:
    """The pieces of a code are no words of their own, and a word that is looked for as a code, too, is a word."""
    unknown = {each.typed for each in corrections if each.applied and not each.near}
    codes = tuple(each.typed for each in plan.codes if len(each.code) <= _MODIFIER or not each.code.isalpha())
    words = [word for word in plan.required if not any(word.text.upper() in code for code in codes)]
    return Understood(codes, tuple(UnderstoodWord(word.text, word.others, word.text in unknown) for word in words))


def spelling(text: str, corrections: Sequence[Correction], hits: Sequence[Hit]) -> Spelling | None:
    """How the words of `text` were read. What was applied comes before what is only offered; of several words that one
    was read as, the one that most of the results have is said."""
    applied = any(each.near and each.applied for each in corrections)
    told = [each for each in corrections if each.near and each.applied == applied]
    if not told:
        return None
    words = [ReadWord(each.typed, _likeliest(each, hits)) for each in told]
    read_as = {word.typed: word.read_as[0] for word in words}
    query = re.sub(r"\w+", lambda word: read_as.get(word[0].lower(), word[0]), normalised(text))
    return Spelling(query, applied, tuple(words))


def _likeliest(correction: Correction, hits: Sequence[Hit]) -> tuple[str, ...]:
    met = Counter(word.met for hit in hits for word in hit.words if word.asked == correction.typed)
    # Sorting is stable: words that equally many results have stay as they were.
    return tuple(sorted(correction.near, key=lambda near: -met[near]))
