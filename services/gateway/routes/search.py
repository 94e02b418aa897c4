"""Search and suggestions. An exact code lands on its page, with search or without it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Annotated, Any
from urllib.parse import quote

import orjson
from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse
from markupsafe import Markup, escape
from medcodes.catalog.v1 import catalog_pb2
from medcodes.search.v1 import search_pb2
from starlette.responses import RedirectResponse, Response

from services.common.errors import DeadlineExceeded, Internal, ServiceError, Unavailable

from .. import asks
from ..answers import json_answer
from ..rendering import names
from ..visitors.visitor import Visitor
from . import api_models
from .code_documents import On
from .parts import Parts, visitor_of
from .responses import problem_responses

# A letter at most, then a digit: what the codes of every system begin with. Words are left to search.
LIKE_A_CODE = re.compile(r"[A-Za-z]?[0-9][0-9A-Za-z. ]{1,17}")
AWAY = (Unavailable, DeadlineExceeded, Internal)

Text = Annotated[str, Query(alias="q", description="A code in any spelling, or words.")]
OnlySystem = Annotated[str, Query(alias="system", description="Only this code system.")]


def router(parts: Parts) -> APIRouter:
    routes = APIRouter()
    problems = problem_responses(400, 401, 403, 404, 422, 500, 503)

    @routes.get("/api/v1/search", response_model=api_models.SearchResults, responses=problems, tags=["search"])
    async def search(
        request: Request,
        q: Text = "",
        system: OnlySystem = "",
        on: On = "",
        limit: Annotated[int, Query(ge=1, le=100)] = 20,
        cursor: str = "",
    ) -> Response:
        """Codes by number in any spelling, then by words. Not metered."""
        asked = _ask(q, system, on, limit, cursor)
        _note(parts, visitor_of(request), asked)
        try:
            return json_answer(orjson.dumps(_document(await parts.search.search(asked))))
        except AWAY:
            found = await _exact(parts, asked)
            if not found:
                raise
            return json_answer(orjson.dumps(_document(_as_results(found))))

    @routes.get("/api/v1/suggest", response_model=api_models.Suggestions, responses=problems, tags=["search"])
    async def suggest(
        request: Request, q: Text = "", system: OnlySystem = "", limit: Annotated[int, Query(ge=1, le=10)] = 8
    ) -> Response:
        """Completions while typing. Not metered."""
        _check(visitor_of(request))
        only = asks.only_system(system)
        found = await parts.search.suggest(asks.text("q", q), only, limit) if q.strip() else ()
        return json_answer(orjson.dumps({"suggestions": [_suggestion(one) for one in found]}))

    @routes.get("/search", response_class=HTMLResponse, include_in_schema=False)
    async def search_page(
        request: Request, q: Text = "", system: OnlySystem = "", on: On = "", cursor: str = ""
    ) -> Response:
        asked = _ask(q, system, on, 20, cursor)
        _note(parts, visitor_of(request), asked)
        values: dict[str, Any] = {"q": asked.q, "system": asked.system, "on": asked.on, "is_away": False}
        if not asked.q:
            return parts.page(request, "search.html", found=None, results=(), **values)
        if address := await _landing(parts, asked):
            return RedirectResponse(address, 303)
        try:
            found = await parts.search.search(asked)
        except AWAY:
            values["is_away"] = True
            response = parts.page(request, "search.html", found=None, results=(), **values)
            response.status_code = 503
            response.headers["Retry-After"] = "5"
            return response
        results = [(one, highlighted(one.description, one.highlights)) for one in found.results]
        return parts.page(request, "search.html", found=found, results=results, **values)

    return routes


def highlighted(description: str, highlights: Sequence[search_pb2.Highlight]) -> Markup:
    """The description with what matched marked; highlights that overlap or lie outside are left out."""
    parts, end = [], 0
    for one in sorted(highlights, key=lambda each: each.start):
        if end <= one.start < one.end <= len(description):
            parts += [
                escape(description[end : one.start]),
                Markup("<mark>{}</mark>").format(description[one.start : one.end]),
            ]
            end = one.end
    return Markup().join([*parts, escape(description[end:])])


def _ask(q: str, system: str, on: str, limit: int, cursor: str) -> search_pb2.SearchRequest:
    return search_pb2.SearchRequest(
        q=asks.text("q", q),
        system=asks.only_system(system),
        on=asks.on(on),
        limit=limit,
        cursor=asks.text("cursor", cursor, asks.MAX_CURSOR_LENGTH),
    )


def _check(visitor: Visitor) -> None:
    """Searching needs no account; an API key that is sent along must be one for searching."""
    if visitor.member:
        visitor.member.check_scope("search")


def _note(parts: Parts, visitor: Visitor, asked: search_pb2.SearchRequest) -> None:
    """A member's search goes into its history, once however many pages of results are looked at."""
    _check(visitor)
    if visitor.member and asked.q and not asked.cursor and not visitor.is_head and not visitor.is_prefetch:
        parts.history.searched(visitor.member, asked.q)


async def _landing(parts: Parts, asked: search_pb2.SearchRequest) -> str:
    """The address of the one code that is meant; "" if none or several are, or if the catalog does not answer."""
    if asked.cursor:
        return ""
    try:
        found = await _exact(parts, asked)
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


async def _exact(parts: Parts, asked: search_pb2.SearchRequest) -> Sequence[catalog_pb2.CodeRef]:
    """The codes that the query names exactly, of one system or of all."""
    if not LIKE_A_CODE.fullmatch(asked.q):
        return ()
    code = asks.code(asked.q)
    systems = [asked.system] if asked.system else list(names.SYSTEMS)
    found = await parts.catalog.batch_get_codes([(system, code) for system in systems], asked.on)
    return [ref for ref in found if ref.has_page]


def _as_results(found: Sequence[catalog_pb2.CodeRef]) -> search_pb2.SearchResponse:
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
    return search_pb2.SearchResponse(results=results, total=len(results))


def _document(found: search_pb2.SearchResponse) -> dict[str, Any]:
    facets: dict[str, list[dict[str, Any]]] = {}
    for facet in found.facets:
        facets.setdefault(facet.field, []).append({"value": facet.value, "count": facet.count})
    return {
        "results": [_result(one) for one in found.results],
        "total": found.total,
        "facets": facets,
        "next_cursor": found.next_cursor or None,
    }


def _result(found: search_pb2.SearchResult) -> dict[str, Any]:
    return {
        "system": found.system,
        "code": found.code,
        "display": found.display,
        "description": found.description,
        "billable": found.billable if found.HasField("billable") else None,
        "why": found.why,
        "highlights": [{"start": one.start, "end": one.end} for one in found.highlights],
    }


def _suggestion(found: search_pb2.Suggestion) -> dict[str, str]:
    return {
        "system": found.system,
        "code": found.code,
        "display": found.display,
        "description": found.description,
    }
