"""Deleting the account, and the proof that it is done."""

from __future__ import annotations

from fastapi import APIRouter, Request
from medcodes.accounts.v1 import accounts_pb2
from starlette.responses import Response

from services.common.errors import InvalidArgument, NotFound, Unauthenticated

from .. import forms
from ..answers import redirect
from ..forms import Refusal
from ..problems import Problem
from .parts import Parts, visitor_of

FIELDS = {"password": "The password"}
CONFIRMATION = "delete"


def router(parts: Parts) -> APIRouter:
    routes = APIRouter(include_in_schema=False)

    @routes.get("/account/delete")
    async def delete_page(request: Request) -> Response:
        visitor_of(request).with_session()
        return parts.private_page(request, "account_delete.html", refusal=Refusal())

    @routes.post("/account/delete")
    async def delete(request: Request) -> Response:
        visitor = visitor_of(request)
        member = visitor.with_session()
        form = await forms.read(request)
        if form.get("confirmation", "").strip().lower() != CONFIRMATION:
            refusal = Refusal(422, {"confirmation": f"Type “{CONFIRMATION}” to confirm."})
            return parts.private_page(request, "account_delete.html", status=422, refusal=refusal)
        try:
            deletion = await parts.accounts.delete_account(
                accounts_pb2.DeleteAccountRequest(
                    account_id=member.account_id, password=form.get("password", ""), client=visitor.client()
                )
            )
        except forms.REFUSALS as error:
            refusal = forms.refusal(error, FIELDS)
            if isinstance(error, Unauthenticated):
                refusal = Refusal(422, {"password": "This is not the password."})
            return parts.private_page(request, "account_delete.html", status=refusal.status, refusal=refusal)
        parts.sessions.forget(member.account_id)
        visitor.cookies += [parts.session_cookies.clear(), parts.receipts.cleared]
        return redirect(f"/deletions/{deletion.id}")

    @routes.get("/deletions/{deletion_id}")
    async def deletion_page(request: Request, deletion_id: str) -> Response:
        try:
            found = await parts.accounts.get_deletion(deletion_id)
        except (NotFound, InvalidArgument):
            raise Problem("not-found", "There is no deletion of this number.") from None
        return parts.private_page(request, "deletion.html", deletion=found)

    return routes
