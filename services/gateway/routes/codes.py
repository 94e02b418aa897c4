"""Code pages: the way that nearly every request takes, and its one price.

`/codes/{system}/{code}` and its JSON form do not go through the framework: they are answered by `CodeRoute`, in front
of it. The framework knows them only for the OpenAPI document (`code_documents.py`).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from .. import meters
from ..answers import HTML, JSON, PRIVATE, Answer, Header
from ..asks import CodeAsk
from ..page_cache import RenderedPage
from ..problems import Problem
from ..rendering.splice import Gap
from ..service import CodePages, Views
from ..visitor import Visitor

STALE: Header = (b"warning", b'110 medcodes "Response is Stale"')
STALE_NOTE = (
    b'<p class="notice" role="status">The catalog cannot be reached at the moment. '
    b"This page was kept from before and may be out of date.</p>"
)


@dataclass(frozen=True, slots=True)
class CodeRoute:
    """Answers with a code page. `catalog_is_away` tells whether a kept page may be out of date."""

    pages: CodePages
    views: Views
    registered_views: int
    catalog_is_away: Callable[[], bool]

    async def answer(self, ask: CodeAsk, visitor: Visitor) -> Answer:
        """Raises a Problem or a ServiceError instead of an answer. What is raised cost nothing."""
        if visitor.has_authorization:
            raise unauthorized()
        page = await self.pages.get(ask)
        is_html = ask.format == "html"
        headers = [PRIVATE]
        if (canonical := _canonical(ask, page)) != ask.path:
            headers.append((b"link", b'<%s>; rel="canonical"' % canonical.encode()))
        if visitor.is_head:
            return Answer(200, HTML if is_html else JSON, b"", headers)
        result = await self.views.consume(visitor, page.system, page.code)
        headers += meters.headers(result.meter)
        if is_away := self.catalog_is_away():
            headers.append(STALE)
        gaps = {Gap.ON: ask.on.encode(), Gap.NOTICE: STALE_NOTE if is_away else b""}
        if is_html:
            gaps[Gap.METER] = meters.line(result.meter, self.registered_views).encode()
            return Answer(200, HTML, page.body.fill(gaps), headers)
        gaps[Gap.METER] = meters.as_json(result.meter, charged=result.charged)
        return Answer(200, JSON, page.body.fill(gaps), headers)


def unauthorized() -> Problem:
    """There are no accounts on this server yet, so no credentials are valid."""
    return Problem("unauthorized", "The Authorization header holds no valid credentials.")


def _canonical(ask: CodeAsk, page: RenderedPage) -> str:
    prefix = "" if ask.format == "html" else "/api/v1"
    return f"{prefix}/codes/{page.system}/{page.code}"
