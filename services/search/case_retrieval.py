"""Asking the index what the phrases of one note may be coded by.

Nothing outlives the note: what was asked is remembered for as long as its look-up lasts, so that a phrase that stands
in it twice is asked once.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import date

from services.common.errors import Unavailable

from .domain.documents import Hit
from .domain.notes.choice import Phrase, choose, fits
from .domain.notes.cues import Cues
from .domain.notes.fit import Ranked, rank, rank_things
from .domain.notes.phrases import MAX_PARTS, Stretch
from .domain.query import Plan, Strictness, understand
from .domain.spelling import Spelled
from .ports import EngineError, SearchIndex

# How many results of a phrase are looked at: the best fitting one need not be the first.
DEPTH = 30
MOST_OF_A_FAMILY = 100
# How many questions of one note wait at the engine at the same moment, so that it does not take all turns.
AT_ONCE = 8
# Ends a phrase, so that its last word is a whole word and not one that is still being typed.
_END = " ."

Words = frozenset[str]


class Retrieval:
    """Answers about one note. Raises Unavailable where the engine fails."""

    def __init__(self, index: SearchIndex, cues: Cues, on: date | None) -> None:
        self._index, self._cues, self._on = index, cues, on
        self._known: dict[Plan, asyncio.Task[Sequence[Hit]]] = {}
        self._turns = asyncio.Semaphore(AT_ONCE)

    async def phrases(self, stretch: Stretch, system: str, words: Words) -> Sequence[Phrase]:
        """The phrases of a stretch that codes fit, none over another, in order.

        A phrase is only asked for if both phrases that are one part shorter have been found: all its words must stand
        with one code, so that theirs do, too.
        """
        found: set[Phrase] = set()
        covered: dict[Phrase, float] = {}
        for length in range(1, min(MAX_PARTS, len(stretch.parts)) + 1):
            asked = [phrase for phrase in _of_length(stretch, length) if length == 1 or _shorter(phrase) <= found]
            answers = await asyncio.gather(*(self._covered(stretch, phrase, system, words) for phrase in asked))
            for phrase, fitting in zip(asked, answers, strict=True):
                if fitting is not None:
                    found.add(phrase)
                    if fits(fitting, stretch.telling(*phrase)):
                        covered[phrase] = fitting
        return choose(len(stretch.parts), covered)

    async def candidates(self, phrase: str, around: Words, system: str, words: Words) -> Sequence[Ranked]:
        """The codes whose labels have all words of the phrase, best first. `around` are words of the text beside it,
        which only rank."""
        # What is open is preferred by the fit, which sees the labels.
        plan = replace(understand(phrase + _END, system=system, on=self._on), preferred=())
        beside = understand(" ".join(sorted(around)) + _END).words if around else ()
        known = {word.text for word in plan.words}
        further = tuple(replace(word, required=False) for word in beside if word.text not in known)
        hits = await self._ask(replace(plan, words=(*plan.words, *further)))
        if system != "icd10cm":
            return rank_things(phrase, hits)
        return rank(phrase, [hit for hit in hits if self._cues.allow(hit, words)], around)

    async def family(self, beginning: str) -> Sequence[Hit]:
        """The codes of ICD-10-CM that begin so, in code order, at most a hundred."""
        return await self._ask(Plan(prefix=beginning, system="icd10cm", on=self._on), MOST_OF_A_FAMILY)

    async def code(self, code: str) -> Hit | None:
        found = await self._ask(Plan(codes=(Spelled(code, code),), system="icd10cm", on=self._on), 1)
        return found[0] if found else None

    async def _covered(self, stretch: Stretch, phrase: Phrase, system: str, words: Words) -> float | None:
        """What the phrase covers of the label that it fits best, None if no code has all its words."""
        if not stretch.telling(*phrase):
            return 0.0
        ranked = await self.candidates(stretch.text(*phrase), frozenset(), system, words)
        return max((one.fit.covered for one in ranked), default=None)

    async def _ask(self, plan: Plan, limit: int = DEPTH) -> Sequence[Hit]:
        if plan.empty:
            return ()
        if plan not in self._known:
            self._known[plan] = asyncio.ensure_future(self._search(plan, limit))
        return await self._known[plan]

    async def _search(self, plan: Plan, limit: int) -> Sequence[Hit]:
        async with self._turns:
            try:
                return (await self._index.search(plan, (Strictness.ALL,), offset=0, limit=limit)).hits
            except EngineError as error:
                raise Unavailable("the search engine cannot answer now", reason="ENGINE_UNAVAILABLE") from error


def _of_length(stretch: Stretch, length: int) -> Sequence[Phrase]:
    return [(begin, begin + length) for begin in range(len(stretch.parts) - length + 1)]


def _shorter(phrase: Phrase) -> set[Phrase]:
    begin, end = phrase
    return {(begin, end - 1), (begin + 1, end)}
