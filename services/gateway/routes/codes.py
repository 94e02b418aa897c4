"""Code pages: the way that nearly every request takes, and its one price.

`/codes/{system}/{code}` and its JSON form do not go through the framework: they are answered by `CodeRoute`, in front
of it. The framework knows them only for the OpenAPI document (`code_documents.py`).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from medcodes.metering.v1 import metering_pb2

from .. import meters
from ..answers import HTML, JSON, PRIVATE, Answer, Header
from ..asks import CodeAsk
from ..members.code_shelves import CodeShelves
from ..members.history import History
from ..members.plans import Plans
from ..page_cache import RenderedPage
from ..rendering.navigation import navigation
from ..rendering.splice import Gap
from ..service import CodePages, SessionOver, Views
from ..visitors.receipts import HEADER
from ..visitors.visitor import Visitor

STALE: Header = (b"warning", b'110 medcodes "Response is Stale"')
STALE_NOTE = (
    b'<p class="notice" role="status">The catalog cannot be reached at the moment. '
    b"This page was kept from before and may be out of date.</p>"
)
# For search engines (schema.org, paywalled content). To the Content-Security-Policy it is data, not a script.
METERED = (
    b'<script type="application/ld+json">{"@context":"https://schema.org","@type":"WebPage","isAccessibleForFree":false,'
    b'"hasPart":{"@type":"WebPageElement","isAccessibleForFree":false,"cssSelector":".code-page"}}</script>'
)


@dataclass(frozen=True, slots=True)
class CodeRoute:
    """Answers with a code page. `catalog_is_away` tells whether a kept page may be out of date."""

    pages: CodePages
    views: Views
    plans: Plans
    shelves: CodeShelves
    history: History
    catalog_is_away: Callable[[], bool]

    async def answer(self, ask: CodeAsk, visitor: Visitor) -> Answer:
        """Raises a Problem or a ServiceError instead of an answer. What is raised cost nothing."""
        try:
            return await self._answer(ask, visitor)
        except SessionOver:
            return await self._answer(ask, visitor)

    async def _answer(self, ask: CodeAsk, visitor: Visitor) -> Answer:
        if visitor.member:
            visitor.member.check_scope("codes")
        elif visitor.away:
            raise visitor.away
        page = await self.pages.get(ask, self.pages.access(visitor))
        headers = [PRIVATE, *canonical_link(ask, page)]
        if visitor.is_head:
            return Answer(200, HTML if ask.format == "html" else JSON, b"", headers)
        result = await self.views.consume(visitor, page.system, page.code)
        headers += meters.headers(result.meter)
        if is_away := self.catalog_is_away():
            headers.append(STALE)
        if visitor.member and not visitor.is_prefetch:
            self.history.viewed(visitor.member, page.system, page.code)
        if ask.format == "html":
            return Answer(200, HTML, await self._html(ask, visitor, page, result, is_away=is_away), headers)
        if visitor.new_receipt:
            headers.append((HEADER, visitor.new_receipt))
        gaps = {
            Gap.ON: ask.on.encode(),
            Gap.METER: meters.as_json(result.meter, charged=result.charged, member=visitor.member),
        }
        return Answer(200, JSON, page.body.fill(gaps), headers)

    async def _html(
        self, ask: CodeAsk, visitor: Visitor, page: RenderedPage, result: metering_pb2.ViewResult, *, is_away: bool
    ) -> bytes:
        member = visitor.member
        gaps = {
            Gap.ON: ask.on.encode(),
            Gap.NOTICE: STALE_NOTE if is_away else b"",
            Gap.METER: meters.line(result.meter, member, self.plans.offer).encode(),
            Gap.NAV: navigation(visitor).encode(),
            Gap.METERED: METERED if not member and result.meter.HasField("limit") else b"",
            Gap.SHELF: await self.shelves.rendered(member, page.system, page.code) if member else b"",
        }
        return page.body.fill(gaps)


def canonical_link(ask: CodeAsk, page: RenderedPage) -> list[Header]:
    """Where the page stands, if the code was asked for in another spelling."""
    prefix = "" if ask.format == "html" else "/api/v1"
    path = f"{prefix}/codes/{page.system}/{page.code}"
    return [] if path == ask.path else [(b"link", b'<%s>; rel="canonical"' % path.encode())]
