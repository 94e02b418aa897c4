"""A member's shelf in JSON. An API key needs the scope `shelf`."""

from __future__ import annotations

from typing import Any

import orjson
from fastapi import APIRouter, Request
from medcodes.accounts.v1 import shelf_pb2
from starlette.responses import Response

from .. import asks, forms
from ..answers import json_answer, nothing
from ..moments import iso
from ..visitors.visitor import Visitor
from . import account_models
from .account_documents import JSON_BODY
from .code_documents import Code, System
from .code_shelf_pages import MAX_NOTE
from .parts import Parts, visitor_of
from .responses import problem_responses
from .shelf_pages import MAX_LIST_NAME

TAGS: list[Any] = ["shelf"]
READ = problem_responses(401, 403, 500, 503)
CHANGE = problem_responses(401, 403, 404, 409, 422, 500, 503)
CHANGE_BY_BODY = problem_responses(400, 401, 403, 404, 409, 415, 422, 500, 503)


def router(parts: Parts) -> APIRouter:
    routes = APIRouter(tags=TAGS)

    @routes.get("/api/v1/account/lists", response_model=account_models.SavedLists, responses=READ)
    async def lists(request: Request) -> Response:
        """The saved codes, list by list."""
        found = await parts.shelf.get_shelf(shelf_account(visitor_of(request)))
        return private({"items": [_list(one) for one in found.lists]})

    @routes.post(
        "/api/v1/account/lists",
        status_code=201,
        response_model=account_models.SavedList,
        responses=CHANGE_BY_BODY,
        dependencies=JSON_BODY,
    )
    async def create_list(request: Request, wanted: account_models.ListName) -> Response:
        """A new list."""
        account_id = shelf_account(visitor_of(request))
        name = forms.only_text("name", wanted.name, MAX_LIST_NAME)
        return private(_list(await parts.shelf.create_list(account_id, name)), 201)

    @routes.patch(
        "/api/v1/account/lists/{list_id}",
        response_model=account_models.SavedList,
        responses=CHANGE_BY_BODY,
        dependencies=JSON_BODY,
    )
    async def rename_list(request: Request, list_id: str, wanted: account_models.ListName) -> Response:
        """Gives a list another name."""
        account_id = shelf_account(visitor_of(request))
        name = forms.only_text("name", wanted.name, MAX_LIST_NAME)
        return private(_list(await parts.shelf.rename_list(account_id, list_id, name)))

    @routes.delete("/api/v1/account/lists/{list_id}", status_code=204, responses=CHANGE)
    async def delete_list(request: Request, list_id: str) -> Response:
        """Deletes a list with its saved codes."""
        await parts.shelf.delete_list(shelf_account(visitor_of(request)), list_id)
        return nothing()

    @routes.put("/api/v1/account/lists/{list_id}/codes/{system}/{code}", status_code=204, responses=CHANGE)
    async def save_code(request: Request, list_id: str, system: System, code: Code) -> Response:
        """Saves a code into a list; `-` for the first list. Saving twice is no error."""
        account_id = shelf_account(visitor_of(request))
        stored_system, stored_code = asks.system(system), asks.code(code)
        await parts.known_code(stored_system, stored_code)
        await parts.shelf.save_code(account_id, _list_id(list_id), stored_system, stored_code)
        return nothing()

    @routes.delete("/api/v1/account/lists/{list_id}/codes/{system}/{code}", status_code=204, responses=CHANGE)
    async def remove_code(request: Request, list_id: str, system: System, code: Code) -> Response:
        """Takes a code out of a list; `-` for every list."""
        account_id = shelf_account(visitor_of(request))
        await parts.shelf.remove_code(account_id, _list_id(list_id), asks.system(system), asks.code(code))
        return nothing()

    @routes.get("/api/v1/account/notes", response_model=account_models.Notes, responses=READ)
    async def notes(request: Request) -> Response:
        """The private notes."""
        found = await parts.shelf.get_shelf(shelf_account(visitor_of(request)))
        return private({"items": [_note(note) for note in found.notes]})

    @routes.put(
        "/api/v1/account/notes/{system}/{code}", status_code=204, responses=CHANGE_BY_BODY, dependencies=JSON_BODY
    )
    async def set_note(request: Request, system: System, code: Code, note: account_models.NoteText) -> Response:
        """Writes the note on a code; an empty text removes it."""
        account_id = shelf_account(visitor_of(request))
        text = forms.only_text("text", note.text, MAX_NOTE, lines=True)
        await parts.shelf.set_note(account_id, asks.system(system), asks.code(code), text)
        return nothing()

    @routes.delete("/api/v1/account/notes/{system}/{code}", status_code=204, responses=CHANGE)
    async def remove_note(request: Request, system: System, code: Code) -> Response:
        """Removes the note on a code."""
        await parts.shelf.set_note(shelf_account(visitor_of(request)), asks.system(system), asks.code(code), "")
        return nothing()

    return routes


def shelf_account(visitor: Visitor) -> str:
    return visitor.with_scope("shelf").account_id


def _list_id(given: str) -> str:
    return "" if given == "-" else given


def private(document: dict[str, Any], status: int = 200) -> Response:
    return json_answer(orjson.dumps(document), status=status, private=True)


def _list(found: shelf_pb2.SavedList) -> dict[str, Any]:
    codes = [{"system": one.system, "code": one.code, "saved_at": iso(one.saved_at_ms)} for one in found.codes]
    return {"id": found.id, "name": found.name, "codes": codes}


def _note(found: shelf_pb2.Note) -> dict[str, Any]:
    return {
        "system": found.system,
        "code": found.code,
        "text": found.text,
        "updated_at": iso(found.updated_at_ms),
    }
