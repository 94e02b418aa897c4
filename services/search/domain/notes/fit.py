"""How well a code says what a phrase says: which part of the code's label the text has, and what it adds.

A label is a code's title, or one of the terms that it is found by; the one that the phrase says most of counts, a title
a little more than a term. Words that a title has where nothing more is known ("unspecified") are no part of it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from ..documents import Hit
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
_ONE_PLACE, _SAME_THING, _LEAST_OF_A_THING = 0.05, 0.6, 0.3
_NO_OWN = FUNCTION_WORDS | QUALIFIERS
# A term with more letters says more than the phrase does, however many open words it has.
_LONGEST_TERM, _OPEN_WORDS = 3, 40
_ALL = 0.99
# A label that goes on where the phrase ends names a kind of what the phrase names.
_BEGINS = 0.95


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


@dataclass(frozen=True, slots=True)
class Phrase:
    """What a code is weighed against: what the text says, the words beside it that may belong to it, and what words of
    it stand for, as the vocabulary has it."""

    text: str
    around: frozenset[str] = frozenset()
    meanings: tuple[str, ...] = ()


def rank(phrase: Phrase, hits: Iterable[Hit]) -> Sequence[Ranked]:
    """The hits, those first that say the most of what the text says and nothing else. Billable codes go before their
    headers, else the engine's order holds."""
    said = _Said.of(phrase)
    fitted = [Ranked(hit, said.fit(hit)) for hit in hits]
    return sorted(fitted, key=lambda one: (*one.fit.order, bool(one.hit.billable)), reverse=True)


def rank_things(phrase: Phrase, hits: Sequence[Hit]) -> Sequence[Ranked]:
    """The same for HCPCS, whose titles are lists of features behind the name of a thing: what is called as the phrase
    calls it ("walker" with wheels) is rather meant than another thing that has both words, and the engine's order
    counts, too."""
    thing = labels.stem(_thing(labels.words(phrase.text)))
    said = _Said.of(phrase)
    found = []
    for place, hit in enumerate(hits):
        fitting = said.fit(hit)
        named = labels.label(hit.description).stems(frozenset())[:1]
        if fitting.covered >= _LEAST_OF_A_THING and tuple(named) == (thing,):
            fitting = replace(fitting, covered=min(1.0, fitting.covered + _SAME_THING))
        found.append((place, Ranked(hit, fitting)))
    return [one for _, one in sorted(found, key=lambda each: each[0] * _ONE_PLACE - each[1].fit.covered)]


def covers(phrase: Phrase, hits: Iterable[Hit]) -> float:
    """The greatest part of a label of one of the codes that the phrase says."""
    said = _Said.of(phrase)
    best = 0.0
    for hit in hits:
        best = max(best, said.title(hit), said.terms(hit, best))
        if best >= _ALL:
            break
    return best


def fit(phrase: Phrase, hit: Hit) -> Fit:
    return _Said.of(phrase).fit(hit)


def _thing(words: Sequence[str]) -> str:
    """The last word before the first one that joins others to it: "walker" of "folding walker with wheels"."""
    ends = next((place for place, word in enumerate(words) if place and word in FUNCTION_WORDS), len(words))
    return words[ends - 1]


class _Said:
    """A phrase, with all that is worked out of it once."""

    def __init__(self, phrase: Phrase, words: Sequence[str]) -> None:
        self._phrase, self._text = phrase, phrase.around.union(words)
        self._own = labels.Known(map(labels.stem, self._text))
        said = (labels.stem(word) for meaning in phrase.meanings for word in labels.words(meaning))
        self._meant = labels.Known(frozenset(said) - self._own.stems)
        is_open = tables.words(labels.OPEN)
        self._telling = [labels.stem(word) for word in words if word not in _NO_OWN and word not in is_open]
        self._beginnings = self._own.beginnings | self._meant.beginnings
        self._longest = _LONGEST_TERM * (len(phrase.text) + max(map(len, phrase.meanings), default=0)) + _OPEN_WORDS

    @classmethod
    def of(cls, phrase: Phrase) -> _Said:
        return cls(phrase, labels.words(phrase.text))

    def fit(self, hit: Hit) -> Fit:
        title = labels.label(labels.title(hit.description)).stems(self._own.stems)
        by_title = self._part(title)
        return Fit(
            covered=max(by_title, self.terms(hit, by_title)),
            agrees=_agreement(self._text, self._phrase.text, hit),
            title=by_title,
            says=sum(stem in self._own or stem in self._meant for stem in title),
            is_open=labels.is_open(hit.description),
        )

    def title(self, hit: Hit) -> float:
        return self._part(labels.label(labels.title(hit.description)).stems(self._own.stems))

    def terms(self, hit: Hit, least: float) -> float:
        """The greatest part of one of its terms, if it is more than `least`. Sentences are explanations and no labels;
        of other terms those are looked at that may have it."""
        found = 0.0
        for term in hit.terms:
            if max(found, least) >= _TERM:
                break
            if len(term) <= self._longest and not term.endswith("."):
                lower = term.lower()
                if any(beginning in lower for beginning in self._beginnings):
                    found = max(found, self._part(labels.label(term).stems(self._own.stems)) * _TERM)
        return found

    def _part(self, label: Sequence[str]) -> float:
        """The part of a label that the text says."""
        if not label:
            return 0.0
        part = sum(1.0 if stem in self._own else _MEANT if stem in self._meant else 0.0 for stem in label) / len(label)
        begins = len(self._telling) > 1 and list(label[: len(self._telling)]) == self._telling
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
