"""Setting a new password by a mailed link."""

from __future__ import annotations

from fastapi import APIRouter, Request
from starlette.responses import Response

from services.common.errors import Unauthenticated

from .. import forms
from ..answers import redirect
from ..forms import Refusal
from .mailed_pages import USED, Token, mailed_page
from .parts import Parts, visitor_of

FIELDS = {"email": "The e-mail address", "new_password": "The password"}


def router(parts: Parts) -> APIRouter:
    routes = APIRouter(include_in_schema=False)

    @routes.get("/forgot")
    async def forgot_page(request: Request) -> Response:
        return mailed_page(parts, request, "forgot.html", Refusal(), email="", sent=False)

    @routes.post("/forgot")
    async def forgot(request: Request) -> Response:
        email = (await forms.read(request)).get("email", "").strip()
        client = visitor_of(request).client()
        try:
            await parts.accounts.request_password_reset(email, client)
        except forms.REFUSALS as error:
            return mailed_page(parts, request, "forgot.html", forms.refusal(error, FIELDS), email=email, sent=False)
        return mailed_page(parts, request, "forgot.html", Refusal(), email=email, sent=True)

    @routes.get("/reset")
    async def reset_page(request: Request, token: Token = "") -> Response:
        return mailed_page(parts, request, "reset.html", Refusal(), token=token)

    @routes.post("/reset")
    async def reset(request: Request) -> Response:
        form = await forms.read(request)
        token = form.get("token", "")
        try:
            await parts.accounts.reset_password(token, form.get("new_password", ""))
        except Unauthenticated:
            return mailed_page(parts, request, "reset.html", Refusal(422, whole=USED), token=token)
        except forms.REFUSALS as error:
            return mailed_page(parts, request, "reset.html", forms.refusal(error, FIELDS), token=token)
        return redirect("/login?done=reset")

    return routes
