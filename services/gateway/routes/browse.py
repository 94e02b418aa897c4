"""Browsing a code system from the top down."""

from __future__ import annotations

from typing import Annotated

import orjson
from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse
from medcodes.catalog.v1 import catalog_pb2
from starlette.responses import Response

from .. import asks
from ..answers import json_answer
from ..rendering import code_json
from . import api_models
from .code_documents import System
from .parts import Parts
from .responses import problem_responses

Parent = Annotated[str, Query(description="A chapter, block, range or code; without it the top of the code system.")]
Range = Annotated[str, Query(alias="range", description="A range of codes instead of a parent: 27250-27254.")]
MAX_PARENT_LENGTH = 40


def router(parts: Parts) -> APIRouter:
    routes = APIRouter()

    @routes.get(
        "/api/v1/codes/{system}",
        response_model=api_models.CodeList,
        responses=problem_responses(400, 401, 404, 422, 500, 503),
        tags=["codes"],
    )
    async def list_codes(
        system: System,
        parent: Parent = "",
        code_range: Range = "",
        cursor: str = "",
        limit: Annotated[int, Query(ge=1, le=500)] = 100,
    ) -> Response:
        """The codes and groups below a parent. Not metered."""
        found = await parts.catalog.list_codes(_ask(system, parent, code_range, cursor, limit))
        document = {"items": [code_json.code_ref(ref) for ref in found.items], "next_cursor": found.next_cursor or None}
        return json_answer(orjson.dumps(document))

    @routes.get("/codes", response_class=HTMLResponse, include_in_schema=False)
    async def systems_page(request: Request) -> Response:
        found = await parts.catalog.list_code_systems()
        return parts.page(request, "systems.html", systems=found.systems)

    @routes.get("/codes/{system}", response_class=HTMLResponse, include_in_schema=False)
    async def browse_page(
        request: Request, system: System, parent: Parent = "", code_range: Range = "", cursor: str = ""
    ) -> Response:
        asked = _ask(system, parent, code_range, cursor, 200)
        found = await parts.catalog.list_codes(asked)
        return parts.page(
            request,
            "browse.html",
            system=asked.system,
            parent=asked.parent,
            code_range=asked.range,
            path=found.path,
            items=found.items,
            next_cursor=found.next_cursor,
            is_first=not asked.cursor,
        )

    return routes


def _ask(system: str, parent: str, code_range: str, cursor: str, limit: int) -> catalog_pb2.ListCodesRequest:
    return catalog_pb2.ListCodesRequest(
        system=asks.system(system),
        parent=asks.text("parent", parent, MAX_PARENT_LENGTH),
        range=asks.text("range", code_range, MAX_PARENT_LENGTH),
        cursor=asks.text("cursor", cursor, asks.MAX_CURSOR_LENGTH),
        limit=limit,
    )
