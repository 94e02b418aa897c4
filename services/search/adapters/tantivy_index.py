"""Answers plans from one tantivy index, in a few threads so that the event loop stays free."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any, TypeVar

import tantivy

from services.search.domain.completions import topmost_first
from services.search.domain.documents import FacetCount, FoundWord, Hit, MatchKind, Span
from services.search.domain.query import Plan, Strictness
from services.search.ports import EngineError, Found

from .lexicon import Lexicon
from .tantivy_matches import Matches
from .tantivy_query import Compiler, Stage
from .tantivy_schema import Analyzers

T = TypeVar("T")
_FACET_VALUES = 50
# Suggestions are looked for deeper than asked, because codes beneath others come last.
_SUGGEST_DEPTH = 6


class SearchThreads:
    """A bounded pool: at most `threads` searches run, at most `waiting` wait, the next one is refused."""

    def __init__(self, threads: int, waiting: int) -> None:
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="tantivy")
        self._free = asyncio.Semaphore(threads)
        self._waiting, self._most_waiting = 0, waiting

    async def run(self, work: Callable[[], T]) -> T:
        """Raises EngineError if the pool is full or the engine failed."""
        if self._waiting >= self._most_waiting:
            raise EngineError("too many searches at once")
        self._waiting += 1
        try:
            await self._free.acquire()
        finally:
            self._waiting -= 1
        future = self._pool.submit(work)
        loop = asyncio.get_running_loop()
        # Given back when the thread is done, not when the caller gives up: a thread cannot be cancelled.
        future.add_done_callback(lambda _: _call_unless_closed(loop, self._free.release))
        return await _result(future)

    def close(self) -> None:
        self._pool.shutdown(wait=False, cancel_futures=True)


def _call_unless_closed(loop: asyncio.AbstractEventLoop, call: Callable[[], None]) -> None:
    if not loop.is_closed():
        loop.call_soon_threadsafe(call)


async def _result(future: Future[T]) -> T:
    try:
        return await asyncio.wrap_future(future)
    except (ValueError, OSError) as error:
        raise EngineError(str(error)) from error
    except BaseException as error:
        # A panic in the engine arrives as a BaseException of its own, which no `except Exception` would stop.
        if type(error).__name__ == "PanicException":
            raise EngineError(f"tantivy panicked: {error}") from error
        raise


class TantivyIndex:
    """The index in one folder (see ports.SearchIndex)."""

    def __init__(self, release: str, folder: Path, threads: SearchThreads) -> None:
        """Raises ValueError or OSError if the folder holds no index that tantivy can open."""
        self.release = release
        self._threads = threads
        self._analyzers = Analyzers.create()
        index = tantivy.Index.open(str(folder))
        self._analyzers.register(index)
        self._schema = index.schema
        self._searcher = index.searcher()
        self._compiler = Compiler(self._schema, self._searcher, self._analyzers, Lexicon.of(folder))

    @property
    def documents(self) -> int:
        return self._searcher.num_docs

    async def search(self, plan: Plan, attempts: Sequence[Strictness], *, offset: int, limit: int) -> Found:
        return await self._threads.run(lambda: self._search(plan, attempts, offset, limit))

    async def suggest(self, plan: Plan, *, limit: int) -> Sequence[Hit]:
        return await self._threads.run(lambda: self._suggest(plan, limit))

    async def close(self) -> None:
        """Nothing to do: the last search to end lets go of the files."""

    def _search(self, plan: Plan, attempts: Sequence[Strictness], offset: int, limit: int) -> Found:
        found = Found((), 0, (), attempts[0])
        for strictness in attempts:
            stages = self._compiler.stages(plan, strictness)
            total, facets = self._facets(stages, plan)
            found = Found((), total, facets, strictness)
            # Counted in all systems, so that a choice of system does not change what the facets count.
            everywhere = sum(facet.count for facet in facets if facet.field == "system")
            if total and (everywhere >= plan.enough or strictness is attempts[-1]):
                return Found(self._page(stages, plan, strictness, offset, limit), total, facets, strictness)
        return found

    def _page(self, stages: list[Stage], plan: Plan, strictness: Strictness, offset: int, limit: int) -> list[Hit]:
        matches = self._matches(plan, strictness)
        hits: list[Hit] = []
        for stage in stages:
            if len(hits) == limit:
                break
            result = self._run(stage, plan, limit - len(hits), offset)
            hits += [self._hit(address, stage.kind, matches) for _, address in result.hits]
            offset = max(0, offset - result.count)
        return hits

    def _run(self, stage: Stage, plan: Plan, limit: int, offset: int = 0, weight: str | None = None) -> Any:
        query = self._compiler.filtered(stage.query, plan)
        if stage.by_score:
            return self._searcher.search(query, limit, offset=offset, weight_by_field=weight)
        return self._searcher.search(query, limit, offset=offset, order_by_field="number", order=tantivy.Order.Asc)

    def _facets(self, stages: list[Stage], plan: Plan) -> tuple[int, list[FacetCount]]:
        """How many results there are, and the facets of `Found`. Each document has exactly one system."""
        if not stages:
            return 0, []
        every = tantivy.Query.boolean_query([(tantivy.Occur.Should, stage.query) for stage in stages])
        systems = self._count(self._compiler.filtered(every, plan, any_system=True), "system", "billable")
        by_system = systems["system"]
        total = by_system.get(plan.system, 0) if plan.system else sum(by_system.values())
        if plan.system:
            by_billable = self._count(self._compiler.filtered(every, plan), "billable")["billable"]
        else:
            by_billable = systems["billable"]
        facets = [FacetCount("system", name, count) for name, count in by_system.items()]
        return total, facets + [FacetCount("billable", name, count) for name, count in by_billable.items()]

    def _count(self, query: tantivy.Query, *fields: str) -> dict[str, dict[str, int]]:
        wanted = {field: {"terms": {"field": field, "size": _FACET_VALUES}} for field in fields}
        answer = self._searcher.aggregate(query, wanted)
        return {
            field: {str(bucket.get("key_as_string", bucket["key"])): int(bucket["doc_count"]) for bucket in buckets}
            for field in fields
            if (buckets := answer[field]["buckets"]) is not None
        }

    def _suggest(self, plan: Plan, limit: int) -> list[Hit]:
        for strictness in plan.attempts:
            if strictness > Strictness.CORRECTED:
                break
            hits: list[Hit] = []
            for stage in self._compiler.suggestions(plan, strictness):
                if len(hits) < limit:
                    hits += self._suggested(stage, plan, limit - len(hits))
            if hits:
                return hits
        return []

    def _suggested(self, stage: Stage, plan: Plan, limit: int) -> list[Hit]:
        if stage.kind is not MatchKind.WORDS:
            return [self._hit(address, stage.kind) for _, address in self._run(stage, plan, limit).hits]
        result = self._run(stage, plan, limit * _SUGGEST_DEPTH, weight="brevity")
        return topmost_first((self._hit(address, stage.kind) for _, address in result.hits), limit)

    def _matches(self, plan: Plan, strictness: Strictness) -> Matches:
        return Matches(self._analyzers, [(word, self._compiler.corrected(word, strictness)) for word in plan.words])

    def _hit(self, address: tantivy.DocAddress, kind: MatchKind, matches: Matches | None = None) -> Hit:
        stored = self._searcher.doc(address).to_dict()
        description = stored["description"][0]
        terms = (*stored.get("terms", ()), *stored.get("phrases", ()))
        words: tuple[FoundWord, ...] = ()
        highlights: tuple[Span, ...] = ()
        if matches and kind is MatchKind.WORDS:
            words, highlights = matches.found(description, terms)
        return Hit(
            system=stored["system"][0],
            code=stored["code"][0],
            display=stored["display"][0],
            description=description,
            billable=stored["billable"][0] if "billable" in stored else None,
            kind=kind,
            words=words,
            highlights=highlights,
            terms=terms,
        )
