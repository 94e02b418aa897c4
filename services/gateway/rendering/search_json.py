"""What search found, as JSON."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from medcodes.search.v1 import search_pb2

from . import names

WORDS_MATCHED = {
    search_pb2.WORDS_MATCHED_ALL: "all",
    search_pb2.WORDS_MATCHED_MOST: "most",
    search_pb2.WORDS_MATCHED_SOME: "some",
}


def results(found: search_pb2.SearchResponse) -> dict[str, Any]:
    facets: dict[str, list[dict[str, Any]]] = {}
    for facet in found.facets:
        facets.setdefault(facet.field, []).append({"value": facet.value, "count": facet.count})
    return {
        "results": [_result(one) for one in found.results],
        "total": found.total,
        "total_all_words": found.total_all_words,
        "words_matched": words_matched(found),
        "spelling": _spelling(found.spelling) if found.HasField("spelling") else None,
        "facets": facets,
        "next_cursor": found.next_cursor or None,
    }


def words_matched(found: search_pb2.SearchResponse) -> str | None:
    """How many of the words a result matches at least; None where none were looked for."""
    return WORDS_MATCHED.get(found.words_matched)


def suggestions(found: Iterable[search_pb2.Suggestion]) -> dict[str, Any]:
    return {"suggestions": [_suggestion(one) for one in found]}


def _result(found: search_pb2.SearchResult) -> dict[str, Any]:
    return {
        "system": found.system,
        "code": found.code,
        "display": found.display,
        "description": found.description,
        "billable": found.billable if found.HasField("billable") else None,
        "status": found.status or None,
        "why": found.why,
        "highlights": [{"start": one.start, "end": one.end} for one in found.highlights],
    }


def _spelling(found: search_pb2.Spelling) -> dict[str, Any]:
    words = [{"typed": one.typed, "read_as": list(one.read_as)} for one in found.words]
    return {"query": found.query, "applied": found.applied, "words": words}


def _suggestion(found: search_pb2.Suggestion) -> dict[str, str]:
    return {
        "system": found.system,
        "system_name": names.system_name(found.system),
        "code": found.code,
        "display": found.display,
        "description": found.description,
    }
