"""The results found by words, the first of them in the order of the second opinion."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import tantivy

from services.search.domain.query import Strictness

from .ranking.features import Candidate
from .ranking.texts import CodeKey
from .ranking.window import Window, by_words

# (limit, offset) -> hits with their scores.
Run = Callable[[int, int], Any]


class Found(NamedTuple):
    """A stored document; `alike` is the text whose meaning found it, "" if words did."""

    stored: dict[str, Any]
    alike: str


@dataclass(frozen=True)
class Ranking:
    """What puts the first results of one plan in order. `read_as` has the words that each word is read as."""

    window: Window
    strictness: Strictness
    read_as: Sequence[Sequence[str]]

    def page(self, run: Run, searcher: tantivy.Searcher, offset: int, limit: int) -> list[Found]:
        """The results from `offset` on. What lies behind the first ones comes as the engine orders it."""
        found: list[Found] = []
        size = self.window.size
        if offset < size:
            first = self._first(run, searcher)
            found = first[offset : offset + limit]
            if len(first) < size:
                return found
        if len(found) < limit:
            behind = run(limit - len(found), max(offset, size))
            found += [Found(searcher.doc(address).to_dict(), "") for _, address in behind.hits]
        return found

    def _first(self, run: Run, searcher: tantivy.Searcher) -> list[Found]:
        results = [(score, searcher.doc(address).to_dict()) for score, address in run(self.window.size, 0).hits]
        candidates = [_candidate(score, stored) for score, stored in results]
        order = self.window.order(candidates, self.strictness, self.read_as)
        return [Found(results[each.place][1], each.alike) for each in order]


def _candidate(score: float, stored: dict[str, Any]) -> Candidate:
    billable = "billable" in stored and bool(stored["billable"][0])
    return Candidate(CodeKey(stored["system"][0], stored["code"][0]), by_words(score), billable, stored["ends"][0])
