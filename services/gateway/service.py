"""The gateway's use case that costs: a code page is fetched first, then its view is consumed."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import date

from medcodes.catalog.v1 import catalog_pb2
from medcodes.metering.v1 import metering_pb2
from prometheus_client import Counter

from . import meters
from .asks import CodeAsk
from .guests import GuestCookies
from .page_cache import Access, PageCache, PageKey, RenderedPage
from .ports import Catalog, Metering
from .problems import Problem
from .rendering.splice import Spliced
from .visitor import Visitor

Render = Callable[[catalog_pb2.CodePage, PageKey], Spliced]

_views = Counter("gateway_views", "Code page views by outcome.", ["outcome"])
_pages = Counter("gateway_pages", "Code pages by where they came from.", ["origin"])
_from_cache, _from_catalog = _pages.labels("cache"), _pages.labels("catalog")
_outcomes = {
    value: _views.labels(name.removeprefix("VIEW_OUTCOME_").lower()) for name, value in metering_pb2.ViewOutcome.items()
}


class CodePages:
    """Code pages, rendered once for each interval in which they stay the same, and fetched once by however many ask
    at the same moment."""

    def __init__(
        self, catalog: Catalog, cache: PageCache, render: Render, access: Access, today: Callable[[], date]
    ) -> None:
        self._catalog, self._cache, self._render = catalog, cache, render
        self._access, self._today = access, today
        self._under_way: dict[tuple[PageKey, str], asyncio.Task[RenderedPage]] = {}

    async def get(self, ask: CodeAsk) -> RenderedPage:
        """Raises what the catalog raises."""
        key = PageKey(ask.system, ask.code, ask.format, self._access, bool(ask.on))
        day = ask.on or self._today().isoformat()
        if page := self._cache.get(key, day):
            _from_cache.inc()
            return page
        fetching = self._under_way.get((key, day))
        if fetching is None:
            fetching = asyncio.create_task(self._fetch(key, ask.on))
            self._under_way[key, day] = fetching
            fetching.add_done_callback(lambda _: self._under_way.pop((key, day)))
        # Others may wait for the same page: one who goes away must not take it from them.
        return await asyncio.shield(fetching)

    async def _fetch(self, key: PageKey, on: str) -> RenderedPage:
        _from_catalog.inc()
        found = await self._catalog.get_code_page(key.system, key.code, on)
        page = RenderedPage(
            found.release, found.system, found.code, found.same_from, found.same_to, self._render(found, key)
        )
        self._cache.put(key, page)
        return page


class Views:
    """Decides whether a visitor may see a code page, by asking metering."""

    def __init__(self, metering: Metering, cookies: GuestCookies) -> None:
        self._metering, self._cookies = metering, cookies

    async def consume(self, visitor: Visitor, system: str, code: str) -> metering_pb2.ViewResult:
        """The granted view. Raises a Problem if there is none: no views left, or a mere prefetch of a new page."""
        result = await self._ask(visitor, system, code)
        if result.outcome == metering_pb2.VIEW_OUTCOME_EXPIRED:
            # Metering's clock says that the cookie is worth nothing: the visitor is a new guest.
            visitor.renew(self._cookies)
            result = await self._ask(visitor, system, code)
        if result.outcome == metering_pb2.VIEW_OUTCOME_GRANTED:
            return result
        raise _not_granted(result, visitor)

    async def _ask(self, visitor: Visitor, system: str, code: str) -> metering_pb2.ViewResult:
        request = metering_pb2.ViewRequest(
            subject=visitor.subject(),
            system=system,
            code=code,
            request_id=visitor.request_id,
            check_only=visitor.is_prefetch,
        )
        result = await self._metering.consume(request)
        if outcome := _outcomes.get(result.outcome):
            outcome.inc()
        return result


def _not_granted(result: metering_pb2.ViewResult, visitor: Visitor) -> Problem:
    known = (metering_pb2.VIEW_OUTCOME_REFUSED, metering_pb2.VIEW_OUTCOME_NOT_YET)
    if result.outcome not in known:
        return Problem("meter-unavailable", "Whether a view is left cannot be told at the moment.")
    if visitor.is_prefetch:
        return Problem("no-prefetch", "This page would cost a view, so it is not handed out ahead of time.")
    return views_exhausted(result.meter)


def views_exhausted(meter: metering_pb2.Meter) -> Problem:
    detail = f"All {meter.limit} code page views of this visitor have been used."
    if meter.limit == 1:
        detail = "The one code page view of this visitor has been used."
    headers = {name.decode(): value.decode() for name, value in meters.headers(meter)}
    return Problem("views-exhausted", detail, extra={"meter": meters.as_dict(meter, charged=False)}, headers=headers)
