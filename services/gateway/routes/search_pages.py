"""The page of search results. An exact code lands on its page, with search or without it."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse
from starlette.responses import RedirectResponse, Response

from ..rendering.search_view import view
from .exact_codes import AWAY, landing
from .parts import Parts, visitor_of
from .search import note
from .search_parameters import SearchParameters

RESULTS = 20


def router(parts: Parts) -> APIRouter:
    routes = APIRouter()

    @routes.get("/search", response_class=HTMLResponse, include_in_schema=False)
    async def search_page(request: Request, given: Annotated[SearchParameters, Query()]) -> Response:
        asked = given.request(RESULTS)
        note(parts, visitor_of(request), asked)
        if not asked.q:
            return parts.page(request, "search.html", asked=asked, found=None, is_away=False)
        if address := await landing(parts, asked):
            return RedirectResponse(address, 303)
        try:
            found = await parts.search.search(asked)
        except AWAY:
            response = parts.page(request, "search.html", status=503, asked=asked, found=None, is_away=True)
            response.headers["Retry-After"] = "5"
            return response
        return parts.page(request, "search.html", asked=asked, found=found, view=view(asked, found), is_away=False)

    return routes
