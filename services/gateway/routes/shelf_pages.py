"""A member's shelf: saved codes in lists, and notes."""

from __future__ import annotations

from fastapi import APIRouter, Request
from medcodes.accounts.v1 import shelf_pb2
from starlette.responses import Response

from .. import forms
from ..answers import redirect
from ..forms import Refusal
from ..members.member import Member
from .parts import Parts, visitor_of

MAX_LIST_NAME = 80
FIELDS = {"name": "The name"}


def router(parts: Parts) -> APIRouter:
    routes = APIRouter(include_in_schema=False)

    @routes.get("/account/shelf")
    async def shelf(request: Request, done: str = "") -> Response:
        return await _shelf_page(parts, request, visitor_of(request).with_scope("shelf"), Refusal(), done)

    @routes.post("/account/lists")
    async def create_list(request: Request) -> Response:
        member = visitor_of(request).with_scope("shelf")
        name = forms.only_text("name", (await forms.read(request)).get("name", ""), MAX_LIST_NAME)
        try:
            await parts.shelf.create_list(member.account_id, name)
        except forms.REFUSALS as error:
            return await _shelf_page(parts, request, member, forms.refusal(error, FIELDS), "")
        return redirect("/account/shelf?done=list")

    @routes.post("/account/lists/{list_id}/rename")
    async def rename_list(request: Request, list_id: str) -> Response:
        member = visitor_of(request).with_scope("shelf")
        name = forms.only_text("name", (await forms.read(request)).get("name", ""), MAX_LIST_NAME)
        try:
            await parts.shelf.rename_list(member.account_id, list_id, name)
        except forms.REFUSALS as error:
            return await _shelf_page(parts, request, member, forms.refusal(error, FIELDS), "")
        return redirect("/account/shelf?done=list")

    @routes.post("/account/lists/{list_id}/delete")
    async def delete_list(request: Request, list_id: str) -> Response:
        member = visitor_of(request).with_scope("shelf")
        await parts.shelf.delete_list(member.account_id, list_id)
        return redirect("/account/shelf?done=deleted")

    return routes


async def _shelf_page(parts: Parts, request: Request, member: Member, refusal: Refusal, done: str) -> Response:
    shelf: shelf_pb2.Shelf = await parts.shelf.get_shelf(member.account_id)
    saved = [(code.system, code.code) for one in shelf.lists for code in one.codes]
    names = await parts.code_names([*saved, *((note.system, note.code) for note in shelf.notes)])
    return parts.private_page(
        request, "account_shelf.html", status=refusal.status, refusal=refusal, shelf=shelf, names=names, done=done
    )
