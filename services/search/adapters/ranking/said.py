"""What the texts of some codes say of what is asked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from .arrays import Flags, Floats, Ints
from .question import LEAST_RARITY, SIDES, Asked, Question
from .texts import DESCRIPTION, PHRASE, TERM, Texts, spread

# A code may have hundreds of phrases; these many rows say enough about it.
_MOST_ROWS = 150
# Stems that say little about what a text is of count less where nobody asked for them.
_LIGHT = (
    *("unspecifi", "other", "specifi", "nec", "not", "elsewher", "classifi", "no", "due"),
    *("of", "the", "and", "or", "in", "with", "to", "a", "by", "for"),
)
_LIGHT_WEIGHT, _UNASKED_WEIGHT = 0.5, 0.6
_OTHER_WEIGHT, _PART_WEIGHT = 0.9, 0.5
_FLAGS = {
    "says_unspecified": ("unspecifi",),
    "says_other": ("other",),
    "says_without": ("without",),
    "says_side": tuple(SIDES.values()),
}


@dataclass(frozen=True)
class Words:
    """All words of the texts of some codes, one after the other: the number of the stem of each, and the row, its kind
    and the code that it is in. A row is a text: of which kind, and of which code."""

    stems: Ints
    row_of: Ints
    code_of: Ints
    kind_of: npt.NDArray[np.int8]
    row_kinds: npt.NDArray[np.int8]
    row_codes: Ints
    codes: int

    @classmethod
    def of(cls, texts: Texts, places: Ints) -> Words:
        begins, ends = texts.rows[places], texts.rows[places + 1]
        rows, code_of_row = spread(begins, np.minimum(ends, begins + _MOST_ROWS))
        at, row_of = spread(texts.ends[rows], texts.ends[rows + 1])
        kinds = texts.kinds[rows]
        return cls(texts.tokens[at], row_of, code_of_row[row_of], kinds[row_of], kinds, code_of_row, len(places))

    @property
    def rows(self) -> int:
        return len(self.row_kinds)

    def codes_with(self, at: npt.NDArray[np.intp]) -> Floats:
        """1 for each code that one of the words at these places is of."""
        found = np.zeros(self.codes, dtype=np.float32)
        found[self.code_of[at]] = 1.0
        return found

    def codes_saying(self, stems: Flags, kind: int) -> Floats:
        """1 for each code that has one of the stems in a text of that kind; `stems` tells of each whether it is one."""
        return self.codes_with(np.flatnonzero(stems[self.stems] & (self.kind_of == kind)))

    def best(self, of_rows: Floats, where: Flags) -> Floats:
        """By code the largest number of its rows."""
        found = np.zeros(self.codes, dtype=np.float32)
        np.maximum.at(found, self.row_codes[where], of_rows[where])
        return found


@dataclass(frozen=True)
class Met:
    """How far a word that is asked for is met, from 0 to 1: by each row, and whether by the code at all and by its
    description."""

    rows: Floats
    codes: Floats
    descriptions: Floats
    places: Sequence[npt.NDArray[np.intp]]


class Sayings:
    """For one index."""

    def __init__(self, texts: Texts) -> None:
        self._texts = texts
        self._weights = texts.rarity * _UNASKED_WEIGHT
        self._weights[texts.known(_LIGHT)] = _LIGHT_WEIGHT * _UNASKED_WEIGHT
        self._flags = {name: self._flag(*stems) for name, stems in _FLAGS.items()}
        self._sides = {stem: (self._flag(stem), self._flag(*(set(SIDES.values()) - {stem}))) for stem in SIDES.values()}
        self._nos = self._flag("nos")

    def _flag(self, *stems: str) -> Flags:
        """For each stem of the texts whether it is one of these."""
        found = np.zeros(len(self._weights), dtype=np.bool_)
        found[self._texts.known(stems)] = True
        return found

    def of(self, question: Question, places: Ints) -> dict[str, Floats]:
        """Numbers by name, one for each of the codes at these places of the index."""
        words = Words.of(self._texts, places)
        met = [_met(words, asked) for asked in question.required]
        asked_for = np.zeros(len(words.stems), dtype=np.bool_)
        for number in question.optional:
            asked_for |= words.stems == number
        for each in met:
            for at in each.places:
                asked_for[at] = True
        unasked = np.where(asked_for, 0.0, self._weights[words.stems]).astype(np.float32)
        return {
            **_fits(words, question, met, unasked),
            **_coverage(words, question, met),
            **self._descriptions(words, question.side, unasked),
            "begins_as_asked": _begins_as_asked(words, asked_for),
        }

    def _descriptions(self, words: Words, side: str, unasked: Floats) -> dict[str, Floats]:
        codes, described = words.codes, words.kind_of == DESCRIPTION
        code_of = words.code_of[described]
        asked = other = np.zeros(codes, dtype=np.float32)
        if side:
            asked, other = (words.codes_saying(stems, DESCRIPTION) for stems in self._sides[side])
        return {
            **{name: words.codes_saying(stems, DESCRIPTION) for name, stems in self._flags.items()},
            "says_nos": words.codes_saying(self._nos, TERM),
            "words_said": np.bincount(code_of, minlength=codes).astype(np.float32),
            "texts": np.bincount(words.row_codes, minlength=codes).astype(np.float32),
            "asked_side": asked,
            "other_side": np.where(asked, 0.0, other),
            "description_unasked": np.bincount(code_of, unasked[described], codes).astype(np.float32),
        }


def _met(words: Words, asked: Asked) -> Met:
    rows = np.zeros(words.rows, dtype=np.float32)
    codes, descriptions = np.zeros(words.codes, dtype=np.float32), np.zeros(words.codes, dtype=np.float32)
    places = []
    for place, parts in enumerate(asked.alternatives):
        if not parts:
            continue
        having = np.zeros(words.rows, dtype=np.float32)
        in_codes, in_descriptions = np.ones(words.codes, np.float32), np.ones(words.codes, np.float32)
        for part in parts:
            at = np.flatnonzero(words.stems == part)
            places.append(at)
            having += _flagged(words.row_of[at], words.rows)
            in_codes *= words.codes_with(at)
            in_descriptions *= words.codes_with(at[words.kind_of[at] == DESCRIPTION])
        whole = 1.0 if place == 0 else _OTHER_WEIGHT
        rows = np.maximum(rows, np.where(having == len(parts), whole, having * (_PART_WEIGHT / len(parts))))
        codes, descriptions = np.maximum(codes, in_codes), np.maximum(descriptions, in_descriptions)
    return Met(rows.astype(np.float32), codes, descriptions, places)


def _fits(words: Words, question: Question, met: Sequence[Met], unasked: Floats) -> dict[str, Floats]:
    """How well texts say what is asked and nothing else, from 0 to 1: the rarity of the words that one has, of that of
    all words asked and, for less, of the words that it has beside them. By the kind of text, the best of each code."""
    has = sum((each.rows * asked.rarity for each, asked in zip(met, question.required, strict=True)), np.float32(0))
    beside = np.bincount(words.row_of, weights=unasked, minlength=words.rows)
    fit = (has / np.maximum(question.rarity + beside, LEAST_RARITY)).astype(np.float32)
    found = {
        name: words.best(fit, words.row_kinds == kind)
        for name, kind in (("description_fit", DESCRIPTION), ("term_fit", TERM), ("phrase_fit", PHRASE))
    }
    best = np.maximum.reduce(list(found.values()))
    return {**found, "best_fit": best, "second_fit": _second(words, fit)}


def _second(words: Words, fit: Floats) -> Floats:
    """Of the text of each code that fits best but one; 0 where there is one only."""
    order = np.lexsort((-fit, words.row_codes))
    first = np.searchsorted(words.row_codes[order], np.arange(words.codes))
    several = np.bincount(words.row_codes, minlength=words.codes) > 1
    found = np.zeros(words.codes, dtype=np.float32)
    found[several] = fit[order][first[several] + 1]
    return found


def _coverage(words: Words, question: Question, met: Sequence[Met]) -> Mapping[str, Floats]:
    """Which of the words asked a code says anywhere: their share by rarity, from 0 to 1, in all of its texts and in its
    description, the rarity of the rarest that it says nowhere, and whether the first and the last one are said."""
    # Of a plan that requires no word nothing is said.
    nothing = [np.zeros(words.codes, dtype=np.float32)]
    said, described = (np.stack(each or nothing) for each in ([m.codes for m in met], [m.descriptions for m in met]))
    rarities = np.array([asked.rarity for asked in question.required] or [0.0], dtype=np.float32)[:, None]
    whole = max(question.rarity, LEAST_RARITY)
    return {
        "said": (said * rarities).sum(axis=0) / whole,
        "described": (described * rarities).sum(axis=0) / whole,
        "unsaid": ((1 - said) * rarities).max(axis=0),
        "first_said": said[0],
        "last_said": said[-1],
        "first_described": described[0],
        "last_described": described[-1],
    }


def _begins_as_asked(words: Words, asked_for: Flags) -> Floats:
    """How many words of the description come before the first one that nobody asked for: a walker with a basket
    is a walker, a basket for a walker is not."""
    lengths = np.bincount(words.row_of, minlength=words.rows)
    begins = np.cumsum(lengths) - lengths
    first = lengths.copy()
    unasked = np.flatnonzero(~asked_for)
    rows = words.row_of[unasked]
    np.minimum.at(first, rows, unasked - begins[rows])
    return words.best(first.astype(np.float32), words.row_kinds == DESCRIPTION)


def _flagged(at: Ints, count: int) -> Floats:
    found = np.zeros(count, dtype=np.float32)
    found[at] = 1.0
    return found
