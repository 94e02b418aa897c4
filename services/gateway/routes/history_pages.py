"""What a member looked at and searched for."""

from __future__ import annotations

import asyncio

from fastapi import APIRouter, Request
from starlette.responses import Response

from .. import forms
from ..answers import redirect
from .parts import Parts, visitor_of


def router(parts: Parts) -> APIRouter:
    routes = APIRouter(include_in_schema=False)

    @routes.get("/account/history")
    async def history(request: Request, done: str = "") -> Response:
        member = visitor_of(request).with_scope("shelf")
        views, searches, shelf = await asyncio.gather(
            parts.shelf.list_recent_views(member.account_id),
            parts.shelf.list_searches(member.account_id),
            parts.shelf.get_shelf(member.account_id),
        )
        names = await parts.code_names((view.system, view.code) for view in views)
        return parts.private_page(
            request,
            "account_history.html",
            views=views,
            searches=searches,
            preferences=shelf.preferences,
            names=names,
            done=done,
        )

    @routes.post("/account/history/clear")
    async def clear_history(request: Request) -> Response:
        member = visitor_of(request).with_scope("shelf")
        what = (await forms.read(request)).get("what", "")
        await parts.shelf.clear_history(
            member.account_id, searches=what in ("searches", ""), recent_views=what in ("views", "")
        )
        return redirect("/account/history?done=cleared")

    @routes.post("/account/history/preferences")
    async def set_preferences(request: Request) -> Response:
        member = visitor_of(request).with_scope("shelf")
        form = await forms.read(request)
        await parts.shelf.set_preferences(
            member.account_id,
            keep_search_history=bool(form.get("keep_search_history")),
            keep_recent_views=bool(form.get("keep_recent_views")),
        )
        return redirect("/account/history?done=preferences")

    return routes
