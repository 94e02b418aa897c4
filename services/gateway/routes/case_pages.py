"""Case text to codes, as a page. The note goes by POST: it stands in no address, and nobody keeps the answer."""

from __future__ import annotations

from fastapi import APIRouter, Request
from starlette.responses import Response

from services.common.errors import ServiceError

from .. import forms
from ..problems import Problem, from_service
from ..rendering.case_view import view
from .case_documents import MAX_NOTE_BYTES, case_ask
from .parts import Parts, visitor_of

PATH = "/lookup"
DEFAULT_SETTING = "outpatient"
# Said on the page itself, with the note still in its field.
_SAID_THERE = ("malformed", "unacceptable", "unavailable")


def router(parts: Parts) -> APIRouter:
    routes = APIRouter(include_in_schema=False)

    @routes.get(PATH)
    async def form(request: Request) -> Response:
        return _page(parts, request, {"text": "", "setting": DEFAULT_SETTING, "on": ""})

    @routes.post(PATH)
    async def look_up(request: Request) -> Response:
        given = await forms.read(request)
        case = {
            "text": given.get("text", "").replace("\r\n", "\n"),
            "setting": given.get("setting", DEFAULT_SETTING),
            "on": given.get("on", "").strip(),
        }
        try:
            found = await parts.search.case_lookup(case_ask(visitor_of(request), **case))
        except (Problem, ServiceError) as error:
            problem = error if isinstance(error, Problem) else from_service(error)
            if problem.type.name not in _SAID_THERE:
                raise
            return _page(parts, request, case, problem)
        return parts.private_page(
            request, "lookup.html", case=case, found=view(case["text"], found), problem=None, most=MAX_NOTE_BYTES
        )

    return routes


def _page(parts: Parts, request: Request, case: dict[str, str], problem: Problem | None = None) -> Response:
    response = parts.private_page(
        request,
        "lookup.html",
        status=problem.status if problem else 200,
        case=case,
        found=None,
        problem=problem,
        most=MAX_NOTE_BYTES,
    )
    if problem:
        response.headers.update(problem.headers)
    return response
