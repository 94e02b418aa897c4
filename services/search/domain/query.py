"""What somebody meant by what they typed: a plan that any engine can compile.

A plan holds words and codes, never an engine's query language, so nothing that is typed can reach an engine as syntax.
An engine answers a plan in stages, each result in the first stage that it fits:

1. the exact codes, in the order typed, the one whose display is spelled as typed first;
2. codes that begin with the prefix or lie in a range, in code order;
3. codes found by words, best first.

The stages count as one list. How many words a result must match is the plan's strictness: an engine is asked with the
strictest one first, and with the next one only while nothing at all was found.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from enum import IntEnum

from .spelling import CodeRange, Spelled, spelled
from .words import MAX_WORDS, normalised, split

# Function words: they rank a result higher, but none is missed for lacking one. "without", "no", "not" carry meaning.
FUNCTION_WORDS = frozenset(
    ("a", "an", "and", "as", "at", "by", "for", "from", "in", "into", "is", "of", "on", "or", "the", "to", "with")
)
MIN_PREFIX = 2
MIN_CORRECTED = 5
MAX_CORRECTED = 24


class Strictness(IntEnum):
    """How many of the required words a result must match, from strict to loose."""

    ALL = 0
    # All of them, where a word of five letters or more that the index does not know may be one edit away.
    CORRECTED = 1
    MOST = 2
    ANY = 3


@dataclass(frozen=True, slots=True)
class Word:
    """A word as typed, in lower case. `required` words count for the strictness, the others only rank. With `prefix`
    the word may be the beginning of a longer one (it is still being typed)."""

    text: str
    required: bool = True
    prefix: bool = False

    @property
    def correctable(self) -> bool:
        """Whether it may be misspelled: codes and figures never are."""
        return MIN_CORRECTED <= len(self.text) <= MAX_CORRECTED and self.text.isalpha()


@dataclass(frozen=True, slots=True)
class Plan:
    """What to look for. `system` "" is all; `on` None is any day."""

    codes: tuple[Spelled, ...] = ()
    prefix: str = ""
    ranges: tuple[CodeRange, ...] = ()
    words: tuple[Word, ...] = ()
    system: str = ""
    on: date | None = None

    @property
    def empty(self) -> bool:
        return not (self.codes or self.prefix or self.ranges or self.words)

    @property
    def required(self) -> tuple[Word, ...]:
        return tuple(word for word in self.words if word.required)

    def least(self, strictness: Strictness) -> int:
        """How many of the required words a result must match."""
        count = len(self.required)
        if strictness <= Strictness.CORRECTED:
            return count
        if strictness is Strictness.MOST:
            return max(1, count - max(1, count // 3))
        return min(1, count)

    @property
    def attempts(self) -> tuple[Strictness, ...]:
        """The strictnesses worth trying, in order: those that would only repeat an earlier one are left out."""
        if not self.words:
            return (Strictness.ALL,)
        found = [Strictness.ALL]
        if any(word.correctable for word in self.words):
            found.append(Strictness.CORRECTED)
        for strictness in (Strictness.MOST, Strictness.ANY):
            if self.least(strictness) < self.least(found[-1]):
                found.append(strictness)
        return tuple(found)


def understand(text: str, *, system: str = "", on: date | None = None) -> Plan:
    """The plan for `text`; empty if it holds neither a word nor a code. Never raises."""
    clean = normalised(text)
    found = spelled(clean)
    words = split(found.rest if found.rest.strip() else clean)[:MAX_WORDS]
    # A word is still being typed as long as nothing that ends it follows.
    typing = clean[-1:].isalnum() and found.rest.endswith(clean[-1:])
    return Plan(
        codes=found.codes,
        prefix=found.prefix,
        ranges=found.ranges,
        words=_weighed(words, typing=typing),
        system=system,
        on=on,
    )


def _weighed(texts: list[str], *, typing: bool) -> tuple[Word, ...]:
    words = {text: Word(text, required=text not in FUNCTION_WORDS) for text in texts}
    # One letter by itself says nothing; after other words it narrows.
    if texts and typing and (len(texts[-1]) >= MIN_PREFIX or len(texts) > 1):
        words[texts[-1]] = replace(words[texts[-1]], prefix=True)
    if not any(word.required for word in words.values()):
        return tuple(replace(word, required=True) for word in words.values())
    return tuple(words.values())
