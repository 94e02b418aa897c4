"""Register, log in, log out."""

from __future__ import annotations

import contextlib
import time

from fastapi import APIRouter, Request
from medcodes.accounts.v1 import accounts_pb2
from starlette.responses import Response

from services.common.errors import AlreadyExists, ServiceError

from .. import forms
from ..answers import redirect
from ..forms import Refusal
from ..members import plans
from ..visitors.origins import local_path
from ..visitors.visitor import Visitor
from .parts import Parts, visitor_of

HOME_OF_MEMBERS = "/account"
FIELDS = {"email": "The e-mail address", "password": "The password"}


def router(parts: Parts) -> APIRouter:
    routes = APIRouter(include_in_schema=False)

    @routes.get("/register")
    async def register_page(request: Request, next: str = "") -> Response:  # noqa: A002 - a parameter of addresses
        if visitor_of(request).member:
            return redirect(local_path(next, HOME_OF_MEMBERS))
        return _page(parts, request, "register.html", Refusal(), "", next)

    @routes.post("/register")
    async def register(request: Request) -> Response:
        form = await forms.read(request)
        email, back = form.get("email", "").strip(), form.get("next", "")
        visitor = visitor_of(request)
        try:
            signed_in = await parts.accounts.register(registration(visitor, email, form.get("password", "")))
        except AlreadyExists:
            refusal = Refusal(409, {"email": "This e-mail address has an account already."})
            return _page(parts, request, "register.html", refusal, email, back)
        except forms.REFUSALS as error:
            return _page(parts, request, "register.html", forms.refusal(error, FIELDS), email, back)
        await begin_session(parts, visitor, signed_in)
        return redirect(local_path(back, HOME_OF_MEMBERS + "?done=registered"))

    @routes.get("/login")
    async def log_in_page(request: Request, next: str = "", done: str = "") -> Response:  # noqa: A002
        if visitor_of(request).member:
            return redirect(local_path(next, HOME_OF_MEMBERS))
        return _page(parts, request, "login.html", Refusal(), "", next, done)

    @routes.post("/login")
    async def log_in(request: Request) -> Response:
        form = await forms.read(request)
        email, back = form.get("email", "").strip(), form.get("next", "")
        visitor = visitor_of(request)
        asked = accounts_pb2.LogInRequest(email=email, password=form.get("password", ""), client=visitor.client())
        try:
            signed_in = await parts.accounts.log_in(asked)
        except forms.REFUSALS as error:
            return _page(parts, request, "login.html", forms.refusal(error, FIELDS), email, back)
        await begin_session(parts, visitor, signed_in)
        return redirect(local_path(back, HOME_OF_MEMBERS))

    @routes.post("/logout")
    async def log_out(request: Request) -> Response:
        await end_session(parts, visitor_of(request))
        return redirect("/login?done=out")

    return routes


def registration(visitor: Visitor, email: str, password: str) -> accounts_pb2.RegisterRequest:
    """With the guest of the visitor's cookie, whose views come along; a guest made for this very request has none."""
    request = accounts_pb2.RegisterRequest(email=email, password=password, client=visitor.client())
    if not visitor.guest_cookie and not visitor.is_bearer:
        guest = visitor.guest
        request.guest.CopyFrom(accounts_pb2.Guest(id=guest.id, issued_at=guest.issued_at))
    return request


async def begin_session(parts: Parts, visitor: Visitor, signed_in: accounts_pb2.SignedIn) -> None:
    """Sets the cookie of the new session, always of a new token; the one before it in this browser ends."""
    if visitor.member and visitor.member.session_id and not visitor.is_bearer:
        # Where that cannot be done, it ends by itself later; the visitor must not fail to log in by it.
        with contextlib.suppress(ServiceError):
            await parts.accounts.log_out(visitor.credential.decode("ascii"))
        parts.sessions.forget(visitor.member.account_id, visitor.member.session_id)
    visitor.cookies.append(parts.session_cookies.set(signed_in.token, signed_in.expires_at_ms, time.time()))


async def end_session(parts: Parts, visitor: Visitor) -> None:
    """Ends the session that the request came with, and leaves nothing of it in the browser."""
    if visitor.credential and not (visitor.member and visitor.member.api_key_id):
        await parts.accounts.log_out(visitor.credential.decode("latin-1"))
        if visitor.member:
            parts.sessions.forget(visitor.member.account_id, visitor.member.session_id)
    if not visitor.is_bearer:
        visitor.cookies += [parts.session_cookies.clear(), parts.receipts.cleared]


def _page(
    parts: Parts, request: Request, template: str, refusal: Refusal, email: str, back: str, done: str = ""
) -> Response:
    response = parts.private_page(
        request,
        template,
        status=refusal.status,
        refusal=refusal,
        email=email,
        back=local_path(back, ""),
        done=done,
        plan=parts.plans.first,
        offer=plans.offer(parts.plans.first),
        locked=parts.settings.sections_for_guests == "locked",
    )
    response.headers.update(refusal.headers)
    return response
