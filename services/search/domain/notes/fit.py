"""How well a code says what a phrase says: which part of the code's label the text has, and what it adds.

A label is a code's title, or one of the terms that it is found by; the one that the phrase says most of counts, a title
a little more than a term. Words that a title has where nothing more is known ("unspecified") are no part of it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from ..documents import FoundWord, Hit
from ..words import FUNCTION_WORDS
from . import labels, tables
from .phrases import QUALIFIERS

_ACUITY = frozenset({"acute", "chronic"})
_OTHER = "other"
_UNASKED = frozenset({"acute", "chronic", "recurrent", "subsequent", "sequela"})
# What a side costs that the text does not have, or another thing that it does not say; and what a word is worth that
# the text adds to the phrase.
_WRONG_SIDE, _RIGHT_SIDE = 0.5, 0.1
_ONE_UNASKED, _ONE_MET, _ONE_OTHER = 0.1, 0.05, 0.08
_CONTRADICTS, _LACKS_AS_SAID = 0.4, 0.1
_TERM = 0.92
# What a word stands for is a little less than the word itself.
_MEANT = 0.97
# Of a code with very many terms the shortest ones: a long one says more than a phrase does.
_MOST_TERMS = 40
_ONE_PLACE, _SAME_THING, _LEAST_OF_A_THING = 0.05, 0.6, 0.3
_NO_OWN = FUNCTION_WORDS | QUALIFIERS
# A label that goes on where the phrase ends names a kind of what the phrase names.
_BEGINS = 0.95
# How many letters a word may be shorter or longer than the one that it met by its stem.
_FORMS = 4


@dataclass(frozen=True, slots=True)
class Fit:
    """`covered` is the part of the best label of a code that the text says, from 0 to 1; `agrees` what its qualifiers
    add to that or take away; `title` the part of the title, and `says` the number of its words. `is_open` tells whether
    the code is for what is not specified further."""

    covered: float
    agrees: float
    title: float
    says: int
    is_open: bool

    @property
    def goes_on(self) -> bool:
        """Whether the title says what the text says and goes on: another code may say no more than the text."""
        return self.title == self.covered == _BEGINS

    @property
    def order(self) -> tuple[float, bool, float, int]:
        return round(self.covered + self.agrees, 3), self.is_open, round(self.title, 3), self.says


@dataclass(frozen=True, slots=True)
class Ranked:
    hit: Hit
    fit: Fit


def rank(phrase: str, hits: Iterable[Hit], around: frozenset[str] = frozenset()) -> Sequence[Ranked]:
    """The hits, those first that say the most of what the text says and nothing else. `around` are words of the text
    beside the phrase that may belong to it. Billable codes go before their headers, else the engine's order holds."""
    asked = _Asked.of(phrase, around)
    fitted = [Ranked(hit, _fit(asked, hit)) for hit in hits]
    return sorted(fitted, key=lambda one: (*one.fit.order, bool(one.hit.billable)), reverse=True)


def rank_things(phrase: str, hits: Sequence[Hit]) -> Sequence[Ranked]:
    """The same for HCPCS, whose titles are lists of features behind the name of a thing: what is called as the phrase
    calls it ("walker" with wheels) is rather meant than another thing that has both words, and the engine's order
    counts, too."""
    thing = labels.stem(_thing(labels.words(phrase)))
    asked = _Asked.of(phrase, frozenset())
    found = []
    for place, hit in enumerate(hits):
        fitting = _fit(asked, hit)
        if fitting.covered >= _LEAST_OF_A_THING and tuple(labels.telling(hit.description, frozenset())[:1]) == (thing,):
            fitting = replace(fitting, covered=min(1.0, fitting.covered + _SAME_THING))
        found.append((place, Ranked(hit, fitting)))
    return [one for _, one in sorted(found, key=lambda each: each[0] * _ONE_PLACE - each[1].fit.covered)]


def _thing(words: Sequence[str]) -> str:
    """The last word before the first one that joins others to it: "walker" of "folding walker with wheels"."""
    ends = next((place for place, word in enumerate(words) if place and word in FUNCTION_WORDS), len(words))
    return words[ends - 1]


def fit(phrase: str, hit: Hit, around: frozenset[str] = frozenset()) -> Fit:
    return _fit(_Asked.of(phrase, around), hit)


@dataclass(frozen=True, slots=True)
class _Asked:
    """A phrase: its telling stems in order, all words that the text has for it, and their stems."""

    phrase: str
    telling: Sequence[str]
    text: frozenset[str]
    own: labels.Known

    @classmethod
    def of(cls, phrase: str, around: frozenset[str]) -> _Asked:
        words = labels.words(phrase)
        telling = [labels.stem(word) for word in words if word not in _NO_OWN | tables.words(labels.OPEN)]
        text = around.union(words)
        return cls(phrase, telling, text, labels.Known(map(labels.stem, text)))


def _fit(asked: _Asked, hit: Hit) -> Fit:
    own = asked.own.stems
    meant = frozenset(labels.stem(each) for word in hit.words for each in _said_by(word)) - own
    known = _Known(asked.telling, asked.own, labels.Known(meant))
    title = labels.telling(labels.title(hit.description), own)
    by_title = known.part(title)
    terms = hit.terms if len(hit.terms) <= _MOST_TERMS else sorted(hit.terms, key=len)[:_MOST_TERMS]
    by_terms = max((known.part(labels.telling(term, own)) for term in terms), default=0.0)
    return Fit(
        covered=max(by_title, by_terms * _TERM),
        agrees=_agreement(asked.text, asked.phrase, hit),
        title=by_title,
        says=sum(stem in known.own or stem in known.meant for stem in title),
        is_open=labels.is_open(hit.description),
    )


def _said_by(word: FoundWord) -> Iterable[str]:
    """What a word of the query stands for. A stem may bring words together that have little to do with one another."""
    if word.meaning:
        return labels.words(f"{word.asked} {word.met} {word.meaning}")
    return [word.asked, word.met] if abs(len(word.asked) - len(word.met)) <= _FORMS else [word.asked]


@dataclass(frozen=True, slots=True)
class _Known:
    """The telling stems of a phrase in order, all that the text has of its own, and what those stand for."""

    phrase: Sequence[str]
    own: labels.Known
    meant: labels.Known

    def part(self, label: Sequence[str]) -> float:
        """The part of a label that the text says."""
        if not label:
            return 0.0
        part = sum(1.0 if stem in self.own else _MEANT if stem in self.meant else 0.0 for stem in label) / len(label)
        begins = len(self.phrase) > 1 and list(label[: len(self.phrase)]) == self.phrase
        return max(part, _BEGINS) if begins else part


def _agreement(text: frozenset[str], phrase: str, hit: Hit) -> float:
    said = labels.all_words(hit.description)
    agreed = 0.0
    if titled := labels.sides(said):
        agreed = _RIGHT_SIDE if titled == labels.sides(text) else -_WRONG_SIDE
    agreed += _ONE_MET * len(text & said & (QUALIFIERS - labels.SIDES)) - _ONE_UNASKED * len((said & _UNASKED) - text)
    if acuity := text & _ACUITY - said:
        agreed -= _ONE_UNASKED * sum(not any(word in term.lower() for term in hit.terms) for word in acuity)
    if _OTHER in said and _OTHER not in text:
        agreed -= _ONE_OTHER
    if lacking := labels.lacking(phrase):
        absent = labels.lacking(hit.description)
        agreed += _LACKS_AS_SAID if lacking & absent else 0.0
        agreed -= _CONTRADICTS if lacking & (frozenset(map(labels.stem, said)) - absent) else 0.0
    return agreed
