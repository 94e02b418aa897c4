"""The account's API keys."""

from __future__ import annotations

from fastapi import APIRouter, Request
from medcodes.accounts.v1 import accounts_pb2
from starlette.responses import Response

from services.common.errors import InvalidArgument

from .. import forms
from ..answers import redirect
from ..forms import Refusal
from ..members.member import SCOPES, Member
from .parts import Parts, visitor_of

MAX_NAME = 80
KEY_DAYS = (30, 90, 365, 0)
FIELDS = {"name": "The name", "scopes": "What it may do", "expires_in_days": "The time"}


def router(parts: Parts) -> APIRouter:
    routes = APIRouter(include_in_schema=False)

    @routes.get("/account/api-keys")
    async def api_keys(request: Request, done: str = "") -> Response:
        return await _keys_page(parts, request, visitor_of(request).with_session(), done=done)

    @routes.post("/account/api-keys")
    async def create_api_key(request: Request) -> Response:
        member = visitor_of(request).with_session()
        form = await forms.read(request)
        scopes = [scope for scope in SCOPES if form.get(f"scope-{scope}")]
        try:
            days = _days(form.get("expires_in_days", ""))
            created = await parts.accounts.create_api_key(
                accounts_pb2.CreateApiKeyRequest(
                    account_id=member.account_id,
                    name=forms.only_text("name", form.get("name", ""), MAX_NAME),
                    scopes=scopes,
                    expires_in_days=days,
                )
            )
        except forms.REFUSALS as error:
            return await _keys_page(
                parts, request, member, refusal=forms.refusal(error, FIELDS), name=form.get("name", ""), chosen=scopes
            )
        return await _keys_page(parts, request, member, created=created)

    @routes.post("/account/api-keys/{api_key_id}/revoke")
    async def revoke_api_key(request: Request, api_key_id: str) -> Response:
        member = visitor_of(request).with_session()
        await parts.accounts.revoke_api_key(member.account_id, api_key_id)
        parts.sessions.forget(member.account_id, api_key_id)
        return redirect("/account/api-keys?done=revoked")

    return routes


async def _keys_page(
    parts: Parts,
    request: Request,
    member: Member,
    *,
    refusal: Refusal | None = None,
    created: accounts_pb2.CreateApiKeyResponse | None = None,
    name: str = "",
    chosen: list[str] | None = None,
    done: str = "",
) -> Response:
    """With the key that was just made, this once."""
    refusal = refusal or Refusal()
    return parts.private_page(
        request,
        "account_api_keys.html",
        status=refusal.status,
        refusal=refusal,
        keys=await parts.accounts.list_api_keys(member.account_id),
        created=created,
        name=name,
        scopes=SCOPES,
        chosen=SCOPES if chosen is None else chosen,
        days=KEY_DAYS,
        done=done,
    )


def _days(given: str) -> int:
    if not given.isdigit() or int(given) > 3650:
        raise InvalidArgument("not a number of days", fields={"expires_in_days": "is not a number of days up to 3650"})
    return int(given)
