"""A code page, its sections and its relatives as JSON."""

from __future__ import annotations

from typing import Any

import orjson
from medcodes.catalog.v1 import catalog_pb2

from . import names
from .splice import Gap, Marks, Spliced

QUOTED = frozenset({Gap.METER})


def page(found: catalog_pb2.CodePage, *, locked: bool, dated: bool, marks: Marks) -> Spliced:
    """The whole document, with a gap for the meter and, where one was asked for, the date of service."""
    document = {
        "system": found.system,
        "code": found.code,
        "display": found.display,
        "status": names.status(found.status),
        "billable": billable(found),
        "effective": {"from": found.effective_from or None, "to": found.effective_to or None},
        "on": marks[Gap.ON] if dated else None,
        "release": found.release,
        "official_description": {
            **description(found.official_description),
            "copyright": found.official_description.copyright or None,
        },
        "common_language_description": description(found.common_language_description),
        "hierarchy": {
            "ancestors": [code_ref(ref) for ref in found.hierarchy.ancestors],
            "siblings": [code_ref(ref) for ref in found.hierarchy.siblings],
            "children": [code_ref(ref) for ref in found.hierarchy.children],
        },
        "sections": {one.name: locked_section(one) if locked else section(one) for one in found.sections},
        "meter": marks[Gap.METER],
    }
    return marks.cut(orjson.dumps(document), quoted=QUOTED)


def section(found: catalog_pb2.Section) -> dict[str, Any]:
    return {
        "access": "open",
        "state": names.state(found.state),
        "outdated_since": found.outdated_since or None,
        "summary": found.summary or None,
        "entries": [entry(one) for one in found.entries],
        "total": found.total,
        "next_cursor": found.next_cursor or None,
    }


def locked_section(found: catalog_pb2.Section) -> dict[str, Any]:
    """What a visitor without an account sees: that the section is there, and whether it holds anything."""
    return {
        "access": "register",
        "state": names.state(found.state),
        "outdated_since": found.outdated_since or None,
        "summary": None,
        "entries": [],
        "total": None,
        "next_cursor": None,
    }


def entry(found: catalog_pb2.Entry) -> dict[str, Any]:
    """`label` and `related` are there only where the fact has them."""
    document: dict[str, Any] = {
        "kind": names.kind(found.kind),
        "text": found.text,
        "value": found.value or None,
        "from": getattr(found, "from") or None,
        "to": found.to or None,
        "source": source(found.source),
    }
    if found.label:
        document["label"] = found.label
    if found.HasField("related"):
        document["related"] = code_ref(found.related)
    return document


def source(found: catalog_pb2.Source) -> dict[str, Any] | None:
    if not (found.file or found.edition):
        return None
    return {"file": found.file or None, "edition": found.edition or None, "line": found.line or None}


def edition(found: catalog_pb2.EditionRef) -> dict[str, Any]:
    return {
        "data_set": found.data_set,
        "edition": found.edition,
        "begins": found.begins or None,
        "ends": found.ends or None,
        "complete": found.complete,
        "outdated_since": found.outdated_since or None,
    }


def description(found: catalog_pb2.Description) -> dict[str, Any]:
    """Where there is no text, `missing` says why."""
    document: dict[str, Any] = {"text": found.text or None, "source": source(found.source)}
    if found.missing:
        document["missing"] = found.missing
    return document


def code_ref(found: catalog_pb2.CodeRef) -> dict[str, Any]:
    return {
        "system": found.system,
        "code": found.code,
        "display": found.display,
        "description": found.description,
        "billable": billable(found),
        "has_page": found.has_page,
        "has_children": found.has_children,
    }


def billable(found: catalog_pb2.CodePage | catalog_pb2.CodeRef) -> bool | None:
    return found.billable if found.HasField("billable") else None
