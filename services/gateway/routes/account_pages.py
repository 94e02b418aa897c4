"""The account's first page, and what it has viewed."""

from __future__ import annotations

import asyncio

from fastapi import APIRouter, Request
from medcodes.metering.v1 import metering_pb2
from starlette.responses import Response

from services.common.errors import ServiceError

from .. import asks, meters
from ..answers import redirect
from ..members.member import Member
from .parts import Parts, visitor_of

NEWEST_VIEWS = 8
VIEWS_A_PAGE = 100


def router(parts: Parts) -> APIRouter:
    routes = APIRouter(include_in_schema=False)

    @routes.get("/account")
    async def overview(request: Request, done: str = "") -> Response:
        visitor = visitor_of(request)
        member = visitor.with_session()
        account, meter, views = await asyncio.gather(
            parts.accounts.get_account(member.account_id),
            _meter(parts, member),
            _views(parts, member, "", NEWEST_VIEWS),
        )
        names = await parts.code_names((view.system, view.code) for view in views.views)
        line = meters.line(meter, member, "") if meter else ""
        return parts.private_page(
            request, "account.html", account=account, meter=meter, line=line, views=views.views, names=names, done=done
        )

    @routes.post("/account/verification")
    async def send_verification(request: Request) -> Response:
        await parts.accounts.send_verification(visitor_of(request).with_session().account_id)
        return redirect("/account?done=sent")

    @routes.get("/account/views")
    async def views_page(request: Request, cursor: str = "") -> Response:
        member = visitor_of(request).with_session()
        found = await parts.metering.list_views(
            member.subject, asks.text("cursor", cursor, asks.MAX_CURSOR_LENGTH), VIEWS_A_PAGE
        )
        names = await parts.code_names((view.system, view.code) for view in found.views)
        return parts.private_page(
            request, "account_views.html", views=found.views, next_cursor=found.next_cursor, names=names
        )

    return routes


async def _meter(parts: Parts, member: Member) -> metering_pb2.Meter | None:
    """None while metering is away: the rest of the page is worth showing."""
    try:
        return await parts.metering.get_meter(member.subject)
    except ServiceError:
        return None


async def _views(parts: Parts, member: Member, cursor: str, limit: int) -> metering_pb2.ListViewsResponse:
    try:
        return await parts.metering.list_views(member.subject, cursor, limit)
    except ServiceError:
        return metering_pb2.ListViewsResponse()
