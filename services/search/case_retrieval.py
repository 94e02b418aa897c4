"""Asking the index what the phrases of one note may be coded by.

Nothing outlives the note: what was asked is remembered for as long as its look-up lasts, so that a phrase that stands
in it twice is asked once.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date

from services.common.errors import Unavailable

from .domain.documents import Hit
from .domain.filters import Filters
from .domain.notes import fit
from .domain.notes.choice import Phrase, choose, fits
from .domain.notes.cues import Cues
from .domain.notes.fit import Ranked
from .domain.notes.phrases import MAX_PARTS, Stretch
from .domain.query import Plan, understand
from .domain.spelling import Spelled
from .ports import EngineError, SearchIndex

# How many results of a phrase are looked at: the best fitting one need not be the first.
DEPTH = 30
MOST_OF_A_FAMILY = 100
# How many questions are one turn at the engine: others wait for a turn no longer than these take.
AT_ONCE = 8
DIAGNOSES = "icd10cm"
# Ends a phrase, so that its last word is a whole word and not one that is still being typed.
_END = " ."

Words = frozenset[str]


@dataclass(frozen=True, slots=True)
class Among:
    """Which codes a phrase may have: those of a system; `harm`: the sentence says that a substance did harm."""

    system: str
    harm: bool


class Retrieval:
    """Answers about one note. Raises Unavailable where the engine fails."""

    def __init__(self, index: SearchIndex, cues: Cues, on: date | None) -> None:
        self._index, self._cues, self._on = index, cues, on
        self._hits: dict[tuple[Plan, int], Sequence[Hit]] = {}
        self._phrases: dict[tuple[tuple[str, ...], Among], Sequence[Phrase]] = {}

    async def phrases(self, stretch: Stretch, among: Among) -> Sequence[Phrase]:
        """The phrases of a stretch that codes fit, none over another, in order."""
        key = tuple(part.text for part in stretch.parts), among
        if key not in self._phrases:
            covered = await self._covered(stretch, among)
            self._phrases[key] = choose(len(stretch.parts), covered)
        return self._phrases[key]

    async def _covered(self, stretch: Stretch, among: Among) -> dict[Phrase, float]:
        """The phrases that codes fit, with what they say of the best label.

        A phrase is only asked for if both phrases that are one part shorter have been found: all its words must stand
        with one code, so that theirs do, too.
        """
        found: set[Phrase] = set()
        covered: dict[Phrase, float] = {}
        for length in range(1, min(MAX_PARTS, len(stretch.parts)) + 1):
            asked = [phrase for phrase in _of_length(stretch, length) if length == 1 or _shorter(phrase) <= found]
            telling = [phrase for phrase in asked if stretch.telling(*phrase)]
            # Qualifiers alone name nothing, and may be part of what does.
            found.update(phrase for phrase in asked if not stretch.telling(*phrase))
            said = [stretch.text(*phrase) for phrase in telling]
            plans = [self._plan(text, among.system) for text in said]
            for phrase, text, plan, hits in zip(telling, said, plans, await self._ask(plans, DEPTH), strict=True):
                if hits:
                    found.add(phrase)
                    fitting = self._fitting(plan, text, among, hits)
                    if fits(fitting, stretch.telling(*phrase)):
                        covered[phrase] = fitting
            if not found:
                break
        return covered

    async def candidates(self, phrase: str, around: Words, among: Among) -> Sequence[Ranked]:
        """The codes whose labels have all words of the phrase, best first. `around` are words of the text beside it,
        which only rank."""
        plan = self._plan(phrase, among.system)
        beside = understand(" ".join(sorted(around)) + _END).words if around else ()
        known = {word.text for word in plan.words}
        further = tuple(replace(word, required=False) for word in beside if word.text not in known)
        (hits,) = await self._ask([replace(plan, words=(*plan.words, *further))], DEPTH)
        weighed = fit.Phrase(phrase, around, _meanings(plan))
        if among.system != DIAGNOSES:
            return fit.rank_things(weighed, hits)
        return fit.rank(weighed, self._allowed(hits, among))

    async def family(self, beginning: str) -> Sequence[Hit]:
        """The codes of ICD-10-CM that begin so, in code order, at most a hundred."""
        (hits,) = await self._ask([Plan(prefix=beginning, filters=self._among(DIAGNOSES))], MOST_OF_A_FAMILY)
        return hits

    async def code(self, code: str) -> Hit | None:
        """The code of ICD-10-CM, if there is one."""
        (hits,) = await self._ask([Plan(codes=(Spelled(code, code),), filters=self._among(DIAGNOSES))], 1)
        return hits[0] if hits else None

    def _plan(self, text: str, system: str) -> Plan:
        # What is open is preferred by the fit, which sees the labels.
        return replace(understand(text + _END, self._among(system)), preferred=())

    def _among(self, system: str) -> Filters:
        return Filters(system=system, on=self._on)

    def _fitting(self, plan: Plan, text: str, among: Among, hits: Sequence[Hit]) -> float:
        weighed = fit.Phrase(text, meanings=_meanings(plan))
        if among.system != DIAGNOSES:
            return max((one.fit.covered for one in fit.rank_things(weighed, hits)), default=0.0)
        return fit.covers(weighed, self._allowed(hits, among))

    def _allowed(self, hits: Sequence[Hit], among: Among) -> Sequence[Hit]:
        return [hit for hit in hits if self._cues.allow(hit, harm=among.harm)]

    async def _ask(self, plans: Sequence[Plan], limit: int) -> Sequence[Sequence[Hit]]:
        """The hits for each plan; what this note has asked before is not asked again."""
        new = [plan for plan in dict.fromkeys(plans) if not plan.empty and (plan, limit) not in self._hits]
        for begin in range(0, len(new), AT_ONCE):
            together = new[begin : begin + AT_ONCE]
            try:
                answers = await self._index.matching(together, limit=limit)
            except EngineError as error:
                raise Unavailable("the search engine cannot answer now", reason="ENGINE_UNAVAILABLE") from error
            self._hits.update({(plan, limit): hits for plan, hits in zip(together, answers, strict=True)})
        return [self._hits.get((plan, limit), ()) for plan in plans]


def _meanings(plan: Plan) -> tuple[str, ...]:
    """What its words stand for, as the vocabulary has it."""
    return tuple(meaning for word in plan.words for meaning in word.others)


def _of_length(stretch: Stretch, length: int) -> Sequence[Phrase]:
    return [(begin, begin + length) for begin in range(len(stretch.parts) - length + 1)]


def _shorter(phrase: Phrase) -> set[Phrase]:
    begin, end = phrase
    return {(begin, end - 1), (begin + 1, end)}
