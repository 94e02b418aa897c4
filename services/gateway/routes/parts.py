"""What the routes are made of, put together once by `app.build`."""

from __future__ import annotations

from dataclasses import dataclass

from fastapi import Request
from starlette.responses import Response

from ..answers import html_answer
from ..ports import Catalog, Metering, Search
from ..readiness import Readiness
from ..rendering.templates import Templates
from ..service import Views
from ..settings import GatewaySettings
from ..static_files import StaticFiles
from ..visitor import Visitor
from .codes import CodeRoute


@dataclass(frozen=True, slots=True)
class Parts:
    settings: GatewaySettings
    catalog: Catalog
    metering: Metering
    search: Search
    views: Views
    code_route: CodeRoute
    templates: Templates
    static: StaticFiles
    ready: Readiness

    @property
    def sections_locked(self) -> bool:
        return self.settings.sections_for_guests == "locked"

    def page(self, template: str, /, **values: object) -> Response:
        return html_answer(self.templates.render(template, **values))


def visitor_of(request: Request) -> Visitor:
    visitor: Visitor = request.state.visitor
    return visitor
