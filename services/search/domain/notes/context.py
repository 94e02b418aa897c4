"""What the words around a mention say of it: that it is absent, only feared, past, somebody else's, or not certain.

The rules are those of ConText (Harkema and others, 2009, doi:10.1016/j.jbi.2009.05.002), written anew: a trigger
reaches forward or backward over its sentence until a word that ends it; a longer phrase that looks like a trigger and
is none ("no increase", "history of present illness") takes its words away from it. They stand in `triggers.tsv`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import Enum

from . import tables
from .tokens import Token

PSEUDO, END = "pseudo", "end"
FORWARD, BACKWARD, BOTH = "forward", "backward", "both"
# Words that end what is said of relatives; "has" and "had" go on with them.
_BACK_TO_PATIENT = frozenset({"patient", "pt", "but", "however"})


class Kind(Enum):
    """In the order in which one counts before the others."""

    NEGATED = "negated"
    FAMILY = "family"
    HYPOTHETICAL = "hypothetical"
    HISTORY = "history"
    UNCERTAIN = "uncertain"


@dataclass(frozen=True, slots=True)
class Found:
    """A trigger over the tokens from `first` until `last`, not included."""

    first: int
    last: int
    trigger: tables.Trigger


@dataclass(frozen=True, slots=True)
class Scope:
    """`kind` is said of the tokens from `first` until `last`, not included, by `by`."""

    kind: Kind
    first: int
    last: int
    by: Found


@dataclass(frozen=True, slots=True)
class Context:
    """What is said in one sentence. `between` are the tokens that only say something of others."""

    scopes: Sequence[Scope]
    between: frozenset[int]

    def of(self, first: int, last: int) -> Scope | None:
        """What counts for a mention of the tokens from `first` until `last`; a trigger inside of it is part of it."""
        over = [
            scope
            for scope in self.scopes
            if scope.first <= first and last <= scope.last and not first <= scope.by.first < last
        ]
        return min(over, key=lambda scope: list(Kind).index(scope.kind), default=None)


def context(words: Sequence[Token], taken: frozenset[int] = frozenset()) -> Context:
    """The context of one sentence. Words in `taken` belong to phrases of their own and say nothing of others."""
    found = [each for each in _found(words) if taken.isdisjoint(range(each.first, each.last))]
    scopes = [scope for each in found for scope in _scopes(each, found, words)]
    between = {
        place
        for each in found
        if each.trigger.kind != PSEUDO and each.trigger.stands == "between"
        for place in range(each.first, each.last)
    }
    return Context(scopes, frozenset(between))


def _found(words: Sequence[Token]) -> Iterator[Found]:
    """The longest trigger at each place, none within another."""
    known = tables.triggers()
    longest = max(map(len, known))
    texts = [word.text.replace("’", "'") for word in words]
    place = 0
    while place < len(words):
        for length in range(min(longest, len(words) - place), 0, -1):
            if trigger := known.get(tuple(texts[place : place + length])):
                yield Found(place, place + length, trigger)
                place += length
                break
        else:
            place += 1


def _scopes(found: Found, all_found: Sequence[Found], words: Sequence[Token]) -> Iterator[Scope]:
    if found.trigger.kind in (PSEUDO, END):
        return
    kind = Kind(found.trigger.kind)
    if found.trigger.reach in (FORWARD, BOTH):
        yield Scope(kind, found.last, _end(kind, found, all_found, words), found)
    if found.trigger.reach in (BACKWARD, BOTH):
        yield Scope(kind, _beginning(found, all_found, words), found.first, found)


def _end(kind: Kind, found: Found, all_found: Sequence[Found], words: Sequence[Token]) -> int:
    if kind is Kind.FAMILY:
        return next(
            (place for place in range(found.last, len(words)) if words[place].text in _BACK_TO_PATIENT), len(words)
        )
    ends = (each.first for each in all_found if each.first >= found.last and each.trigger.kind == END)
    return min([*ends, len(words)])


def _beginning(found: Found, all_found: Sequence[Found], words: Sequence[Token]) -> int:
    """A trigger behind what it is said of reaches back to the beginning of its clause."""
    ends = [each.last for each in all_found if each.last <= found.first and each.trigger.kind == END]
    clauses = [place for place in range(found.first) if words[place].follows_comma or words[place].follows_break]
    return max([0, *ends, *clauses])
