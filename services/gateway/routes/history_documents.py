"""A member's history in JSON, and whether it is kept."""

from __future__ import annotations

import asyncio
from typing import Annotated, Literal

from fastapi import APIRouter, Query, Request
from medcodes.accounts.v1 import shelf_pb2
from starlette.responses import Response

from ..answers import nothing
from ..moments import iso
from . import account_models
from .account_documents import JSON_BODY
from .parts import Parts, visitor_of
from .responses import problem_responses
from .shelf_documents import CHANGE_BY_BODY, READ, TAGS, private, shelf_account


def router(parts: Parts) -> APIRouter:
    routes = APIRouter(tags=TAGS)

    @routes.get("/api/v1/account/history", response_model=account_models.History, responses=READ)
    async def history(request: Request) -> Response:
        """What was looked at and searched for, newest first, as far as it is kept."""
        account_id = shelf_account(visitor_of(request))
        views, searches, shelf = await asyncio.gather(
            parts.shelf.list_recent_views(account_id),
            parts.shelf.list_searches(account_id),
            parts.shelf.get_shelf(account_id),
        )
        return private(
            {
                "views": [
                    {"system": one.system, "code": one.code, "viewed_at": iso(one.viewed_at_ms)} for one in views
                ],
                "searches": [{"query": one.query, "searched_at": iso(one.searched_at_ms)} for one in searches],
                "preferences": _preferences(shelf.preferences),
            }
        )

    @routes.delete(
        "/api/v1/account/history", status_code=204, responses=problem_responses(400, 401, 403, 422, 500, 503)
    )
    async def clear_history(
        request: Request,
        what: Annotated[Literal["all", "views", "searches"], Query(description="What is forgotten.")] = "all",
    ) -> Response:
        """Forgets it."""
        account_id = shelf_account(visitor_of(request))
        await parts.shelf.clear_history(account_id, searches=what != "views", recent_views=what != "searches")
        return nothing()

    @routes.put(
        "/api/v1/account/preferences",
        response_model=account_models.Preferences,
        responses=CHANGE_BY_BODY,
        dependencies=JSON_BODY,
    )
    async def set_preferences(request: Request, wanted: account_models.Preferences) -> Response:
        """Whether searches and views are kept from now on."""
        found = await parts.shelf.set_preferences(
            shelf_account(visitor_of(request)),
            keep_search_history=wanted.keep_search_history,
            keep_recent_views=wanted.keep_recent_views,
        )
        return private(_preferences(found))

    return routes


def _preferences(found: shelf_pb2.Preferences) -> dict[str, bool]:
    return {
        "keep_search_history": found.keep_search_history,
        "keep_recent_views": found.keep_recent_views,
    }
