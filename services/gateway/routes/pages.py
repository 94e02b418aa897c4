"""Pages around the codes: home, privacy, what is to come, and what problems mean."""

from __future__ import annotations

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse
from markupsafe import Markup
from medcodes.catalog.v1 import catalog_pb2
from starlette.responses import Response

from services.common.errors import ServiceError

from .. import meters
from ..problems import TYPES, Problem
from ..visitors.visitor import Visitor
from .parts import Parts, visitor_of


def router(parts: Parts) -> APIRouter:
    routes = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)

    @routes.get("/")
    async def home(request: Request) -> Response:
        systems, is_away = await _systems(parts)
        meter = await _meter_line(parts, visitor_of(request))
        return parts.page(request, "home.html", systems=systems, is_away=is_away, meter=meter)

    @routes.get("/assistant")
    async def assistant(request: Request, code: str = "") -> Response:
        return parts.page(request, "assistant.html", code=code[:40])

    @routes.get("/privacy")
    async def privacy(request: Request) -> Response:
        return parts.page(request, "privacy.html")

    @routes.get("/problems")
    async def problem_types(request: Request) -> Response:
        return parts.page(request, "problem_types.html", types=list(TYPES.values()))

    @routes.get("/problems/{name}")
    async def problem_type(request: Request, name: str) -> Response:
        if name not in TYPES:
            raise Problem("not-found", "There is no problem of this name.")
        return parts.page(request, "problem_types.html", types=[TYPES[name]])

    return routes


async def _systems(parts: Parts) -> tuple[list[catalog_pb2.CodeSystem], bool]:
    """The code systems, and whether the catalog could not be asked for them."""
    try:
        return list((await parts.catalog.list_code_systems()).systems), False
    except ServiceError:
        return [], True


async def _meter_line(parts: Parts, visitor: Visitor) -> Markup:
    """The meter line, or nothing: a home page is worth showing without it."""
    try:
        found = await parts.metering.get_meter(visitor.subject())
    except ServiceError:
        return Markup()
    return meters.line(found, visitor.member, parts.plans.offer)
