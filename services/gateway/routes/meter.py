"""What the visitor has left."""

from __future__ import annotations

from fastapi import APIRouter, Request
from starlette.responses import Response

from services.common.errors import ServiceError

from .. import meters
from ..answers import json_answer
from ..problems import Problem
from . import api_models
from .parts import Parts, visitor_of
from .responses import problem_responses


def router(parts: Parts) -> APIRouter:
    routes = APIRouter()

    @routes.get(
        "/api/v1/meter", response_model=api_models.Meter, responses=problem_responses(401, 500, 503), tags=["meter"]
    )
    async def meter(request: Request) -> Response:
        """What the caller may view in all, has viewed, and has left. Never charged."""
        visitor = visitor_of(request)
        subject = visitor.subject()
        try:
            found = await parts.metering.get_meter(subject)
        except ServiceError:
            raise Problem("meter-unavailable", "The meter cannot be read at the moment.") from None
        return json_answer(meters.as_json(found, charged=False, member=visitor.member), meters.headers(found))

    return routes
