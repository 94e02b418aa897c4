"""Terms of the ICD-10-CM indexes: their addresses, and their JSON."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any
from urllib.parse import quote, urlencode

from medcodes.catalog.v1 import catalog_pb2

from . import code_json


def href(index: str, path: Sequence[str] = (), letter: str = "", cursor: str = "") -> str:
    """The page of an index, of the main terms of a letter, or of a term by the titles that lead to it."""
    asked = (
        [("term", title) for title in path] + [("letter", letter)] * bool(letter) + [("cursor", cursor)] * bool(cursor)
    )
    return f"/index/{quote(index)}" + (f"?{urlencode(asked)}" if asked else "")


def titles(term: catalog_pb2.IndexTerm) -> list[str]:
    """From the main term down, as addresses and requests name them."""
    return [one.title for one in term.path]


def by_code(found: Iterable[catalog_pb2.CodeRef]) -> dict[str, catalog_pb2.CodeRef]:
    return {ref.code: ref for ref in found}


def index_list(found: catalog_pb2.ListIndexesResponse) -> dict[str, Any]:
    return {"items": [_index(one) for one in found.indexes], "release": found.release}


def entries(found: catalog_pb2.GetIndexEntriesResponse) -> dict[str, Any]:
    return {
        "index": _index(found.index),
        "path": [_term(term) for term in found.path],
        "items": [_term(term) for term in found.items],
        "codes": [code_json.code_ref(ref) for ref in found.codes],
        "next_cursor": found.next_cursor or None,
        "release": found.release,
    }


def _index(found: catalog_pb2.Index) -> dict[str, Any]:
    return {
        "index": found.index,
        "title": found.title,
        "terms": found.terms,
        "letters": list(found.letters),
        "columns": [{"column": one.column, "heading": one.heading} for one in found.columns],
        "edition": code_json.edition(found.edition),
    }


def _term(found: catalog_pb2.IndexTerm) -> dict[str, Any]:
    here = found.path[-1]
    return {
        "title": here.title,
        "modifiers": here.modifiers or None,
        "shown": here.shown,
        "path": titles(found),
        "codes": [_code(one) for one in found.codes],
        "see": _reference(found.see) if found.HasField("see") else None,
        "see_also": _reference(found.see_also) if found.HasField("see_also") else None,
        "see_category": found.see_category or None,
        "has_children": found.has_children,
        "source": code_json.source(found.source),
    }


def _code(found: catalog_pb2.IndexCode) -> dict[str, Any]:
    manifestation = {
        "code": found.manifestation,
        "display": found.manifestation_display,
        "more": found.manifestation_more,
    }
    return {
        "column": found.column or None,
        "code": found.code,
        "display": found.display,
        "more": found.more,
        "manifestation": manifestation if found.manifestation else None,
    }


def _reference(found: catalog_pb2.IndexReference) -> dict[str, Any]:
    """`index` is null where the words lead to no term that is loaded."""
    return {"text": found.text, "index": found.index or None, "path": list(found.path)}
