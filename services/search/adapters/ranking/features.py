"""What is known about a result beside the engine's score, as one row of numbers a result.

The order of `NAMES` is that of the columns; trees.json was fitted to it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from .arrays import Floats, Ints
from .question import SIDES, Question
from .said import Sayings
from .texts import CodeKey, Texts

NAMES = (
    "score",
    "score_per_rarity",
    "place",
    "description_fit",
    "term_fit",
    "phrase_fit",
    "best_fit",
    "second_fit",
    "said",
    "described",
    "unsaid",
    "first_said",
    "last_said",
    "first_described",
    "last_described",
    "begins_as_asked",
    "description_unasked",
    "likeness",
    "description_likeness",
    "three_likeness",
    "says_unspecified",
    "says_other",
    "says_without",
    "says_nos",
    "says_side",
    "asked_side",
    "other_side",
    "billable",
    "code_length",
    "ends_in_9",
    "icd10cm",
    "above_another",
    "beneath_another",
    "asks_other",
    "asks_specified",
    "asks_unspecified",
    "asks_without",
    "words_asked",
    "words_said",
    "texts",
    "strictness",
    "rarity_asked",
    "behind_category",
    "behind_best_fit",
    "behind_likeness",
    "category_by_place",
    "category_by_likeness",
    "category_said",
    "category_size",
)
# Results that only the meaning found stand behind all that words found.
UNPLACED = 150
_NEAR_TOP = 50
# Stems by which descriptions tell a side or an encounter.
_CHOICES = (*SIDES.values(), "unspecifi", "side", "initi", "subsequ", "sequela", "encount")
_CATEGORY = 3
Kind = tuple[str, str, frozenset[int]]


class Candidate(NamedTuple):
    """A result of an engine with its score by words; `score` 0 if only its meaning was found. `ends` is its last day,
    by `day_number`."""

    key: CodeKey
    score: float
    billable: bool
    ends: int


class Likeness(NamedTuple):
    """How alike codes are to what is asked, as cosines: the text that is most so, the description, and the mean of the
    three texts that are most so."""

    best: Floats
    description: Floats
    three: Floats


class Features:
    """For one index."""

    def __init__(self, texts: Texts) -> None:
        self._texts = texts
        self._sayings = Sayings(texts)
        self._choices = frozenset(texts.known(_CHOICES))

    def of(self, question: Question, candidates: Sequence[Candidate], places: Ints, likeness: Likeness) -> Floats:
        """One row a candidate, in their order: those found by words first, best first. So are `places`, those of their
        codes in the texts, and `likeness`."""
        scores = np.array([each.score for each in candidates], dtype=np.float32)
        found: dict[str, Any] = {
            **self._sayings.of(question, places),
            **_codes_of(candidates),
            "score": scores,
            "score_per_rarity": scores / (question.rarity + 1),
            "place": np.where(scores > 0, np.arange(len(candidates)), UNPLACED),
            "likeness": likeness.best,
            "description_likeness": likeness.description,
            "three_likeness": likeness.three,
            "asks_other": float("nec" in question.typed),
            "asks_specified": float("specified" in question.typed),
            "asks_unspecified": float("unspecified" in question.typed),
            "asks_without": float("without" in question.meant),
            "words_asked": float(len(question.typed)),
            "strictness": float(question.strictness),
            "rarity_asked": question.rarity,
        }
        found |= _compared(found, [f"{each.key.system}{each.key.code[:_CATEGORY]}" for each in candidates])
        table = np.empty((len(candidates), len(NAMES)), dtype=np.float32)
        for column, name in enumerate(NAMES):
            table[:, column] = found[name]
        return table

    def kinds(self, candidates: Sequence[Candidate], places: Ints) -> list[Kind]:
        """Results of one kind differ in nothing but the side and the encounter."""
        texts, found = self._texts, []
        rows = texts.rows[texts.owners[places]]
        begins, ends = texts.ends[rows].tolist(), texts.ends[rows + 1].tolist()
        for (key, *_), begin, end in zip(candidates, begins, ends, strict=True):
            said = frozenset(texts.tokens[begin:end].tolist()) - self._choices
            found.append((key.system, key.code[:_CATEGORY], said))
        return found


def _codes_of(candidates: Sequence[Candidate]) -> dict[str, list[float]]:
    codes = [each.key.code for each in candidates]
    above, beneath = _related([each.key for each in candidates])
    return {
        "billable": [float(each.billable) for each in candidates],
        "code_length": [float(len(code)) for code in codes],
        "ends_in_9": [float(code.endswith("9")) for code in codes],
        "icd10cm": [float(each.key.system == "icd10cm") for each in candidates],
        "above_another": above,
        "beneath_another": beneath,
    }


def _related(keys: Sequence[CodeKey]) -> tuple[list[float], list[float]]:
    """Which codes stand above, and which beneath, one of the first."""
    # Plain tuples, which are equal to keys and made in a fraction of the time.
    above = {(system, code[:length]) for system, code in keys[:_NEAR_TOP] for length in range(_CATEGORY, len(code))}
    top = set(keys[:_NEAR_TOP])
    return (
        [float(key in above) for key in keys],
        [float(any((system, code[:length]) in top for length in range(_CATEGORY, len(code)))) for system, code in keys],
    )


def _compared(found: Mapping[str, Any], categories: Sequence[str]) -> dict[str, Floats]:
    """Columns that set a result beside the others."""
    numbers: dict[str, int] = {}
    group = np.array([numbers.setdefault(each, len(numbers)) for each in categories])
    scores, likeness, fit, said = (np.asarray(found[name]) for name in ("score", "likeness", "best_fit", "said"))
    by_likeness = np.empty(len(likeness), dtype=np.float32)
    by_likeness[np.argsort(-likeness, kind="stable")] = np.arange(len(likeness))
    return {
        "behind_category": _best(scores, group) - scores,
        "behind_best_fit": fit - fit.max(),
        "behind_likeness": likeness - likeness.max(),
        "category_by_place": _votes(np.asarray(found["place"]), group),
        "category_by_likeness": _votes(by_likeness, group),
        "category_said": _best(said, group),
        "category_size": np.bincount(group)[group].astype(np.float32),
    }


def _best(numbers: Floats, group: np.ndarray) -> Floats:
    """For each the largest number of its group."""
    best = np.zeros(group.max() + 1, dtype=np.float32)
    np.maximum.at(best, group, numbers)
    return np.asarray(best[group])


def _votes(places: Floats, group: np.ndarray) -> Floats:
    """How much of the best places a category has, of that which has most."""
    votes = np.bincount(group, weights=1 / (3 + places))
    return np.asarray(votes[group] / votes.max(), dtype=np.float32)
