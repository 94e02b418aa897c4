"""Case text to codes, in JSON."""

from __future__ import annotations

from typing import Any

import orjson
from fastapi import APIRouter, Depends, Request
from medcodes.search.v1 import search_pb2
from starlette.responses import Response

from .. import asks, forms
from ..answers import json_answer
from ..problems import refused
from ..rendering import case_json
from ..visitors.visitor import Visitor
from . import case_models
from .parts import Parts, visitor_of
from .responses import problem_responses

MAX_NOTE_BYTES = 20_000
TAGS: list[Any] = ["search"]


def router(parts: Parts) -> APIRouter:
    routes = APIRouter(tags=TAGS)

    @routes.post(
        "/api/v1/case-lookup",
        response_model=case_models.CodedCase,
        responses=problem_responses(400, 401, 403, 413, 415, 422, 500, 503),
        dependencies=[Depends(forms.require_json)],
    )
    async def case_lookup(request: Request, case: case_models.CaseText) -> Response:
        """The codes for a note, each with the part of the text that it stands on. Not metered; the text is neither
        stored nor logged."""
        found = await parts.search.case_lookup(case_ask(visitor_of(request), case.text, case.setting, case.on))
        return json_answer(orjson.dumps(case_json.document(found)), private=True)

    return routes


def case_ask(visitor: Visitor, text: str, setting: str, on: str) -> search_pb2.CaseLookupRequest:
    """What search is asked. Raises a Problem that names the field; nothing of the text is in it."""
    if visitor.member:
        visitor.member.check_scope("search")
    if not text.strip():
        raise refused("unacceptable", {"text": "is empty"})
    try:
        size = len(text.encode())
    except UnicodeEncodeError:
        raise refused("malformed", {"text": "holds half a character"}) from None
    if size > MAX_NOTE_BYTES:
        raise refused("unacceptable", {"text": f"is longer than {MAX_NOTE_BYTES} bytes"})
    if setting not in case_json.SETTINGS:
        raise refused("unacceptable", {"setting": f"is none of {', '.join(case_json.SETTINGS)}"})
    return search_pb2.CaseLookupRequest(text=text, setting=case_json.SETTINGS[setting], on=asks.on(on))
