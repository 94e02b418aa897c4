"""Answers plans from one tantivy index, in a few threads so that the event loop stays free."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any, TypeVar

import tantivy

from services.search.domain.completions import foremost
from services.search.domain.documents import Equivalent, FoundWord, Hit, MatchKind, Span
from services.search.domain.filters import day_number, standing
from services.search.domain.query import Plan, Strictness
from services.search.ports import EngineError, Found

from .lexicon import Lexicon
from .ranking.opinion import Opinion
from .ranking.texts import Texts
from .ranking.window import Window
from .tantivy_filters import Counted, FilteredSearch
from .tantivy_matches import Matches
from .tantivy_query import Compiler, Stage, either
from .tantivy_ranked import Ranking
from .tantivy_schema import Analyzers

# The texts of the codes, beside the index in its folder.
TEXTS = "texts.npz"

T = TypeVar("T")
# Suggestions are looked for deeper than asked, because codes beneath others, and those that have ended, come last.
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
        """Raises ValueError or OSError if the folder holds no index that can be opened."""
        self.release = release
        self._threads = threads
        self._analyzers = Analyzers.create()
        index = tantivy.Index.open(str(folder))
        self._analyzers.register(index)
        self._schema = index.schema
        self._searcher = index.searcher()
        self._filtered = FilteredSearch(self._schema, self._searcher)
        self._compiler = Compiler(self._schema, self._searcher, self._analyzers, Lexicon.of(folder))
        with (folder / TEXTS).open("rb") as file:
            self.opinion = Opinion(Texts(file), self._analyzers.stems)

    @property
    def documents(self) -> int:
        return self._searcher.num_docs

    async def search(self, plan: Plan, attempts: Sequence[Strictness], *, offset: int, limit: int) -> Found:
        return await self._threads.run(lambda: self._search(plan, attempts, offset, limit))

    async def matching(self, plans: Sequence[Plan], *, limit: int) -> Sequence[Sequence[Hit]]:
        return await self._threads.run(lambda: [self._matching(plan, limit) for plan in plans])

    async def suggest(self, plan: Plan, *, limit: int) -> Sequence[Hit]:
        return await self._threads.run(lambda: self._suggest(plan, limit))

    async def close(self) -> None:
        """Nothing to do: the last search to end lets go of the files."""

    def _search(self, plan: Plan, attempts: Sequence[Strictness], offset: int, limit: int) -> Found:
        strictness, complete = self._first_enough(plan, attempts)
        if attempts[0] > Strictness.CORRECTED:
            complete = self._complete(plan)
        hits, counted = self._counted_page(plan, strictness, offset, limit)
        corrections = self._compiler.corrections.told(plan, strictness, complete)
        return Found(hits, counted.total, counted.facets, strictness, complete, corrections)

    def _first_enough(self, plan: Plan, attempts: Sequence[Strictness]) -> tuple[Strictness, int]:
        """The attempt that finds enough, or the last one; and how many results match all words."""
        strictness, complete = attempts[0], 0
        for strictness in attempts:
            stages = self._compiler.stages(plan, strictness)
            total = self._filtered.total(either(stages), plan.filters) if stages else 0
            complete = total if strictness <= Strictness.CORRECTED else complete
            if total and self._everywhere(plan, stages, total) >= plan.enough:
                break
        return strictness, complete

    def _everywhere(self, plan: Plan, stages: list[Stage], total: int) -> int:
        """How many the same search of all codes finds, of which `total` are within the filters."""
        wide = plan.filters.wide
        return total if plan.filters == wide else self._filtered.total(either(stages), wide)

    def _counted_page(self, plan: Plan, strictness: Strictness, offset: int, limit: int) -> tuple[list[Hit], Counted]:
        """What means the same counts as a result, too."""
        by_code = self._compiler.by_code(plan)
        code_found = bool(by_code) and self._filtered.total(either(by_code), plan.filters) > 0
        if not plan.words or code_found:
            stages = self._compiler.stages(plan, strictness)
            hits = self._page(stages, plan, self._matches(plan, strictness), offset, limit)
        else:
            opinion = self.opinion.about(plan)
            window = Window(opinion, opinion.alike())
            read_as = [self._compiler.corrections.near(word, strictness) for word in plan.words]
            stages = self._compiler.stages(plan, strictness, [each.key for each in window.alike])
            hits = self._ranked(stages, plan, Ranking(window, strictness, read_as), offset, limit)
        return hits, self._filtered.counted(either(stages), plan.filters) if stages else Counted()

    def _ranked(self, stages: list[Stage], plan: Plan, ranking: Ranking, offset: int, limit: int) -> list[Hit]:
        if not stages:
            return []
        matches = Matches(self._analyzers, list(zip(plan.words, ranking.read_as, strict=True)))
        by_words = stages[-1]
        found = ranking.page(
            lambda limit, offset: self._run(by_words, plan, limit, offset), self._searcher, offset, limit
        )
        return [self._hit(each.stored, by_words.kind, plan, matches, each.alike) for each in found]

    def _matching(self, plan: Plan, limit: int) -> Sequence[Hit]:
        return self._page(self._compiler.stages(plan, Strictness.ALL), plan, None, 0, limit)

    def _complete(self, plan: Plan) -> int:
        stages = self._compiler.stages(plan, Strictness.CORRECTED)
        return self._filtered.total(either(stages), plan.filters) if stages else 0

    def _page(self, stages: list[Stage], plan: Plan, matches: Matches | None, offset: int, limit: int) -> list[Hit]:
        """Without `matches` hits are not explained."""
        hits: list[Hit] = []
        for stage in stages:
            if len(hits) == limit:
                break
            result = self._run(stage, plan, limit - len(hits), offset)
            hits += [self._hit(self._stored(address), stage.kind, plan, matches) for _, address in result.hits]
            offset = max(0, offset - result.count)
        return hits

    def _run(self, stage: Stage, plan: Plan, limit: int, offset: int = 0, weight: str | None = None) -> Any:
        query = self._filtered.narrowed(stage.query, plan.filters)
        if stage.by_score:
            return self._searcher.search(query, limit, offset=offset, weight_by_field=weight)
        return self._searcher.search(query, limit, offset=offset, order_by_field="number", order=tantivy.Order.Asc)

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
            return [
                self._hit(self._stored(address), stage.kind, plan) for _, address in self._run(stage, plan, limit).hits
            ]
        result = self._run(stage, plan, limit * _SUGGEST_DEPTH, weight="brevity")
        return foremost((self._hit(self._stored(address), stage.kind, plan) for _, address in result.hits), limit)

    def _matches(self, plan: Plan, strictness: Strictness) -> Matches:
        return Matches(
            self._analyzers, [(word, self._compiler.corrections.near(word, strictness)) for word in plan.words]
        )

    def _stored(self, address: tantivy.DocAddress) -> dict[str, Any]:
        stored: dict[str, Any] = self._searcher.doc(address).to_dict()
        return stored

    def _hit(
        self, stored: dict[str, Any], kind: MatchKind, plan: Plan, matches: Matches | None = None, alike: str = ""
    ) -> Hit:
        description = stored["description"][0]
        terms = (*stored.get("terms", ()), *stored.get("phrases", ()))
        told = stored.get("equivalents_told", ()) if kind is MatchKind.EQUIVALENT else ()
        words: tuple[FoundWord, ...] = ()
        highlights: tuple[Span, ...] = ()
        if matches and kind is MatchKind.WORDS and not alike:
            words, highlights = matches.found(description, terms)
        day = plan.filters.day
        return Hit(
            system=stored["system"][0],
            code=stored["code"][0],
            display=stored["display"][0],
            description=description,
            billable=stored["billable"][0] if "billable" in stored else None,
            kind=kind,
            words=words,
            highlights=highlights,
            alike=alike,
            terms=terms,
            equivalents=tuple(map(Equivalent.unpacked, told)),
            status=standing(stored["begins"][0], stored["ends"][0], day_number(day)) if day else None,
        )
