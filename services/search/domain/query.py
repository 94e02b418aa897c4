"""What somebody meant by what they typed: a plan that any engine can compile.

A plan holds words and codes, never an engine's query language, so nothing that is typed can reach an engine as syntax.
An engine answers a plan in stages, each result in the first stage that it fits:

1. the exact codes, in the order typed, the one whose display is spelled as typed first;
2. codes that took the place of a typed code of ICD-9-CM;
3. codes that begin with the prefix or lie in a range, in code order;
4. codes found by words, best first.

Systems that are set aside come last within the third, and not at all by words.

The stages count as one list. How many words a result must match is the plan's strictness: an engine is asked with the
strictest one first, and with the next one only while fewer than `Plan.enough` results were found. Those that match all
words stay ahead of those that match some.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import IntEnum

from . import procedures
from .documents import ICD9_SYSTEMS
from .filters import Filters
from .query_words import Word, sort
from .spelling import CodeRange, Spelled, spelled
from .vocabulary import vocabulary
from .words import MAX_WORDS, normalised, split

# As many as a first page shows at a glance.
ENOUGH = 10
EVERYTHING = Filters()


class Strictness(IntEnum):
    """How many of the required words a result must match, from strict to loose."""

    ALL = 0
    # All of them, where a word of five letters or more that the index does not know may be one edit away.
    CORRECTED = 1
    MOST = 2
    # One of them, or a part of one that is several words.
    ANY = 3


@dataclass(frozen=True, slots=True)
class Plan:
    """What to look for, and among which codes.

    `preferred` words were not typed: a description that has one ranks higher by its weight, as does one that has none
    of an `avoided` word and its others. So does a code of a `favored` system, by `procedures.WEIGHT`. All are weighed
    against a score of BM25 and leave out no result."""

    codes: tuple[Spelled, ...] = ()
    prefix: str = ""
    ranges: tuple[CodeRange, ...] = ()
    words: tuple[Word, ...] = ()
    preferred: tuple[Word, ...] = ()
    avoided: tuple[Word, ...] = ()
    favored: tuple[str, ...] = ()
    filters: Filters = EVERYTHING

    @property
    def empty(self) -> bool:
        return not (self.names_codes or self.words)

    @property
    def names_codes(self) -> bool:
        return bool(self.codes or self.prefix or self.ranges)

    @property
    def set_aside(self) -> tuple[str, ...]:
        """Code systems that nobody codes with any more, unless one of them or a date is asked for.

        A status is no reason: it is chosen by its count, which is that of the search as it was before."""
        wanted = self.filters.on or self.filters.system in ICD9_SYSTEMS
        return () if wanted else ICD9_SYSTEMS

    @property
    def enough(self) -> int:
        """With so many results no looser attempt is made. Whoever typed a code gets that, and no words like it."""
        return 1 if self.names_codes else ENOUGH

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
        # What several words stand for may be in no code; then each of them may count by itself.
        if found[-1] is not Strictness.ANY and any(word.several for word in self.required):
            found.append(Strictness.ANY)
        return tuple(found)


def understand(text: str, filters: Filters = EVERYTHING, *, as_typed: bool = False) -> Plan:
    """The plan for `text`; empty if it holds neither a word nor a code. With `as_typed` no word is taken for a misspelt
    one. Never raises."""
    clean = normalised(text)
    found = spelled(clean)
    words = split(found.rest if found.rest.strip() else clean)[:MAX_WORDS]
    # A word is still being typed as long as nothing that ends it follows.
    typing = clean[-1:].isalnum() and found.rest.endswith(clean[-1:])
    known = vocabulary()
    sorted_ = sort(words, known, typing=typing)
    return Plan(
        codes=found.codes,
        prefix=found.prefix,
        ranges=found.ranges,
        words=tuple(replace(word, as_typed=True) for word in sorted_.words) if as_typed else sorted_.words,
        preferred=sorted_.preferred,
        avoided=sorted_.avoided,
        favored=procedures.SYSTEMS if procedures.is_asked_for(frozenset(words), sorted_.words) else (),
        filters=filters,
    )
