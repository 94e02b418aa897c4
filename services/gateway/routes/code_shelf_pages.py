"""Forms on a code page: save the code, take it out, keep a note."""

from __future__ import annotations

from urllib.parse import quote

from fastapi import APIRouter, Request
from starlette.responses import Response

from .. import asks, forms
from ..answers import redirect
from ..visitors.origins import local_path
from .parts import Parts, visitor_of
from .shelf_pages import MAX_LIST_NAME

MAX_NOTE = 4000


def router(parts: Parts) -> APIRouter:
    routes = APIRouter(include_in_schema=False)

    @routes.post("/codes/{system}/{code}/save")
    async def save(request: Request, system: str, code: str) -> Response:
        """Into a list, into a new one, or into the first one; then back to where the form was."""
        member = visitor_of(request).with_scope("shelf")
        form = await forms.read(request)
        stored_system, stored_code = asks.system(system), asks.code(code)
        await parts.known_code(stored_system, stored_code)
        list_id = form.get("list_id", "")
        if list_id == "new":
            name = forms.only_text("name", form.get("name", ""), MAX_LIST_NAME)
            list_id = (await parts.shelf.create_list(member.account_id, name)).id if name else ""
        await parts.shelf.save_code(member.account_id, list_id, stored_system, stored_code)
        return _back(form, stored_system, stored_code)

    @routes.post("/codes/{system}/{code}/remove")
    async def remove(request: Request, system: str, code: str) -> Response:
        member = visitor_of(request).with_scope("shelf")
        form = await forms.read(request)
        stored_system, stored_code = asks.system(system), asks.code(code)
        await parts.shelf.remove_code(member.account_id, form.get("list_id", ""), stored_system, stored_code)
        return _back(form, stored_system, stored_code)

    @routes.post("/codes/{system}/{code}/note")
    async def note(request: Request, system: str, code: str) -> Response:
        member = visitor_of(request).with_scope("shelf")
        form = await forms.read(request)
        stored_system, stored_code = asks.system(system), asks.code(code)
        text = forms.only_text("text", form.get("text", ""), MAX_NOTE, lines=True)
        await parts.shelf.set_note(member.account_id, stored_system, stored_code, text)
        return _back(form, stored_system, stored_code)

    return routes


def _back(form: dict[str, str], system: str, code: str) -> Response:
    return redirect(local_path(form.get("next", ""), f"/codes/{quote(system)}/{quote(code)}#shelf"))
