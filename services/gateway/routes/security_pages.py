"""The account's password, and where it is logged in."""

from __future__ import annotations

from fastapi import APIRouter, Request
from medcodes.accounts.v1 import accounts_pb2
from starlette.responses import Response

from services.common.errors import Unauthenticated

from .. import forms
from ..answers import redirect
from ..forms import Refusal
from ..members.member import Member
from .parts import Parts, visitor_of

FIELDS = {"password": "The present password", "new_password": "The new password"}


def router(parts: Parts) -> APIRouter:
    routes = APIRouter(include_in_schema=False)

    @routes.get("/account/security")
    async def security(request: Request, done: str = "") -> Response:
        return await _security(parts, request, visitor_of(request).with_session(), Refusal(), done)

    @routes.post("/account/password")
    async def change_password(request: Request) -> Response:
        visitor = visitor_of(request)
        member = visitor.with_session()
        form = await forms.read(request)
        try:
            await parts.accounts.change_password(
                accounts_pb2.ChangePasswordRequest(
                    account_id=member.account_id,
                    password=form.get("password", ""),
                    new_password=form.get("new_password", ""),
                    session_id=member.session_id,
                    client=visitor.client(),
                )
            )
        except Unauthenticated:
            wrong = Refusal(422, {"password": "This is not the present password."})
            return await _security(parts, request, member, wrong, "")
        except forms.REFUSALS as error:
            return await _security(parts, request, member, forms.refusal(error, FIELDS), "")
        parts.sessions.forget(member.account_id)
        return redirect("/account/security?done=password")

    @routes.post("/account/sessions/others/end")
    async def end_others(request: Request) -> Response:
        member = visitor_of(request).with_session()
        await parts.accounts.end_other_sessions(member.account_id, member.session_id)
        parts.sessions.forget(member.account_id)
        return redirect("/account/security?done=ended")

    @routes.post("/account/sessions/{session_id}/end")
    async def end_session(request: Request, session_id: str) -> Response:
        member = visitor_of(request).with_session()
        await parts.accounts.end_session(member.account_id, session_id)
        parts.sessions.forget(member.account_id, session_id)
        return redirect("/account/security?done=ended")

    return routes


async def _security(parts: Parts, request: Request, member: Member, refusal: Refusal, done: str) -> Response:
    sessions = await parts.accounts.list_sessions(member.account_id)
    response = parts.private_page(
        request,
        "account_security.html",
        status=refusal.status,
        refusal=refusal,
        sessions=sessions,
        current=member.session_id,
        done=done,
    )
    response.headers.update(refusal.headers)
    return response
