"""Turning requests away at the door while there are more than can be answered soon.

Two signs, and neither waits for anybody. A turn of the event loop that took long: whatever arrived meanwhile has waited
that long already, and to take all of it would make the next turn longer still. And very many requests under way, which
bounds memory while a part of the server does not answer. Views that wait for metering are bounded by `view_batcher`.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence

from markupsafe import Markup
from prometheus_client import Counter
from starlette.types import Receive, Scope, Send

from services.common.errors import Unavailable
from services.common.telemetry import accepted_request_id

from . import problems
from .answers import HTML, Header
from .problems import Problem, from_service
from .rendering.templates import Templates

TICK_SECONDS = 0.02
# Asked by machines that decide what to do with this server, and what pages cannot do without.
ALWAYS = (b"/livez", b"/readyz", b"/static/")

_turned_away = Counter("gateway_turned_away", "Requests answered with 503 before they were looked at, by why.", ["why"])
_by_lag, _by_number = _turned_away.labels("slow"), _turned_away.labels("many")


def too_busy() -> Problem:
    return from_service(Unavailable("more requests than can be answered", reason="OVERLOADED"))


class Door:
    """Decides for each request, as soon as its head has been read. Run `watch` as a `Task`.

    `max_lag` is how long a turn of the loop may take in seconds, `max_requests` how many requests may be under way.
    """

    def __init__(self, *, max_lag: float, max_requests: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._max_lag, self._max_requests, self._clock = max_lag, max_requests, clock
        self._due = float("inf")

    async def watch(self) -> None:
        """Comes round in every turn of the loop, or so: how late it is, is how late everything is."""
        while True:
            self._due = self._clock() + TICK_SECONDS
            await asyncio.sleep(TICK_SECONDS)

    def admits(self, path: bytes, under_way: int) -> bool:
        """`under_way`: requests not yet answered. Costs about a microsecond: this runs for every request."""
        if under_way >= self._max_requests:
            why = _by_number
        elif self._clock() - self._due > self._max_lag:
            why = _by_lag
        else:
            return True
        if path.startswith(ALWAYS):
            return True
        why.inc()
        return False


class TooBusy:
    """The ASGI application that answers whoever is turned away; what it sends is made once, a page and a document.

    `headers` are those that all answers have.
    """

    def __init__(self, templates: Templates, headers: Sequence[Header]) -> None:
        problem = too_busy()
        page = templates.render("problem.html", problem=problem, near=[], system="", nav=Markup(""))
        own = [(name.lower().encode(), value.encode()) for name, value in problem.headers.items()]
        self._common = [*own, *headers]
        self._status = problem.status
        self._page = _sized(HTML, page), page
        self._document = _sized(problems.CONTENT_TYPE, problem.body()), problem.body()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        accept = request_id = b""
        for name, value in scope["headers"]:
            if name == b"accept":
                accept = value
            elif name == b"x-request-id":
                request_id = value
        is_page = b"text/html" in accept and not scope["path"].startswith("/api/")
        form, body = self._page if is_page else self._document
        shown = (b"x-request-id", accepted_request_id(request_id.decode("latin-1")).encode())
        await send({"type": "http.response.start", "status": self._status, "headers": [*form, *self._common, shown]})
        await send({"type": "http.response.body", "body": body})


def _sized(content_type: bytes, body: bytes) -> list[Header]:
    return [(b"content-type", content_type), (b"content-length", b"%d" % len(body))]
