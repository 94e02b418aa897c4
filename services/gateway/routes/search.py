"""Search and suggestions as JSON. An exact code is found with search or without it."""

from __future__ import annotations

from typing import Annotated

import orjson
from fastapi import APIRouter, Query, Request
from medcodes.search.v1 import search_pb2
from starlette.responses import Response

from .. import asks
from ..answers import json_answer
from ..rendering import search_json
from ..visitors.visitor import Visitor
from . import api_models
from .exact_codes import AWAY, as_results, exact
from .parts import Parts, visitor_of
from .responses import problem_responses
from .search_parameters import OnlySystem, PageParameters, Text

# Whoever takes a letter back asks the same again. The same for every visitor, and no older than a release may be.
KEPT_FOR_A_MINUTE = (b"cache-control", b"private, max-age=60")


def router(parts: Parts) -> APIRouter:
    routes = APIRouter()
    problems = problem_responses(400, 401, 403, 404, 422, 500, 503)

    @routes.get("/api/v1/search", response_model=api_models.SearchResults, responses=problems, tags=["search"])
    async def search(
        request: Request,
        given: Annotated[PageParameters, Query()],
    ) -> Response:
        """Codes by number in any spelling, then by words. Not metered."""
        asked = given.request(given.limit)
        note(parts, visitor_of(request), asked)
        try:
            found = await parts.search.search(asked)
        except AWAY:
            codes = await exact(parts, asked)
            if not codes:
                raise
            found = as_results(codes)
        return json_answer(orjson.dumps(search_json.results(found)))

    @routes.get("/api/v1/suggest", response_model=api_models.Suggestions, responses=problems, tags=["search"])
    async def suggest(
        request: Request, q: Text = "", system: OnlySystem = "", limit: Annotated[int, Query(ge=1, le=10)] = 8
    ) -> Response:
        """Completions while typing. Not metered."""
        check(visitor_of(request))
        only = asks.only_system(system)
        found = await parts.search.suggest(asks.text("q", q), only, limit) if q.strip() else ()
        return json_answer(orjson.dumps(search_json.suggestions(found)), keeping=KEPT_FOR_A_MINUTE)

    return routes


def check(visitor: Visitor) -> None:
    """Searching needs no account; an API key that is sent along must be one for searching."""
    if visitor.member:
        visitor.member.check_scope("search")


def note(parts: Parts, visitor: Visitor, asked: search_pb2.SearchRequest) -> None:
    """A member's search goes into its history, once however many pages of results are looked at."""
    check(visitor)
    if visitor.member and asked.q and not asked.cursor and not visitor.is_head and not visitor.is_prefetch:
        parts.history.searched(visitor.member, asked.q)
