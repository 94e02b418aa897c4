"""What the codes come from: the current release and those kept for a rollback."""

from __future__ import annotations

from typing import Any

import orjson
from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse
from medcodes.catalog.v1 import catalog_pb2
from starlette.responses import Response

from .. import api_models
from ..answers import json_answer
from .parts import Parts
from .responses import problem_responses


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
        "editions": [_edition(one) for one in found.editions],
        "files": [_file(one) for one in found.files],
    }


def _edition(found: catalog_pb2.EditionRef) -> dict[str, Any]:
    return {
        "data_set": found.data_set,
        "edition": found.edition,
        "begins": found.begins or None,
        "ends": found.ends or None,
        "complete": found.complete,
        "outdated_since": found.outdated_since or None,
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
