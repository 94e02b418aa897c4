"""Turning requests away at the door while there are more than can be answered soon.

Three signs, none of which waits for anybody: views that have waited for metering for some time (`view_batcher`), so
that another one would wait as long; a turn of the event loop that took long, so that everything does; and very many
requests under way, which bounds memory whatever part of the server does not answer.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterable, Sequence

from markupsafe import Markup
from prometheus_client import Counter
from uvicorn.protocols.http.httptools_impl import STATUS_LINE

from services.common.errors import Unavailable
from services.common.telemetry import accepted_request_id

from .answers import HTML, Header
from .problems import CONTENT_TYPE, from_service
from .rendering.templates import Templates
from .visitors.receipts import COOKIE
from .visitors.receipts import HEADER as RECEIPT

TICK_SECONDS = 0.02
# So many of those that arrived during a turn that took long are let in all the same: work goes on, and where one turn
# was slow by chance, few had come.
BURST = 64
# Asked by machines that decide what to do with this server, and what pages cannot do without.
ALWAYS = (b"/livez", b"/readyz", b"/static/")
METERED = (b"/codes/", b"/api/v1/codes/")
RECEIPTS = COOKIE.encode()

_turned_away = Counter("gateway_turned_away", "Requests answered with 503 before they were looked at, by why.", ["why"])
_by_metering, _by_lag, _by_number = map(_turned_away.labels, ("metering", "slow", "many"))


class Door:
    """Decides as soon as the head of a request has been read. Run `watch` as a `Task`.

    `metering_is_behind` tells whether views wait for long: then code pages are refused to those who bring no receipts.
    `max_lag` is how long a turn of the loop may take in seconds, `max_requests` how many requests may be under way.
    """

    def __init__(
        self,
        metering_is_behind: Callable[[], bool],
        *,
        max_lag: float,
        max_requests: int,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._metering_is_behind = metering_is_behind
        self._max_lag, self._max_requests, self._clock = max_lag, max_requests, clock
        self._due, self._let_in = float("inf"), 0

    async def watch(self) -> None:
        """Comes round in every turn of the loop, or so: how late it is, is how late everything is."""
        while True:
            self._due, self._let_in = self._clock() + TICK_SECONDS, 0
            await asyncio.sleep(TICK_SECONDS)

    def admits(self, path: bytes, headers: Iterable[Header], under_way: int) -> bool:
        """Costs about a microsecond: this runs for every request."""
        why = self._objection(path, headers, under_way)
        if why is None or path.startswith(ALWAYS):
            return True
        why.inc()
        return False

    def _objection(self, path: bytes, headers: Iterable[Header], under_way: int) -> Counter | None:
        if under_way >= self._max_requests:
            return _by_number
        if self._clock() - self._due > self._max_lag:
            self._let_in += 1
            if self._let_in > BURST:
                return _by_lag
        if self._metering_is_behind() and path.startswith(METERED) and not _brings_receipts(headers):
            return _by_metering
        return None


def _brings_receipts(headers: Iterable[Header]) -> bool:
    """Whether they are worth anything is found out later; who brings some may be served without metering."""
    return any(name == RECEIPT or (name == b"cookie" and RECEIPTS in value) for name, value in headers)


class Refusal:
    """What is sent to whoever is turned away, made once, as it stands on the wire: a page for people, a document for
    programs. `headers` are those that all answers have."""

    def __init__(self, templates: Templates, headers: Sequence[Header]) -> None:
        problem = from_service(Unavailable("more requests than can be answered", reason="OVERLOADED"))
        page = templates.render("problem.html", problem=problem, near=[], system="", nav=Markup(""))
        own = [(name.lower().encode(), value.encode()) for name, value in problem.headers.items()]
        self._page = _head(problem.status, HTML, page, [*own, *headers]), page
        self._document = _head(problem.status, CONTENT_TYPE, problem.body(), [*own, *headers]), problem.body()

    def answer(self, path: bytes, headers: Iterable[Header], *, with_body: bool) -> bytes:
        accept = request_id = b""
        for name, value in headers:
            if name == b"accept":
                accept = value
            elif name == b"x-request-id":
                request_id = value
        head, body = self._page if b"text/html" in accept and not path.startswith(b"/api/") else self._document
        shown = accepted_request_id(request_id.decode("latin-1")).encode()
        return b"%bx-request-id: %b\r\n\r\n%b" % (head, shown, body if with_body else b"")


def _head(status: int, content_type: bytes, body: bytes, headers: Iterable[Header]) -> bytes:
    lines = [(b"content-type", content_type), (b"content-length", b"%d" % len(body)), *headers]
    return STATUS_LINE[status] + b"".join(b"%b: %b\r\n" % line for line in lines)
