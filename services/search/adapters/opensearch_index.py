"""Answers plans from one index of a cluster (see ports.SearchIndex)."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, NamedTuple

from services.search.domain.completions import foremost
from services.search.domain.documents import Equivalent, FoundWord, Hit, MatchKind, Span
from services.search.domain.filters import day_number, standing
from services.search.domain.query import Plan, Strictness
from services.search.ports import EngineError, Found

from .opensearch_engine import Engine, understood
from .opensearch_filters import everywhere, facet_counts
from .opensearch_kept import Kept
from .opensearch_query import Compiler, alike_alone, found_by_code, kind_of
from .opensearch_ranked import Placed, RankedPage
from .tantivy_matches import Matches

# Suggestions are looked for deeper than asked, because codes beneath others, and those that have ended, come last.
_SUGGEST_DEPTH = 6


class _Answered(NamedTuple):
    """What was answered to the attempt that found enough, or to the last one. `complete` results match all words."""

    strictness: Strictness
    answer: Any
    complete: int


class OpenSearchIndex:
    """`name` is the index in the cluster, `kept` what it keeps beside its codes; `closed` is called once when it is let
    go of."""

    def __init__(
        self,
        engine: Engine,
        name: str,
        release: str,
        documents: int,
        kept: Kept,
        closed: Callable[[], Awaitable[None]],
    ) -> None:
        self.name, self.release, self.documents = name, release, documents
        self._engine, self._known, self._opinion, self._closed = engine, kept.words, kept.opinion, closed
        self._compiler = Compiler(kept.words)

    async def search(self, plan: Plan, attempts: Sequence[Strictness], *, offset: int, limit: int) -> Found:
        """Most questions need the first attempt only, the others are asked together; of results that are put in order
        here, the documents of the page are read afterwards. So it takes one to three requests."""
        asked = self._compiler.worth_asking(plan, tuple(attempts))
        complete = await self._complete(plan, asked)
        if plan.names_codes or not plan.words:
            found = await self._first_enough(
                plan, asked, complete, lambda each: self._compiler.search_body(plan, each, offset, limit)
            )
            with understood():
                if not plan.words or found_by_code(found.answer["aggregations"]):
                    return self._found(plan, found, self._hits(plan, found))
            asked, complete = (found.strictness,), found.complete
        return await self._by_words(plan, asked, complete, offset, limit)

    async def _by_words(self, plan: Plan, asked: Sequence[Strictness], complete: int, offset: int, limit: int) -> Found:
        """What means the same counts as a result, too."""
        page = await asyncio.to_thread(RankedPage.of, self._opinion, plan, offset, limit)
        found = await self._first_enough(
            plan,
            asked,
            complete,
            lambda each: self._compiler.window_body(plan, each, page.alike, page.begin, page.size),
        )
        read_as = [self._known.corrections.near(word, found.strictness) for word in plan.words]
        with understood():
            hits = found.answer["hits"]["hits"]
            placed = await asyncio.to_thread(page.placed, hits, found.strictness, read_as)
        return self._found(plan, found, await self._documents(plan, found.strictness, placed))

    async def _documents(self, plan: Plan, strictness: Strictness, placed: Sequence[Placed]) -> list[Hit]:
        if not placed:
            return []
        body = self._compiler.documents_body([each.identity for each in placed])
        (answer,) = await self._engine.search(self.name, [body])
        matches = self._matches(plan, strictness)
        with understood():
            stored = {hit["_id"]: hit["_source"] for hit in answer["hits"]["hits"]}
            return [_hit(stored[each.identity], MatchKind.WORDS, plan, matches, each.alike) for each in placed]

    async def _first_enough(
        self, plan: Plan, asked: Sequence[Strictness], complete: int, body: Callable[[Strictness], Any]
    ) -> _Answered:
        """In two requests at most. `complete` are the results that match all words, where no attempt tells."""
        for together in (asked[:1], asked[1:]):
            answers = await self._engine.search(self.name, [body(each) for each in together]) if together else []
            for strictness, answer in zip(together, answers, strict=True):
                with understood():
                    counted = answer["aggregations"]
                    alone, alone_everywhere = alike_alone(counted)
                    total = int(answer["hits"]["total"]["value"]) - alone
                    enough = total > 0 and everywhere(counted) - alone_everywhere >= plan.enough
                complete = total if strictness <= Strictness.CORRECTED else complete
                if enough or strictness is asked[-1]:
                    return _Answered(strictness, answer, complete)
        raise EngineError("no attempt was asked for")

    async def matching(self, plans: Sequence[Plan], *, limit: int) -> Sequence[Sequence[Hit]]:
        if not plans:
            return []
        answers = await self._engine.search(self.name, [self._compiler.match_body(plan, limit) for plan in plans])
        with understood():
            return [
                [_hit(each["_source"], _kind(each), plan) for each in answer["hits"]["hits"]]
                for plan, answer in zip(plans, answers, strict=True)
            ]

    async def _complete(self, plan: Plan, asked: Sequence[Strictness]) -> int:
        """How many results match all words, where no attempt would tell: on a later page of those that match fewer."""
        if asked[0] <= Strictness.CORRECTED:
            return 0
        (answer,) = await self._engine.search(self.name, [self._compiler.count_body(plan, Strictness.CORRECTED)])
        with understood():
            return int(answer["hits"]["total"]["value"])

    async def suggest(self, plan: Plan, *, limit: int) -> Sequence[Hit]:
        attempts = tuple(each for each in plan.attempts if each <= Strictness.CORRECTED)
        for strictness in self._compiler.worth_asking(plan, attempts):
            if hits := await self._suggest(plan, strictness, limit):
                return hits
        return []

    async def close(self) -> None:
        await self._closed()

    async def _suggest(self, plan: Plan, strictness: Strictness, limit: int) -> list[Hit]:
        body = self._compiler.suggest_body(plan, strictness, limit * _SUGGEST_DEPTH)
        (answer,) = await self._engine.search(self.name, [body])
        with understood():
            hits = [_hit(each["_source"], _kind(each), plan) for each in answer["hits"]["hits"]]
        by_code = [hit for hit in hits if hit.kind is not MatchKind.WORDS][:limit]
        by_words = (hit for hit in hits if hit.kind is MatchKind.WORDS)
        return by_code + foremost(by_words, limit - len(by_code))

    def _hits(self, plan: Plan, found: _Answered) -> list[Hit]:
        matches = self._matches(plan, found.strictness)
        return [_hit(each["_source"], _kind(each), plan, matches) for each in found.answer["hits"]["hits"]]

    def _matches(self, plan: Plan, strictness: Strictness) -> Matches:
        # Both engines explain alike.
        corrections = self._known.corrections
        return Matches(self._known.analyzers, [(word, corrections.near(word, strictness)) for word in plan.words])

    def _found(self, plan: Plan, found: _Answered, hits: Sequence[Hit]) -> Found:
        with understood():
            return Found(
                hits=hits,
                total=int(found.answer["hits"]["total"]["value"]),
                facets=facet_counts(found.answer["aggregations"]),
                strictness=found.strictness,
                complete=found.complete,
                corrections=self._known.corrections.told(plan, found.strictness, found.complete),
            )


def _kind(answered: Any) -> MatchKind:
    return kind_of(float(answered["sort"][0]))


def _hit(stored: Any, kind: MatchKind, plan: Plan, matches: Matches | None = None, alike: str = "") -> Hit:
    """A result; with `matches`, one by words says which ones. Raises KeyError or the like for what is none."""
    told = stored.get("equivalents_told", ()) if kind is MatchKind.EQUIVALENT else ()
    words: tuple[FoundWord, ...] = ()
    highlights: tuple[Span, ...] = ()
    terms = (*stored["terms"], *stored["phrases"])
    if matches and kind is MatchKind.WORDS and not alike:
        words, highlights = matches.found(stored["description"], terms)
    day = plan.filters.day
    return Hit(
        system=str(stored["system"]),
        code=str(stored["code"]),
        display=str(stored["display"]),
        description=str(stored["description"]),
        billable=stored.get("billable"),
        kind=kind,
        words=words,
        highlights=highlights,
        alike=alike,
        terms=terms,
        equivalents=tuple(map(Equivalent.unpacked, told)),
        status=standing(int(stored["begins"]), int(stored["ends"]), day_number(day)) if day else None,
    )
