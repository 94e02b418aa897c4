"""What the routes are made of, put together once by `app.build`."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from fastapi import Request
from medcodes.catalog.v1 import catalog_pb2
from starlette.responses import Response

from services.common.errors import ServiceError

from ..answers import html_answer
from ..members.history import History
from ..members.plans import Plans
from ..members.sessions import SessionCookies, Sessions
from ..ports import Accounts, Catalog, Metering, Search, Shelf
from ..readiness import Readiness
from ..rendering.navigation import navigation
from ..rendering.templates import Templates
from ..service import Views
from ..settings import GatewaySettings
from ..static_files import StaticFiles
from ..visitors.receipts import Receipts
from ..visitors.visitor import Visitor
from .codes import CodeRoute

MOST_NAMED = 200

CodeNames = dict[tuple[str, str], catalog_pb2.CodeRef]


@dataclass(frozen=True, slots=True)
class Parts:
    settings: GatewaySettings
    catalog: Catalog
    metering: Metering
    search: Search
    accounts: Accounts
    shelf: Shelf
    sessions: Sessions
    session_cookies: SessionCookies
    receipts: Receipts
    plans: Plans
    history: History
    views: Views
    code_route: CodeRoute
    templates: Templates
    static: StaticFiles
    ready: Readiness

    def page(self, request: Request, template: str, /, *, status: int = 200, **values: object) -> Response:
        """A page with the visitor's own links at the top."""
        return html_answer(self._rendered(request, template, values), status)

    def private_page(self, request: Request, template: str, /, *, status: int = 200, **values: object) -> Response:
        """A page about an account, which nobody keeps."""
        return html_answer(self._rendered(request, template, values), status, private=True)

    async def code_names(self, codes: Iterable[tuple[str, str]]) -> CodeNames:
        """The codes as the current release has them; those that it has not are missing, and all if it is away."""
        wanted, found = list(dict.fromkeys(codes)), CodeNames()
        try:
            for begin in range(0, len(wanted), MOST_NAMED):
                found |= _by_code(await self.catalog.batch_get_codes(wanted[begin : begin + MOST_NAMED], ""))
        except ServiceError:
            return found
        return found

    async def known_code(self, system: str, code: str) -> None:
        """Raises NotFound (CODE_NOT_FOUND with near matches, SYSTEM_NOT_FOUND) for a code that the catalog has not."""
        if not await self.catalog.batch_get_codes([(system, code)], ""):
            # Only the question for its page names what is near.
            await self.catalog.get_code_page(system, code, "")

    def _rendered(self, request: Request, template: str, values: dict[str, object]) -> bytes:
        return self.templates.render(template, nav=navigation(visitor_of(request)), **values)


def visitor_of(request: Request) -> Visitor:
    visitor: Visitor = request.state.visitor
    return visitor


def _by_code(found: Sequence[catalog_pb2.CodeRef]) -> CodeNames:
    return {(ref.system, ref.code): ref for ref in found}
