"""Narrows queries by a plan's filters, and counts what they find by facet."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

from tantivy import FieldType, Occur, Query, Schema, Searcher

from services.search.domain.documents import FacetCount
from services.search.domain.filters import Facet, Filters, Status, day_number

from .tantivy_schema import FIRST_DAY, LAST_DAY

# More than any release has chapters.
_FACET_VALUES = 500
_TOTAL = "total"
# Every document has one.
_COUNTED = "number"
_Answer = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Counted:
    total: int = 0
    facets: tuple[FacetCount, ...] = ()


class FilteredSearch:
    """The searcher of one index, asked within filters."""

    def __init__(self, schema: Schema, searcher: Searcher) -> None:
        self._schema, self._searcher = schema, searcher

    def narrowed(self, query: Query, filters: Filters, *, but: Facet | None = None) -> Query:
        """The query within the filters, those of the facet `but` left out."""
        parts = list(self._parts(filters, but))
        if not parts:
            return query
        # A filter must not change the order: it scores nothing.
        return Query.boolean_query(
            [(Occur.Must, query), *((Occur.Must, Query.const_score_query(each, 0.0)) for each in parts)]
        )

    def total(self, query: Query, filters: Filters) -> int:
        return _total(self._aggregated(query, filters, ()))

    def counted(self, query: Query, filters: Filters) -> Counted:
        """One pass for the facets in which nothing is chosen, and one for each of the others."""
        chosen = filters.chosen
        open_facets = [facet for facet in Facet if facet not in chosen]
        answer = self._aggregated(query, filters, open_facets)
        found = list(_counts(answer, open_facets))
        for facet in (each for each in Facet if each in chosen):
            found += _counts(self._aggregated(query, filters, [facet], but=facet), [facet])
        return Counted(_total(answer), tuple(found))

    def _aggregated(
        self, query: Query, filters: Filters, facets: Iterable[Facet], *, but: Facet | None = None
    ) -> _Answer:
        wanted: dict[str, Any] = {_TOTAL: {"value_count": {"field": _COUNTED}}}
        for facet in facets:
            if facet is not Facet.STATUS:
                wanted[facet] = {"terms": {"field": facet.value, "size": _FACET_VALUES}}
            elif filters.day:
                wanted |= _dates(day_number(filters.day))
        answer: _Answer = self._searcher.aggregate(self.narrowed(query, filters, but=but), wanted)
        return answer

    def _parts(self, filters: Filters, but: Facet | None) -> Iterator[Query]:
        if filters.system and but is not Facet.SYSTEM:
            yield self._term(Facet.SYSTEM, filters.system)
        if filters.chapter and but is not Facet.CHAPTER:
            yield self._term(Facet.CHAPTER, filters.chapter)
        if filters.billable is not None and but is not Facet.BILLABLE:
            yield self._term(Facet.BILLABLE, filters.billable)
        if filters.wanted_status and filters.day and but is not Facet.STATUS:
            yield from self._standing(filters.wanted_status, filters.day)

    def _standing(self, status: Status, on: date) -> Iterator[Query]:
        day = day_number(on)
        if status is Status.RETIRED:
            yield self._between("ends", FIRST_DAY, day - 1)
        elif status is Status.FUTURE:
            yield self._between("begins", day + 1, LAST_DAY)
        else:
            yield self._between("begins", FIRST_DAY, day)
            yield self._between("ends", day, LAST_DAY)

    def _term(self, field: str, value: str | bool) -> Query:
        return Query.term_query(self._schema, field, value)

    def _between(self, field: str, low: int, high: int) -> Query:
        return Query.range_query(self._schema, field, FieldType.Unsigned, low, high)


def _dates(day: int) -> dict[str, Any]:
    """Those that ended before the day, and those that begin after it."""
    return {
        Status.RETIRED: {"range": {"field": "ends", "ranges": [{"to": day}]}},
        Status.FUTURE: {"range": {"field": "begins", "ranges": [{"from": day + 1}]}},
    }


def _total(answer: _Answer) -> int:
    return int(answer[_TOTAL]["value"])


def _counts(answer: _Answer, facets: Iterable[Facet]) -> Iterator[FacetCount]:
    for facet in facets:
        if facet is Facet.STATUS:
            yield from _by_status(answer)
            continue
        for bucket in answer[facet]["buckets"]:
            value = str(bucket.get("key_as_string", bucket["key"]))
            yield FacetCount(facet, value, int(bucket["doc_count"]))


def _by_status(answer: _Answer) -> Iterator[FacetCount]:
    if Status.RETIRED not in answer:
        return
    # The engine adds a bucket for what lies outside of the range that was asked for, which has one bound.
    retired = sum(int(each["doc_count"]) for each in answer[Status.RETIRED]["buckets"] if "to" in each)
    future = sum(int(each["doc_count"]) for each in answer[Status.FUTURE]["buckets"] if "from" in each)
    active = _total(answer) - retired - future
    for status, count in ((Status.ACTIVE, active), (Status.FUTURE, future), (Status.RETIRED, retired)):
        if count:
            yield FacetCount(Facet.STATUS, status, count)
