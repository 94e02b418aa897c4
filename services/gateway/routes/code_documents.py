"""Code pages and their sections as the framework knows them."""

from __future__ import annotations

from typing import Annotated

import orjson
from fastapi import APIRouter, Path, Query, Request
from fastapi.responses import HTMLResponse
from markupsafe import Markup
from medcodes.catalog.v1 import catalog_pb2
from medcodes.metering.v1 import metering_pb2
from starlette.responses import Response

from .. import asks, meters
from ..answers import json_answer
from ..problems import Problem, refused
from ..rendering import code_json, names, section_view
from ..service import SessionOver
from ..visitors.receipts import HEADER
from ..visitors.visitor import Visitor
from . import api_models
from .parts import Parts, visitor_of
from .responses import problem_responses

System = Annotated[str, Path(description="Code system: icd10cm, hcpcs, cpt, ...")]
Code = Annotated[str, Path(description="A code in any spelling: dots, spaces and lower case are accepted.")]
On = Annotated[
    str,
    Query(
        description="Date of service (2025-11-01). Without it each data set answers from its newest complete edition.",
        json_schema_extra={"format": "date"},
    ),
]
PROBLEMS = problem_responses(400, 401, 403, 404, 422, 429, 500, 503)
SECTION_ENTRIES = 100


def router(parts: Parts) -> APIRouter:
    routes = APIRouter()

    @routes.get("/api/v1/codes/{system}/{code}", response_model=api_models.CodePage, responses=PROBLEMS, tags=["codes"])
    @routes.get("/codes/{system}/{code}", response_class=HTMLResponse, include_in_schema=False)
    async def code_page(request: Request, system: System, code: Code, on: On = "") -> Response:
        """A code page: descriptions, place in the hierarchy, six sections. Costs one view, once for each code."""
        ask = asks.code_ask(request.scope["path"], request.scope["query_string"])
        if ask is None:
            raise Problem("not-found", "Nothing is served under this address.")
        return (await parts.code_route.answer(ask, visitor_of(request))).response()

    @routes.get(
        "/api/v1/codes/{system}/{code}/sections/{section}",
        response_model=api_models.SectionPage,
        responses=PROBLEMS,
        tags=["codes"],
    )
    async def section(
        request: Request, system: System, code: Code, section: str, on: On = "", cursor: str = "", q: str = ""
    ) -> Response:
        """The entries of one section, page by page; with `q` those that contain a text. Covered by the page's view."""
        asked = _section_ask(system, code, section, on, cursor, q)
        found, view = await _open_section(parts, asked, visitor_of(request))
        visitor = visitor_of(request)
        headers = [] if view is None else meters.headers(view.meter)
        if visitor.new_receipt:
            headers.append((HEADER, visitor.new_receipt))
        meter = None if view is None else meters.as_dict(view.meter, charged=view.charged, member=visitor.member)
        return json_answer(orjson.dumps({**code_json.section(found.section), "meter": meter}), headers)

    @routes.get("/codes/{system}/{code}/sections/{section}", response_class=HTMLResponse, include_in_schema=False)
    async def section_page(
        request: Request, system: System, code: Code, section: str, on: On = "", cursor: str = "", q: str = ""
    ) -> Response:
        asked = _section_ask(system, code, section, on, cursor, q)
        visitor = visitor_of(request)
        found, view = await _open_section(parts, asked, visitor)
        return parts.page(
            request,
            "section.html",
            system=asked.system,
            code=found.code,
            section=section_view.view(found.section, section_view.number_of(section), locked=False, fold=False),
            on=asked.on,
            q=asked.q,
            is_first=not asked.cursor,
            meter=Markup() if view is None else meters.line(view.meter, visitor.member, parts.plans.offer),
        )

    return routes


def _section_ask(system: str, code: str, section: str, on: str, cursor: str, q: str) -> catalog_pb2.GetSectionRequest:
    if section not in names.SECTIONS:
        raise refused("unacceptable", {"section": f"is none of {', '.join(names.SECTIONS)}"})
    return catalog_pb2.GetSectionRequest(
        system=asks.system(system),
        code=asks.code(code),
        on=asks.on(on),
        section=section,
        cursor=asks.text("cursor", cursor, asks.MAX_CURSOR_LENGTH),
        q=asks.text("q", q),
        limit=SECTION_ENTRIES,
    )


async def _open_section(
    parts: Parts, asked: catalog_pb2.GetSectionRequest, visitor: Visitor
) -> tuple[catalog_pb2.GetSectionResponse, metering_pb2.ViewResult | None]:
    """The section first, then its view, so that an error costs nothing; no view for HEAD."""
    _check_open(parts, visitor)
    found = await parts.catalog.get_section(asked)
    if visitor.is_head:
        return found, None
    try:
        return found, await parts.views.consume(visitor, asked.system, found.code)
    except SessionOver:
        _check_open(parts, visitor)
        return found, await parts.views.consume(visitor, asked.system, found.code)


def _check_open(parts: Parts, visitor: Visitor) -> None:
    """Raises a Problem where the sections are not for this visitor, and what accounts said where that is not known."""
    if visitor.member:
        visitor.member.check_scope("codes")
    elif visitor.away:
        raise visitor.away
    if parts.code_route.pages.access(visitor) != "open":
        raise Problem("registration-required", "This section is for registered users.")
