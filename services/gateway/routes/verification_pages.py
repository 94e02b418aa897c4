"""Verifying an e-mail address by a mailed link."""

from __future__ import annotations

from fastapi import APIRouter, Request
from starlette.responses import Response

from services.common.errors import Unauthenticated

from .. import forms
from ..answers import redirect
from ..forms import Refusal
from .mailed_pages import USED, Token, mailed_page
from .parts import Parts, visitor_of


def router(parts: Parts) -> APIRouter:
    routes = APIRouter(include_in_schema=False)

    @routes.get("/verify")
    async def verify_page(request: Request, token: Token = "") -> Response:
        return mailed_page(parts, request, "verify.html", Refusal(), token=token)

    @routes.post("/verify")
    async def verify(request: Request) -> Response:
        token = (await forms.read(request)).get("token", "")
        try:
            await parts.accounts.verify_email(token)
        except Unauthenticated:
            return mailed_page(parts, request, "verify.html", Refusal(422, whole=USED), token="")
        except forms.REFUSALS as error:
            return mailed_page(parts, request, "verify.html", forms.refusal(error, {}), token=token)
        member = visitor_of(request).member
        if member:
            parts.sessions.forget(member.account_id)
        return redirect("/account?done=verified" if member else "/login?done=verified")

    return routes
