"""What changed of a member's saved codes, and the address of its feed."""

from __future__ import annotations

from fastapi import APIRouter, Request
from starlette.responses import Response

from .. import asks
from ..answers import redirect
from ..members.changes import SavedChanges
from ..members.member import Member
from .change_documents import address
from .parts import Parts, visitor_of

CHANGES_A_PAGE = 50


def router(parts: Parts) -> APIRouter:
    routes = APIRouter(include_in_schema=False)
    changes = SavedChanges(parts.shelf, parts.catalog, parts.metering)

    @routes.get("/account/changes")
    async def changes_page(request: Request, cursor: str = "", done: str = "") -> Response:
        return await _page(request, visitor_of(request).with_session(), cursor, done)

    @routes.post("/account/feed")
    async def make_feed(request: Request) -> Response:
        """The address stands on this answer only, so there is no redirect to a page that would have to know it."""
        reader = visitor_of(request).with_session()
        token, _ = await parts.shelf.create_feed(reader.account_id)
        return await _page(request, reader, "", "", address(parts, token))

    @routes.post("/account/feed/revoke")
    async def revoke_feed(request: Request) -> Response:
        await parts.shelf.revoke_feed(visitor_of(request).with_session().account_id)
        return redirect("/account/changes?done=revoked")

    async def _page(request: Request, reader: Member, cursor: str, done: str, feed: str = "") -> Response:
        asked = asks.text("cursor", cursor, asks.MAX_CURSOR_LENGTH)
        return parts.private_page(
            request,
            "account_changes.html",
            changes=await changes.page(reader, asked, CHANGES_A_PAGE),
            made_ms=await parts.shelf.get_feed(reader.account_id),
            feed=feed,
            done=done,
        )

    return routes
