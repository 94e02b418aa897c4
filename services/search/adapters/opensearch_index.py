"""Answers plans from one index of a cluster (see ports.SearchIndex)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from typing import Any

from services.search.domain.completions import topmost_first
from services.search.domain.documents import Equivalent, FoundWord, Hit, MatchKind, Span
from services.search.domain.filters import standing
from services.search.domain.query import Plan, Strictness
from services.search.ports import Found

from .opensearch_engine import Engine, understood
from .opensearch_filters import everywhere, facet_counts
from .opensearch_query import Compiler, kind_of
from .opensearch_words import KnownWords
from .tantivy_matches import Matches
from .tantivy_schema import day_number

# Suggestions are looked for deeper than asked, because codes beneath others come last.
_SUGGEST_DEPTH = 6


class OpenSearchIndex:
    """`name` is the index in the cluster, `known` are its words; `closed` is called once when it is let go of."""

    def __init__(
        self,
        engine: Engine,
        name: str,
        release: str,
        documents: int,
        known: KnownWords,
        closed: Callable[[], Awaitable[None]],
    ) -> None:
        self.name, self.release, self.documents = name, release, documents
        self._engine, self._known, self._closed = engine, known, closed
        self._compiler = Compiler(known)

    async def search(self, plan: Plan, attempts: Sequence[Strictness], *, offset: int, limit: int) -> Found:
        """In two requests at most: most questions need the first attempt only, and the others are asked together."""
        asked = self._compiler.worth_asking(plan, tuple(attempts))
        complete, found = await self._complete(plan, asked), Found((), 0, (), asked[0], 0)
        for together in (asked[:1], asked[1:]):
            bodies = [self._compiler.search_body(plan, each, offset, limit) for each in together]
            answers = await self._engine.search(self.name, bodies) if bodies else []
            for strictness, answer in zip(together, answers, strict=True):
                with understood():
                    found = self._found(plan, strictness, answer, complete)
                    enough = everywhere(answer["aggregations"]) >= plan.enough
                complete = found.complete
                if found.total and enough:
                    return self._told(plan, found)
        return self._told(plan, found)

    async def _complete(self, plan: Plan, asked: Sequence[Strictness]) -> int:
        """How many results match all words, where no attempt would tell: on a later page of those that match fewer."""
        if asked[0] <= Strictness.CORRECTED:
            return 0
        (answer,) = await self._engine.search(self.name, [self._compiler.count_body(plan, Strictness.CORRECTED)])
        with understood():
            return int(answer["hits"]["total"]["value"])

    def _told(self, plan: Plan, found: Found) -> Found:
        return replace(found, corrections=self._known.corrections.told(plan, found.strictness, found.complete))

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
            hits = [_hit(each, plan) for each in answer["hits"]["hits"]]
        by_code = [hit for hit in hits if hit.kind is not MatchKind.WORDS][:limit]
        by_words = (hit for hit in hits if hit.kind is MatchKind.WORDS)
        return by_code + topmost_first(by_words, limit - len(by_code))

    def _found(self, plan: Plan, strictness: Strictness, answer: Any, complete: int) -> Found:
        """`complete` is that of the attempt before."""
        near = [(word, self._known.corrections.near(word, strictness)) for word in plan.words]
        # Both engines explain alike.
        matches = Matches(self._known.analyzers, near)
        hits = [_hit(each, plan, matches) for each in answer["hits"]["hits"]]
        total = int(answer["hits"]["total"]["value"])
        return Found(
            hits=hits,
            total=total,
            facets=facet_counts(answer["aggregations"]),
            strictness=strictness,
            complete=total if strictness <= Strictness.CORRECTED else complete,
        )


def _hit(answered: Any, plan: Plan, matches: Matches | None = None) -> Hit:
    """A result; with `matches`, one by words says which ones. Raises KeyError or the like for what is none."""
    stored, kind = answered["_source"], kind_of(float(answered["sort"][0]))
    told = stored.get("equivalents_told", ()) if kind is MatchKind.EQUIVALENT else ()
    words: tuple[FoundWord, ...] = ()
    highlights: tuple[Span, ...] = ()
    if matches and kind is MatchKind.WORDS:
        words, highlights = matches.found(stored["description"], [*stored["terms"], *stored["phrases"]])
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
        equivalents=tuple(map(Equivalent.unpacked, told)),
        status=standing(int(stored["begins"]), int(stored["ends"]), day_number(day)) if day else None,
    )
