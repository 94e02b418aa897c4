"""The ASGI application: the code pages' short way, and around everything else what all answers have in common."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

import structlog
from prometheus_client import Histogram

from services.common import telemetry

from . import asks
from .answers import Answer, Header
from .members.sessions import SessionCookies, Sessions
from .problem_answers import ProblemAnswers
from .problems import Problem
from .routes.codes import CodeRoute
from .routes.robots import RobotRoute
from .visitors import origins
from .visitors.guests import GuestCookies
from .visitors.networks import Networks
from .visitors.visitor import Visitor, identify, recognise

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Any, Receive, Send], Awaitable[None]]

# Answered for machines, whoever they are: no visitor, no cookie.
_PLAIN = ("/static/", "/livez", "/readyz", "/robots.txt", "/sitemap", "/favicon.ico")

log = structlog.get_logger(__name__)
_seconds = Histogram("gateway_seconds", "Time to answer a request.", ["route"])
_code_seconds, _other_seconds = _seconds.labels("code"), _seconds.labels("other")


class Front:
    """One request after the other: parse, identify, answer, send."""

    def __init__(
        self,
        *,
        code_route: CodeRoute,
        robot_route: RobotRoute,
        others: App,
        cookies: GuestCookies,
        sessions: Sessions,
        session_cookies: SessionCookies,
        networks: Networks,
        problems: ProblemAnswers,
        headers: list[Header],
        public_url: str,
        max_body_bytes: int,
        access_log: bool,
    ) -> None:
        self._code_route, self._others, self._cookies = code_route, others, cookies
        self._robot_route = robot_route
        self._sessions, self._session_cookies, self._networks = sessions, session_cookies, networks
        self._problems, self._headers, self._public_url = problems, headers, public_url
        self._max_body_bytes, self._access_log = max_body_bytes, access_log

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        began = time.perf_counter()
        visitor = identify(scope, self._cookies, self._session_cookies, self._networks)
        telemetry.request_id.set(visitor.request_id)
        path, method = scope["path"], scope["method"]
        try:
            ask = asks.code_ask(path, scope["query_string"]) if method in ("GET", "HEAD") else None
            if ask is None:
                await self._through_framework(scope, receive, send, visitor)
                _other_seconds.observe(time.perf_counter() - began)
                return
            answer = None
            if visitor.credential or visitor.is_bearer:
                await recognise(visitor, self._sessions, self._session_cookies)
            elif robot := self._robot_route.claimed(ask, visitor):
                answer = await self._robot_route.answer(robot, ask, visitor)
            if answer is None:
                answer = await self._code_route.answer(ask, visitor)
        except Exception as error:
            answer = self._problems.answer(error, path, visitor)
        await self._send(answer, visitor, send)
        _code_seconds.observe(time.perf_counter() - began)
        if self._access_log:
            _log_access(scope, answer.status, began)

    async def _send(self, answer: Answer, visitor: Visitor, send: Send) -> None:
        headers = [
            (b"content-type", answer.content_type),
            *answer.headers,
            *self._headers,
            (b"x-request-id", visitor.request_id.encode()),
        ]
        if answer.body:
            headers.append((b"content-length", b"%d" % len(answer.body)))
        if visitor.guest_cookie:
            headers.append((b"set-cookie", visitor.guest_cookie))
        headers += [(b"set-cookie", cookie) for cookie in visitor.cookies]
        await send({"type": "http.response.start", "status": answer.status, "headers": headers})
        await send({"type": "http.response.body", "body": answer.body})

    async def _through_framework(self, scope: Message, receive: Receive, send: Send, visitor: Visitor) -> None:
        """Everything but code pages; adds what is common, and turns what nobody caught into a problem."""
        path = scope["path"]
        plain = path.startswith(_PLAIN)
        scope.setdefault("state", {})["visitor"] = visitor
        began, started = time.perf_counter(), False

        async def send_with_headers(message: Message) -> None:
            nonlocal started
            if message["type"] == "http.response.start":
                started = True
                message["headers"] = self._with_common(message["headers"], visitor, path, plain=plain)
                if self._access_log:
                    _log_access(scope, message["status"], began)
            await send(message)

        try:
            if not plain:
                if visitor.credential or visitor.is_bearer:
                    await recognise(visitor, self._sessions, self._session_cookies)
                origins.check(visitor, self._public_url)
            # The framework's routes know GET only; the server leaves the body out by the method it has read itself.
            inner = {**scope, "method": "GET"} if visitor.is_head else scope
            await self._others(inner, _bounded(scope, receive, self._max_body_bytes), send_with_headers)
        except Exception as error:
            # Once an answer has begun, its handler has logged the error.
            if not started:
                answer = self._problems.answer(error, path, visitor)
                await answer.response()(scope, receive, send_with_headers)

    def _with_common(self, own: list[Header], visitor: Visitor, path: str, *, plain: bool) -> list[Header]:
        """An answer's own header fields, the common ones that it does not set itself, and cookies."""
        names = {name for name, _ in own}
        headers = [*own, *(header for header in self._headers if header[0] not in names)]
        headers.append((b"x-request-id", visitor.request_id.encode()))
        if not plain:
            if visitor.guest_cookie and _sets_cookie(path):
                headers.append((b"set-cookie", visitor.guest_cookie))
            headers += [(b"set-cookie", cookie) for cookie in visitor.cookies]
        return headers


def _sets_cookie(path: str) -> bool:
    return not path.startswith("/api/") or path.startswith(("/api/v1/codes/", "/api/v1/meter"))


def _bounded(scope: Message, receive: Receive, limit: int) -> Receive:
    """`receive` that refuses a body as soon as it is known to be larger than `limit` bytes."""
    for name, value in scope["headers"]:
        if name == b"content-length" and (not value.isdigit() or int(value) > limit):
            raise Problem("content-too-large", f"Bodies may have at most {limit} bytes.")
    received = 0

    async def receive_bounded() -> Message:
        nonlocal received
        message = await receive()
        received += len(message.get("body", b""))
        if received > limit:
            raise Problem("content-too-large", f"Bodies may have at most {limit} bytes.")
        return message

    return receive_bounded


def _log_access(scope: Message, status: int, began: float) -> None:
    milliseconds = round((time.perf_counter() - began) * 1000, 1)
    log.info("request", method=scope["method"], path=scope["path"], status=status, milliseconds=milliseconds)
