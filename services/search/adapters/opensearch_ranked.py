"""The results found by words, the first of them in the order of the second opinion."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from services.search.domain.query import Plan, Strictness

from .ranking.features import Candidate
from .ranking.opinion import Opinion
from .ranking.window import Window, by_words


class Placed(NamedTuple):
    """A result by the id of its document; `alike` is the text whose meaning found it, "" if words did."""

    identity: str
    alike: str


@dataclass(frozen=True)
class RankedPage:
    """A page of results of one plan, and what of the engine's own order is needed for it: `size` results from `begin`
    on. A document's id is the place of its code in the texts of the index."""

    opinion: Opinion
    plan: Plan
    window: Window
    offset: int
    limit: int

    @classmethod
    def of(cls, opinion: Opinion, plan: Plan, offset: int, limit: int) -> RankedPage:
        """Takes milliseconds."""
        about = opinion.about(plan)
        return cls(opinion, plan, Window(about, about.alike()), offset, limit)

    @property
    def alike(self) -> list[str]:
        """The ids of the documents of like meaning."""
        return [str(self.opinion.place(each.key)) for each in self.window.alike]

    @property
    def begin(self) -> int:
        return 0 if self.offset < self.window.size else self.offset

    @property
    def size(self) -> int:
        return self.limit if self.begin else max(self.window.size, self.offset + self.limit)

    def placed(self, hits: Sequence[Any], strictness: Strictness, read_as: Sequence[Sequence[str]]) -> list[Placed]:
        """The page, of what the engine found from `begin` on. Takes milliseconds; raises KeyError or the like for what
        are no hits."""
        if self.begin:
            return [Placed(hit["_id"], "") for hit in hits]
        avoided = sum(word.weight for word in self.plan.avoided)
        first = [self._candidate(hit, avoided) for hit in hits[: self.window.size]]
        order = [Placed(hits[each.place]["_id"], each.alike) for each in self.window.order(first, strictness, read_as)]
        order += [Placed(hit["_id"], "") for hit in hits[self.window.size :]]
        return order[self.offset : self.offset + self.limit]

    def _candidate(self, hit: Any, avoided: float) -> Candidate:
        """With the score as tantivy has it: there avoided words take away what here those get that lack them."""
        fields, key = hit["fields"], self.opinion.code(int(hit["_id"]))
        billable = bool(fields.get("billable", [False])[0])
        own = by_words(float(hit["sort"][0]))
        return Candidate(key, own - avoided if own else own, billable, int(fields["ends"][0]))
