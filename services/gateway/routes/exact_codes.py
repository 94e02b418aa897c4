"""Codes that a query names exactly, from the catalog: they are found with search or without it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from urllib.parse import quote

from medcodes.catalog.v1 import catalog_pb2
from medcodes.search.v1 import search_pb2

from services.common.errors import DeadlineExceeded, Internal, ServiceError, Unavailable

from .. import asks
from ..rendering import names
from .parts import Parts

# A letter at most, then a digit: what the codes of every system begin with. Words are left to search.
LIKE_A_CODE = re.compile(r"[A-Za-z]?[0-9][0-9A-Za-z. ]{1,17}")
AWAY = (Unavailable, DeadlineExceeded, Internal)


async def landing(parts: Parts, asked: search_pb2.SearchRequest) -> str:
    """The address of the one code that is meant; "" if none or several are, if results were narrowed, or if the catalog
    does not answer."""
    if asked.cursor or asked.chapter or asked.status or asked.HasField("billable"):
        return ""
    try:
        found = await exact(parts, asked)
    except ServiceError:
        return ""
    meant = _meant(found, asked)
    if len(meant) != 1:
        return ""
    on = f"?on={asked.on}" if asked.on else ""
    return f"/codes/{quote(meant[0].system)}/{quote(meant[0].code)}{on}"


def _meant(found: Sequence[catalog_pb2.CodeRef], asked: search_pb2.SearchRequest) -> Sequence[catalog_pb2.CodeRef]:
    """Without the codes of ICD-9-CM, whose page costs a view and whom search shows beside those of ICD-10 that took
    their place, unless the system or a date of service is asked for; none where one is spelled with its own dot."""
    if asked.system or asked.on:
        return found
    typed = "".join(asked.q.upper().split())
    if "." in typed and any(ref.display == typed for ref in found if ref.system in names.RETIRED):
        return ()
    return [ref for ref in found if ref.system not in names.RETIRED]


async def exact(parts: Parts, asked: search_pb2.SearchRequest) -> Sequence[catalog_pb2.CodeRef]:
    """The codes that the query names exactly, of one system or of all."""
    if not LIKE_A_CODE.fullmatch(asked.q):
        return ()
    code = asks.code(asked.q)
    systems = [asked.system] if asked.system else list(names.SYSTEMS)
    found = await parts.catalog.batch_get_codes([(system, code) for system in systems], asked.on)
    return [ref for ref in found if ref.has_page]


def as_results(found: Sequence[catalog_pb2.CodeRef]) -> search_pb2.SearchResponse:
    """The same as search would give them."""
    results = [
        search_pb2.SearchResult(
            system=ref.system,
            code=ref.code,
            display=ref.display,
            description=ref.description,
            billable=ref.billable if ref.HasField("billable") else None,
            why="exact code",
        )
        for ref in found
    ]
    return search_pb2.SearchResponse(results=results, total=len(results), total_all_words=len(results))
