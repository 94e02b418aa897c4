"""A second opinion on what an engine finds by words: what means the same, and which of the results come first.

Both engines ask it, so that both put the same results first.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np

from services.search.domain.documents import ICD9_SYSTEMS
from services.search.domain.filters import day_number
from services.search.domain.query import Plan, Strictness
from services.search.domain.query_words import Word

from .arrays import Floats, Ints, Vectors
from .features import NAMES, Candidate, Features, Likeness
from .question import Question
from .texts import CodeKey, Stemmer, Texts, spread
from .trees import Trees, shipped
from .word_vectors import WordVectors

# So many results by words are put in order, together with so many codes of like meaning.
WINDOW, ALIKE = 60, 40
# Texts less alike than that are not about the same thing. Of words that no text has, only their pieces mean something.
_LEAST_LIKENESS, _LEAST_OF_PIECES = 0.5, 0.7
_LOOKED_AT = 400
_MOST_ALIKE = 3


@dataclass(frozen=True)
class Alike:
    """A code of like meaning, and which of its texts is the one."""

    key: CodeKey
    text: str


class Opinion:
    """For one index."""

    def __init__(self, texts: Texts, stemmer: Stemmer) -> None:
        self._texts, self._stemmer = texts, stemmer
        self._features = Features(self._texts)
        self._vectors = word_vectors()

    def code(self, place: int) -> CodeKey:
        """The code that was added to the texts at that place, from 0."""
        return self._texts.codes[place]

    def place(self, key: CodeKey) -> int:
        return self._texts.places[key]

    def about(self, plan: Plan) -> PlanOpinion:
        said = " ".join(word.others[0] if word.others else word.text for word in plan.words)
        return PlanOpinion(plan, self._vectors.of([said])[0], self)


class PlanOpinion:
    """On one plan, whose words mean `meaning`."""

    def __init__(self, plan: Plan, meaning: Vectors, opinion: Opinion) -> None:
        self._plan, self._meaning = plan, meaning
        self._opinion, self._texts = opinion, opinion._texts

    def alike(self) -> list[Alike]:
        """At most ALIKE codes, the most alike first. Words meant as they are spelled are like nothing else, and a text
        with a figure in each word is a code that there is not. What is chosen makes no difference: else a facet would
        be counted otherwise once something is chosen in it."""
        words = self._plan.words
        if any(word.as_typed for word in words) or not any(_is_word(word) for word in words):
            return []
        texts = self._texts
        near, likeness = texts.cells.near(self._meaning, _LEAST_LIKENESS if self._known() else _LEAST_OF_PIECES)
        if len(near) > _LOOKED_AT:
            most = np.argpartition(-likeness, _LOOKED_AT)[:_LOOKED_AT]
            near, likeness = near[most], likeness[most]
        found: dict[int, int] = {}
        for vector in near[np.lexsort((near, -likeness))]:
            found.setdefault(int(texts.vector_codes[vector]), int(vector))
            if len(found) == ALIKE:
                break
        return [Alike(texts.codes[code], texts.said(vector)) for code, vector in found.items()]

    def _known(self) -> bool:
        """Whether any text has one of the words, or what one of them stands for."""
        asked = (text for word in self._plan.words for text in (word.text, *word.others))
        numbers = ([self._texts.number(stem) for stem in self._opinion._stemmer.analyze(text)] for text in asked)
        return any(each and min(each) >= 0 for each in numbers)

    def order(
        self, candidates: Sequence[Candidate], strictness: Strictness, read_as: Sequence[Sequence[str]]
    ) -> list[int]:
        """Places of the candidates, best first. They are given as the engine orders them, those found by their
        meaning alone last; `read_as` has the words that each word of the plan is read as."""
        if not candidates:
            return []
        places = self._texts.places_of(each.key for each in candidates)
        features = self._features(candidates, places, strictness, read_as)
        order = np.argsort(-trees().scores(features), kind="stable").tolist()
        kinds = self._opinion._features.kinds(candidates, places)
        order = self._favored_kept(_within(kinds, order), candidates)
        return self._in_force_first(order, candidates, features[:, NAMES.index("said")])

    def _favored_kept(self, order: Sequence[int], candidates: Sequence[Candidate]) -> list[int]:
        """The order, where the engine's choice between systems stays: nobody learned from procedures, because the
        phrases of the index name diagnoses."""
        favored = [each.key.system in self._plan.favored for each in candidates]
        left = {flag: iter([place for place in order if favored[place] is flag]) for flag in (True, False)}
        return [next(left[flag]) for flag in favored]

    def _in_force_first(self, order: list[int], candidates: Sequence[Candidate], said: Floats) -> list[int]:
        """The order, where a code that has ended comes behind all in force that say as much of what is asked: who asks
        for a drug wants the code of today, and temporary codes say the same. Of ICD-9-CM nothing is in force."""
        day = self._plan.filters.day
        today = day_number(day) if day else 0
        ended = [each.ends < today and each.key.system not in ICD9_SYSTEMS for each in candidates]
        if not any(ended):
            return order
        in_force = [(rank, said[place]) for rank, place in enumerate(order) if not ended[place]]
        ranks = {place: (rank, 0) for rank, place in enumerate(order)}
        for rank, place in enumerate(order):
            if ended[place]:
                ranks[place] = max([rank, *(other for other, says in in_force if says >= said[place])]), 1
        return sorted(order, key=ranks.__getitem__)

    def features(
        self, candidates: Sequence[Candidate], strictness: Strictness, read_as: Sequence[Sequence[str]]
    ) -> Floats:
        places = self._texts.places_of(each.key for each in candidates)
        return self._features(candidates, places, strictness, read_as)

    def _features(
        self, candidates: Sequence[Candidate], places: Ints, strictness: Strictness, read_as: Sequence[Sequence[str]]
    ) -> Floats:
        question = Question(self._plan, strictness, read_as, self._texts, self._opinion._stemmer)
        return self._opinion._features.of(question, candidates, places, self._of_codes(places))

    def _of_codes(self, places: Ints) -> Likeness:
        texts = self._texts
        owners = texts.owners[places]
        vectors, of = spread(texts.vector_rows[owners], texts.vector_rows[owners + 1])
        # A quarter of the time that an index in brackets takes.
        cosines = texts.cells.vectors.take(texts.vector_places[vectors], axis=0) @ self._meaning
        return likeness(cosines, of, len(places))


def _is_word(word: Word) -> bool:
    return bool(word.others) or any(part.isalpha() for part in word.text.split())


def likeness(cosines: Floats, of: Ints, codes: int) -> Likeness:
    """Of the codes, by the cosines of their texts; `of` tells the code of each, in order, the description first."""
    best, description, three = (np.zeros(codes, dtype=np.float32) for _ in range(3))
    first, count = np.searchsorted(of, np.arange(codes)), np.bincount(of, minlength=codes)
    having = np.flatnonzero(count)
    description[having] = cosines[first[having]]
    falling = cosines[np.lexsort((-cosines, of))]
    best[having] = falling[first[having]]
    for place in range(_MOST_ALIKE):
        # Where there are fewer, the last one stands for those that are missing.
        three[having] += falling[first[having] + np.minimum(place, count[having] - 1)] / _MOST_ALIKE
    return Likeness(best, description, three)


def _within(kinds: Sequence[Hashable], order: Sequence[int]) -> list[int]:
    """The order, where results of one kind stand among themselves as the engine has them: which side and encounter
    comes first is a rule, and no phrase of the index tells it."""
    places: dict[Hashable, list[int]] = {}
    for place, kind in enumerate(kinds):
        places.setdefault(kind, []).append(place)
    as_engine = {kind: iter(each) for kind, each in places.items()}
    return [next(as_engine[kinds[place]]) for place in order]


@cache
def word_vectors() -> WordVectors:
    return WordVectors()


@cache
def trees() -> Trees:
    """Read when they are first asked, so that new ones can be learned when the features have changed."""
    return shipped(NAMES)
