"""What the codes come from: the current release and those kept for a rollback."""

from __future__ import annotations

import re
from typing import Annotated, Any

import orjson
from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse
from medcodes.catalog.v1 import catalog_pb2
from starlette.responses import Response

from .. import asks
from ..answers import json_answer
from ..problems import Problem
from ..rendering import change_json, change_words, code_json
from . import api_models
from .parts import Parts
from .responses import problem_responses

_ID = re.compile(r"[0-9a-fA-F]{64}")


def router(parts: Parts) -> APIRouter:
    routes = APIRouter()

    @routes.get(
        "/api/v1/releases",
        response_model=api_models.Releases,
        responses=problem_responses(401, 500, 503),
        tags=["releases"],
    )
    async def releases() -> Response:
        """The current release and those kept for a rollback, newest first, with every file and edition in them."""
        found = await parts.catalog.list_releases()
        return json_answer(orjson.dumps({"items": [_release(one) for one in found]}))

    @routes.get(
        "/api/v1/releases/{before}/diff/{after}",
        response_model=api_models.ReleaseDiff,
        responses=problem_responses(400, 401, 404, 422, 500, 503),
        tags=["releases"],
    )
    async def diff(
        before: str, after: str, cursor: str = "", limit: Annotated[int, Query(ge=1, le=500)] = 100
    ) -> Response:
        """Which codes differ between two kept releases, the earlier one first, and in which sections. Not metered."""
        if not (_ID.fullmatch(before) and _ID.fullmatch(after)):
            raise Problem("not-found", "A release is named by its 64 hexadecimal digits.")
        asked = asks.text("cursor", cursor, asks.MAX_CURSOR_LENGTH)
        found = await parts.catalog.diff_releases(before.lower(), after.lower(), asked, limit)
        counts = [
            {"system": one.system, "kind": change_words.kind(one.kind), "codes": one.codes} for one in found.counts
        ]
        document = {
            "before": before.lower(),
            "after": after.lower(),
            "counts": counts,
            "items": [change_json.changed_code(one) for one in found.items],
            "next_cursor": found.next_cursor or None,
        }
        return json_answer(orjson.dumps(document))

    @routes.get("/releases", response_class=HTMLResponse, include_in_schema=False)
    async def releases_page(request: Request) -> Response:
        return parts.page(request, "releases.html", releases=await parts.catalog.list_releases())

    return routes


def _release(found: catalog_pb2.Release) -> dict[str, Any]:
    return {
        "id": found.id,
        "current": found.current,
        "built_at": found.built_at,
        "rows": found.rows,
        "editions": [code_json.edition(one) for one in found.editions],
        "files": [_file(one) for one in found.files],
    }


def _file(found: catalog_pb2.ReleaseFile) -> dict[str, Any]:
    return {
        "name": found.name,
        "sha256": found.sha256,
        "data_set": found.data_set or None,
        "edition": found.edition or None,
        "rows": found.rows,
        "rejected": found.rejected,
        "state": found.state,
    }
