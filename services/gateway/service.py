"""The gateway's use case that costs: a code page is fetched first, then its view is consumed."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from datetime import date

from medcodes.catalog.v1 import catalog_pb2
from medcodes.metering.v1 import metering_pb2
from prometheus_client import Counter

from services.common.errors import ServiceError

from . import meters
from .asks import CodeAsk
from .members.member import Member
from .members.sessions import SessionCookies, Sessions
from .page_cache import Access, PageCache, PageKey, RenderedPage
from .ports import Catalog, Metering
from .problems import Problem
from .rendering.splice import Spliced
from .usage import Usage, View
from .visitors import receipts
from .visitors.guests import GuestCookies
from .visitors.receipts import Proof, Receipts
from .visitors.visitor import Visitor

Render = Callable[[catalog_pb2.CodePage, PageKey], Spliced]

_pages = Counter("gateway_pages", "Code pages by where they came from.", ["origin"])
_from_cache, _from_catalog = _pages.labels("cache"), _pages.labels("catalog")
_REFUSED = (metering_pb2.VIEW_OUTCOME_REFUSED, metering_pb2.VIEW_OUTCOME_NOT_YET)
_GRANTED, _BY_RECEIPT, _BY_METER = View.GRANTED.value, View.BY_RECEIPT.value, View.BY_METER.value


class CodePages:
    """Code pages, rendered once for each interval in which they stay the same, and fetched once by however many ask
    at the same moment."""

    def __init__(
        self, catalog: Catalog, cache: PageCache, render: Render, guests: Access, today: Callable[[], date]
    ) -> None:
        self._catalog, self._cache, self._render = catalog, cache, render
        self._guests, self._today = guests, today
        self._under_way: dict[tuple[PageKey, str], asyncio.Task[RenderedPage]] = {}

    def access(self, visitor: Visitor) -> Access:
        """Whether the sections are open to a visitor."""
        return "open" if visitor.member else self._guests

    async def get(self, ask: CodeAsk, access: Access) -> RenderedPage:
        """Raises what the catalog raises."""
        key = PageKey(ask.system, ask.code, ask.format, access, bool(ask.on))
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


class SessionOver(Exception):
    """The visitor's account is gone: it is the guest of its guest cookie now, and the page is another one."""


class Views:
    """Decides whether a visitor may see a code page: by a receipt that it brings, else by asking metering."""

    def __init__(
        self,
        metering: Metering,
        receipts: Receipts,
        guest_cookies: GuestCookies,
        sessions: Sessions,
        session_cookies: SessionCookies,
        usage: Usage,
    ) -> None:
        self._metering, self._receipts, self._usage = metering, receipts, usage
        self._guest_cookies, self._sessions, self._session_cookies = guest_cookies, sessions, session_cookies

    async def consume(self, visitor: Visitor, system: str, code: str) -> metering_pb2.ViewResult:
        """The granted view. Raises a Problem if there is none: no views left, or a mere prefetch of a new page; and
        SessionOver where the visitor has turned out to be a guest."""
        now = time.time()
        book = self._receipts.book(visitor.cookie, visitor.receipt, visitor.receipts_for)
        proof = self._receipts.find(book, system, code, visitor.request_id, visitor.terms, now) if book else None
        if proof and proof.is_current:
            self._usage.count(visitor.member, _BY_RECEIPT)
            return proof.view
        result = await self._decided(visitor, system, code, proof)
        if proof is None or result is not proof.view:
            self._hand_out_receipt(visitor, system, code, result, book, now)
        return result

    async def _decided(self, visitor: Visitor, system: str, code: str, proof: Proof | None) -> metering_pb2.ViewResult:
        try:
            result = await self._ask(visitor, system, code)
            if result.outcome == metering_pb2.VIEW_OUTCOME_EXPIRED and not visitor.member:
                # Metering's clock says that the cookie is worth nothing: the visitor is a new guest.
                visitor.renew(self._guest_cookies)
                result = await self._ask(visitor, system, code)
        except ServiceError:
            # The plan has changed since the receipt was signed, and so perhaps the meter; the grant is proven.
            if proof:
                self._usage.count(visitor.member, _BY_RECEIPT)
                return proof.view
            self._usage.count(visitor.member, View.UNAVAILABLE)
            raise
        if result.outcome == metering_pb2.VIEW_OUTCOME_GRANTED:
            self._usage.count(visitor.member, _GRANTED if result.charged and not result.retried else _BY_METER)
            return result
        if result.outcome == metering_pb2.VIEW_OUTCOME_ERASED and visitor.member:
            self._sessions.forget(visitor.member.account_id)
            visitor.end_session(self._session_cookies)
            raise SessionOver
        self._usage.count(visitor.member, _refusal(result, visitor))
        raise _not_granted(result, visitor)

    def _ask(self, visitor: Visitor, system: str, code: str) -> asyncio.Future[metering_pb2.ViewResult]:
        request = metering_pb2.ViewRequest(
            subject=visitor.subject(),
            system=system,
            code=code,
            request_id=visitor.request_id,
            check_only=visitor.is_prefetch,
        )
        return self._metering.consume(request)

    def _hand_out_receipt(
        self, visitor: Visitor, system: str, code: str, view: metering_pb2.ViewResult, book: bytes, now: float
    ) -> None:
        """Browsers get it in their cookie, API clients in a header."""
        # After a renewal the book is another guest's.
        subject = visitor.receipts_for
        if not book.startswith(subject + b"~"):
            book = b""
        entry = receipts.entry(system, code, view, visitor.request_id, now)
        visitor.new_receipt = self._receipts.single(subject, visitor.terms, view, entry)
        if not visitor.is_bearer:
            # A first view's book holds nothing else, and is signed once.
            value = visitor.new_receipt
            if book:
                value = self._receipts.add(book, subject, visitor.terms, view, entry, now)
            visitor.cookies.append(self._receipts.set_cookie(value))


def _refusal(result: metering_pb2.ViewResult, visitor: Visitor) -> View:
    """How `_not_granted` is counted."""
    if result.outcome == metering_pb2.VIEW_OUTCOME_NETWORK_EXHAUSTED:
        return View.NETWORK_EXHAUSTED
    if result.outcome not in _REFUSED:
        return View.UNAVAILABLE
    return View.PREFETCHED if visitor.is_prefetch else View.VIEWS_EXHAUSTED


def _not_granted(result: metering_pb2.ViewResult, visitor: Visitor) -> Problem:
    if result.outcome == metering_pb2.VIEW_OUTCOME_NETWORK_EXHAUSTED:
        return Problem(
            "too-many-requests",
            "Too many new guests have come from this network today. Log in, or come back later.",
            headers={"Retry-After": str(max(1, result.retry_after_seconds))},
        )
    if result.outcome not in _REFUSED:
        return Problem("meter-unavailable", "Whether a view is left cannot be told at the moment.")
    if visitor.is_prefetch:
        return Problem("no-prefetch", "This page would cost a view, so it is not handed out ahead of time.")
    return views_exhausted(result.meter, visitor.member)


def views_exhausted(meter: metering_pb2.Meter, member: Member | None = None) -> Problem:
    who = "account" if member else "visitor"
    detail = f"All {meter.limit} code page views of this {who} have been used."
    if meter.limit == 1:
        detail = f"The one code page view of this {who} has been used."
    headers = {name.decode(): value.decode() for name, value in meters.headers(meter)}
    extra = {"meter": meters.as_dict(meter, charged=False, member=member)}
    return Problem("views-exhausted", detail, extra=extra, headers=headers)
