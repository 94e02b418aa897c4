"""What is known about a result beside the engine's score, as one row of numbers a result.

The order of `NAMES` is that of the columns; trees.json was fitted to it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from services.search.domain.query import Plan, Strictness
from services.search.domain.query_words import Word

from .texts import DESCRIPTION, PHRASE, TERM, CodeKey, Floats, Ints, Stemmer, Texts, spread

NAMES = (
    "score",
    "score_per_rarity",
    "place",
    "description_fit",
    "term_fit",
    "phrase_fit",
    "best_fit",
    "likeness",
    "says_unspecified",
    "says_other",
    "says_without",
    "says_not_specified",
    "says_elsewhere",
    "says_nos",
    "billable",
    "code_length",
    "ends_in_9",
    "ends_in_8",
    "ends_in_0",
    "icd10cm",
    "favored",
    "above_another",
    "beneath_another",
    "asks_other",
    "asks_specified",
    "asks_unspecified",
    "words_asked",
    "words_said",
    "texts",
    "strictness",
    "behind_category",
    "rarity_asked",
    "says_side",
    "says_congenital",
    "behind_best_fit",
    "behind_likeness",
    "category_by_place",
    "category_by_likeness",
)
# Results that only the meaning found stand behind all that words found.
UNPLACED = 150
# A code may have hundreds of phrases; these many rows say enough about it.
_MOST_ROWS = 150
# Stems that say little about what a text is of count less where nobody asked for them.
_LIGHT = (
    *("unspecifi", "other", "specifi", "nec", "not", "elsewher", "classifi", "no", "due"),
    *("of", "the", "and", "or", "in", "with", "to", "a", "by", "for"),
)
_LIGHT_WEIGHT, _UNASKED_WEIGHT = 0.5, 0.6
_UNKNOWN_RARITY, _LEAST_RARITY = 12.0, 0.1
_OTHER_WEIGHT, _PART_WEIGHT = 0.9, 0.5
_NEAR_TOP = 50
_FLAGS = {
    "says_unspecified": ("unspecifi",),
    "says_other": ("other",),
    "says_without": ("without",),
    "says_elsewhere": ("elsewher",),
    "says_side": ("left", "right", "bilater"),
    "says_congenital": ("congenit",),
}
# Stems by which descriptions tell a side or an encounter.
_CHOICES = ("left", "right", "bilater", "unspecifi", "side", "initi", "subsequ", "sequela", "encount")
_CATEGORY = 3
Kind = tuple[str, str, frozenset[int]]


class Candidate(NamedTuple):
    """A result of an engine with its score by words; `score` 0 if only its meaning was found."""

    key: CodeKey
    score: float
    billable: bool


@dataclass(frozen=True)
class _Asked:
    """A required word: its alternatives as numbers of stems, the first one as typed."""

    alternatives: Sequence[Sequence[int]]
    rarity: float


class Question:
    """The words of a plan as numbers of stems. `read_as` are the words that misspelt ones are read as."""

    def __init__(
        self, plan: Plan, strictness: Strictness, read_as: Sequence[Sequence[str]], texts: Texts, stemmer: Stemmer
    ) -> None:
        self.strictness = strictness
        self.favored = plan.favored
        self.typed = frozenset(part for word in plan.words for part in word.text.split())
        self._texts, self._stemmer = texts, stemmer
        self.required: list[_Asked] = []
        self.optional: list[int] = []
        for word, near in zip(plan.words, read_as, strict=True):
            alternatives = [self._numbers(text) for text in (word.text, *word.others, *near)]
            if word.required:
                self.required.append(_Asked([*alternatives, *self._longer(word)], self._rarity(alternatives[0])))
            else:
                self.optional += [number for numbers in alternatives for number in numbers]
        self.rarity = sum(asked.rarity for asked in self.required)

    def _numbers(self, text: str) -> list[int]:
        return [self._texts.number(stem) for stem in self._stemmer.analyze(text)]

    def _longer(self, word: Word) -> list[list[int]]:
        """What a word that is still being typed may become, where it is none yet."""
        if not word.prefix or self._texts.number(word.text) >= 0 or any(each >= 0 for each in self._numbers(word.text)):
            return []
        return [[number] for number in self._texts.numbers_from(word.text)[:20]]

    def _rarity(self, numbers: Sequence[int]) -> float:
        rarities = [float(self._texts.rarity[each]) if each >= 0 else _UNKNOWN_RARITY for each in numbers]
        return max(_LEAST_RARITY, sum(rarities) / len(rarities)) if rarities else _LEAST_RARITY


class Features:
    """For one index."""

    def __init__(self, texts: Texts) -> None:
        self._texts = texts
        self._weights = texts.rarity * _UNASKED_WEIGHT
        light = [number for stem in _LIGHT if (number := texts.number(stem)) >= 0]
        self._weights[light] = _LIGHT_WEIGHT * _UNASKED_WEIGHT
        self._flags = {
            name: [number for stem in stems if (number := texts.number(stem)) >= 0] for name, stems in _FLAGS.items()
        }
        self._not_specified = [texts.number("not"), texts.number("specifi")]
        self._nos = texts.number("nos")
        self._choices = frozenset(texts.number(stem) for stem in _CHOICES)

    def of(self, question: Question, candidates: Sequence[Candidate], likeness: Floats) -> Floats:
        """One row a candidate, in their order: those found by words first, best first. So is `likeness`."""
        places = np.array([self._texts.places[each.key] for each in candidates], dtype=np.int32)
        scores = np.array([each.score for each in candidates], dtype=np.float32)
        found: dict[str, Any] = {
            **self._texts_of(question, places),
            **_codes_of(candidates),
            "score": scores,
            "score_per_rarity": scores / (question.rarity + 1),
            "place": np.where(scores > 0, np.arange(len(candidates)), UNPLACED),
            "likeness": likeness,
            "favored": [float(each.key.system in question.favored) for each in candidates],
            "asks_other": float("nec" in question.typed),
            "asks_specified": float("specified" in question.typed),
            "asks_unspecified": float("unspecified" in question.typed),
            "words_asked": float(len(question.typed)),
            "strictness": float(question.strictness),
            "rarity_asked": question.rarity,
        }
        found |= _compared(found, [f"{each.key.system}{each.key.code[:_CATEGORY]}" for each in candidates])
        columns = [np.broadcast_to(np.asarray(found[name], dtype=np.float32), len(candidates)) for name in NAMES]
        return np.stack(columns, axis=1)

    def kinds(self, candidates: Sequence[Candidate]) -> list[Kind]:
        """Results of one kind differ in nothing but the side and the encounter."""
        texts, found = self._texts, []
        for candidate in candidates:
            row = texts.rows[texts.owners[texts.places[candidate.key]]]
            said = texts.tokens[texts.ends[row] : texts.ends[row + 1]].tolist()
            found.append((candidate.key.system, candidate.key.code[:_CATEGORY], frozenset(said) - self._choices))
        return found

    def _texts_of(self, question: Question, places: Ints) -> dict[str, Floats]:
        texts = self._texts
        begins, ends = texts.rows[places], texts.rows[places + 1]
        rows, code_of = spread(begins, np.minimum(ends, begins + _MOST_ROWS))
        at, row_of = spread(texts.ends[rows], texts.ends[rows + 1])
        tokens = texts.tokens[at]
        fit = self._fit(question, tokens, row_of, len(rows))
        kinds = texts.kinds[rows]
        found = {
            name: _best(fit, code_of, kinds == kind, len(places))
            for name, kind in (("description_fit", DESCRIPTION), ("term_fit", TERM), ("phrase_fit", PHRASE))
        }
        found["best_fit"] = np.maximum.reduce(list(found.values()))
        described = kinds[row_of] == DESCRIPTION
        code_of_token = code_of[row_of]

        def saying(numbers: Sequence[int], where: np.ndarray) -> Floats:
            return _holding(np.isin(tokens, numbers) & where, code_of_token, len(places))

        found |= {name: saying(numbers, described) for name, numbers in self._flags.items()}
        found["says_not_specified"] = np.minimum(*(saying([number], described) for number in self._not_specified))
        found["says_nos"] = saying([self._nos], kinds[row_of] == TERM)
        found["words_said"] = np.bincount(code_of_token[described], minlength=len(places)).astype(np.float32)
        found["texts"] = (ends - begins).astype(np.float32)
        return found

    def _fit(self, question: Question, tokens: Ints, row_of: Ints, rows: int) -> Floats:
        """How well each text says what is asked and nothing else, from 0 to 1: the rarity of the words that it has, of
        that of all words asked and, for less, of the words that it has beside them."""
        met = np.zeros(rows, dtype=np.float32)
        asked_for = np.isin(tokens, question.optional)
        for asked in question.required:
            best = np.zeros(rows, dtype=np.float32)
            for place, parts in enumerate(asked.alternatives):
                if not parts:
                    continue
                weight = 1.0 if place == 0 else _OTHER_WEIGHT
                having = np.zeros(rows, dtype=np.float32)
                for part in parts:
                    same = tokens == part
                    asked_for |= same
                    having += _holding(same, row_of, rows)
                whole = having == len(parts)
                best = np.maximum(best, np.where(whole, weight, having * (_PART_WEIGHT / len(parts))))
            met += best * asked.rarity
        unasked = np.bincount(row_of, weights=np.where(asked_for, 0.0, self._weights[tokens]), minlength=rows)
        return (met / np.maximum(question.rarity + unasked, _LEAST_RARITY)).astype(np.float32)


def _best(fit: Floats, code_of: Ints, where: np.ndarray, codes: int) -> Floats:
    found = np.zeros(codes, dtype=np.float32)
    np.maximum.at(found, code_of[where], fit[where])
    return found


def _holding(flags: np.ndarray, of: Ints, count: int) -> Floats:
    found = np.zeros(count, dtype=np.float32)
    found[of[flags]] = 1.0
    return found


def _codes_of(candidates: Sequence[Candidate]) -> dict[str, list[float]]:
    codes = [each.key.code for each in candidates]
    above, beneath = _related([each.key for each in candidates])
    return {
        "billable": [float(each.billable) for each in candidates],
        "code_length": [float(len(code)) for code in codes],
        "ends_in_9": [float(code.endswith("9")) for code in codes],
        "ends_in_8": [float(code.endswith("8")) for code in codes],
        "ends_in_0": [float(code.endswith("0")) for code in codes],
        "icd10cm": [float(each.key.system == "icd10cm") for each in candidates],
        "above_another": above,
        "beneath_another": beneath,
    }


def _related(keys: Sequence[CodeKey]) -> tuple[list[float], list[float]]:
    """Which codes stand above, and which beneath, one of the first."""
    first = sorted(keys[:_NEAR_TOP])
    above = {(key.system, key.code[:length]) for key in first for length in range(_CATEGORY, len(key.code))}
    top = set(first)
    return (
        [float((key.system, key.code) in above) for key in keys],
        [
            float(any(CodeKey(key.system, key.code[:length]) in top for length in range(_CATEGORY, len(key.code))))
            for key in keys
        ],
    )


def _compared(found: Mapping[str, Any], categories: Sequence[str]) -> dict[str, Floats]:
    """Columns that set a result beside the others."""
    _, group = np.unique(categories, return_inverse=True)
    scores, likeness, fit = (np.asarray(found[name]) for name in ("score", "likeness", "best_fit"))
    best = np.zeros(group.max() + 1, dtype=np.float32)
    np.maximum.at(best, group, scores)
    by_likeness = np.empty(len(likeness), dtype=np.float32)
    by_likeness[np.argsort(-likeness, kind="stable")] = np.arange(len(likeness))
    return {
        "behind_category": best[group] - scores,
        "behind_best_fit": fit - fit.max(),
        "behind_likeness": likeness - likeness.max(),
        "category_by_place": _votes(np.asarray(found["place"]), group),
        "category_by_likeness": _votes(by_likeness, group),
    }


def _votes(places: Floats, group: np.ndarray) -> Floats:
    """How much of the best places a category has, of that which has most."""
    votes = np.bincount(group, weights=1 / (3 + places))
    return np.asarray(votes[group] / votes.max(), dtype=np.float32)
