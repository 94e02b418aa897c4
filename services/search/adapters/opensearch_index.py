"""Answers plans from one index of a cluster (see ports.SearchIndex)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from services.search.domain.completions import topmost_first
from services.search.domain.documents import FacetCount, FoundWord, Hit, MatchKind, Span
from services.search.domain.query import Plan, Strictness, Word
from services.search.ports import Found

from .opensearch_engine import Engine, understood
from .opensearch_query import kind_of, known_body, search_body, suggest_body
from .tantivy_matches import Matches
from .tantivy_schema import Analyzers

# Suggestions are looked for deeper than asked, because codes beneath others come last.
_SUGGEST_DEPTH = 6


class OpenSearchIndex:
    """`name` is the index in the cluster; `closed` is called once when it is let go of."""

    def __init__(self, engine: Engine, name: str, release: str, documents: int, closed: Callable[[], Any]) -> None:
        self.name, self.release, self.documents = name, release, documents
        self._engine, self._closed = engine, closed
        # Only to find words in texts, for highlights and reasons: both engines explain alike.
        self._analyzers = Analyzers.create()

    async def search(self, plan: Plan, attempts: Sequence[Strictness], *, offset: int, limit: int) -> Found:
        found = Found((), 0, (), attempts[0])
        corrected: frozenset[Word] | None = None
        for strictness in attempts:
            if strictness >= Strictness.CORRECTED and corrected is None:
                corrected = await self._unknown(plan)
                if strictness is Strictness.CORRECTED and not corrected and len(attempts) > 1:
                    # It would only repeat the one before: every word is known.
                    continue
            found = await self._search(plan, strictness, corrected or frozenset(), offset, limit)
            if found.total:
                break
        return found

    async def suggest(self, plan: Plan, *, limit: int) -> Sequence[Hit]:
        hits = await self._suggest(plan, frozenset(), limit)
        if not hits and Strictness.CORRECTED in plan.attempts and (corrected := await self._unknown(plan)):
            hits = await self._suggest(plan, corrected, limit)
        return hits

    async def close(self) -> None:
        await self._closed()

    async def _suggest(self, plan: Plan, corrected: frozenset[Word], limit: int) -> list[Hit]:
        answer = await self._engine.search(self.name, suggest_body(plan, corrected, limit * _SUGGEST_DEPTH))
        with understood():
            hits = [_hit(each) for each in answer["hits"]["hits"]]
        by_code = [hit for hit in hits if hit.kind is not MatchKind.WORDS][:limit]
        by_words = (hit for hit in hits if hit.kind is MatchKind.WORDS)
        return by_code + topmost_first(by_words, limit - len(by_code))

    async def _search(
        self, plan: Plan, strictness: Strictness, corrected: frozenset[Word], offset: int, limit: int
    ) -> Found:
        answer = await self._engine.search(self.name, search_body(plan, strictness, corrected, offset, limit))
        matches = Matches(self._analyzers, [(word, word in corrected) for word in plan.words])
        with understood():
            hits = [_hit(each, matches) for each in answer["hits"]["hits"]]
            total = int(answer["hits"]["total"]["value"])
            return Found(hits, total, _facets(answer["aggregations"]), strictness)

    async def _unknown(self, plan: Plan) -> frozenset[Word]:
        """The words that others one edit away count for: only those that the index does not know."""
        words = [word for word in plan.words if word.correctable]
        if not words:
            return frozenset()
        answer = await self._engine.search(self.name, known_body(words))
        with understood():
            counts = answer["aggregations"]["known"]["buckets"]
            return frozenset(word for place, word in enumerate(words) if not counts[str(place)]["doc_count"])


def _facets(counted: Any) -> list[FacetCount]:
    systems = counted["system"]["buckets"]
    billable = counted["asked"]["billable"]["buckets"]
    return [
        *(FacetCount("system", str(bucket["key"]), int(bucket["doc_count"])) for bucket in systems),
        *(FacetCount("billable", str(bucket["key_as_string"]), int(bucket["doc_count"])) for bucket in billable),
    ]


def _hit(answered: Any, matches: Matches | None = None) -> Hit:
    """A result; with `matches`, one by words says which ones. Raises KeyError or the like for what is none."""
    stored, kind = answered["_source"], kind_of(float(answered["sort"][0]))
    words: tuple[FoundWord, ...] = ()
    highlights: tuple[Span, ...] = ()
    if matches and kind is MatchKind.WORDS:
        words, highlights = matches.found(stored["description"], stored["terms"])
    return Hit(
        system=str(stored["system"]),
        code=str(stored["code"]),
        display=str(stored["display"]),
        description=str(stored["description"]),
        billable=stored.get("billable"),
        kind=kind,
        words=words,
        highlights=highlights,
    )
