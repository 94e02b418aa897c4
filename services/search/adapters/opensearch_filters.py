"""A plan's filters as clauses, and what results are counted by, as aggregations."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from services.search.domain.documents import FacetCount
from services.search.domain.filters import Facet, Filters, Status, day_number

Query = dict[str, Any]

# More than any release has chapters.
_FACET_VALUES = 500
_EVERYWHERE, _VALUES = "everywhere", "values"


def within(filters: Filters, *, but: Facet | None = None) -> Query:
    """What passes the filters, those of the facet `but` left out."""
    clauses = list(_clauses(filters, but))
    return {"bool": {"filter": clauses}} if clauses else {"match_all": {}}


def counts(filters: Filters) -> Query:
    """Aggregations over all that a query finds, with a filter after it."""
    asked: Query = {_EVERYWHERE: {"filter": within(filters.wide)}}
    for facet in Facet:
        if facet is Facet.STATUS and not filters.day:
            continue
        values = _statuses(filters) if facet is Facet.STATUS else _terms(facet)
        asked[facet.value] = {"filter": within(filters, but=facet), "aggs": {_VALUES: values}}
    return asked


def everywhere(counted: Any) -> int:
    """How many the same search finds with nothing chosen."""
    return int(counted[_EVERYWHERE]["doc_count"])


def facet_counts(counted: Any) -> list[FacetCount]:
    """Raises KeyError or the like for what is no answer to `counts`."""
    found = []
    for facet in Facet:
        if facet not in counted:
            continue
        buckets = counted[facet][_VALUES]["buckets"]
        if facet is Facet.STATUS:
            buckets = [{"key": status, **bucket} for status, bucket in buckets.items()]
        for bucket in buckets:
            if bucket["doc_count"]:
                value = str(bucket.get("key_as_string", bucket["key"]))
                found.append(FacetCount(facet, value, int(bucket["doc_count"])))
    return found


def _clauses(filters: Filters, but: Facet | None) -> Iterator[Query]:
    for facet, value in (
        (Facet.SYSTEM, filters.system or None),
        (Facet.CHAPTER, filters.chapter or None),
        (Facet.BILLABLE, filters.billable),
    ):
        if value is not None and facet is not but:
            yield {"term": {facet.value: value}}
    if filters.wanted_status and filters.day and but is not Facet.STATUS:
        yield _standing(filters.wanted_status, day_number(filters.day))


def _standing(status: Status, day: int) -> Query:
    ended: Query = {"range": {"ends": {"lt": day}}}
    to_begin: Query = {"range": {"begins": {"gt": day}}}
    if status is Status.RETIRED:
        return ended
    if status is Status.FUTURE:
        return to_begin
    return {"bool": {"must_not": [ended, to_begin]}}


def _statuses(filters: Filters) -> Query:
    day = day_number(filters.day) if filters.day else 0
    return {"filters": {"filters": {status.value: _standing(status, day) for status in Status}}}


def _terms(facet: Facet) -> Query:
    return {"terms": {"field": facet.value, "size": _FACET_VALUES}}
