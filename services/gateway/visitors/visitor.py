"""Who asks: read from the request's headers, once."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from medcodes.accounts.v1 import accounts_pb2
from medcodes.metering.v1 import metering_pb2

from services.common.errors import ServiceError, Unauthenticated
from services.common.telemetry import accepted_request_id

from ..members.member import Member
from ..members.sessions import SessionCookies, Sessions
from ..problems import Problem
from .guests import Guest, GuestCookies
from .networks import Networks

Scope = Mapping[str, Any]
MAX_USER_AGENT = 200


@dataclass(slots=True)
class Visitor:
    """The visitor of one request: the member that its credential shows, or else the guest of its cookie.

    `guest_cookie` is the Set-Cookie value that tells a new guest who it is; `cookies` are further ones. `away` is set
    where there is a credential and accounts could not say whose: such a visitor is nobody, and never taken as a guest.
    """

    guest: Guest
    guest_cookie: bytes | None
    request_id: str
    is_prefetch: bool
    is_head: bool
    accept: bytes
    scope: Scope
    networks: Networks
    cookie: bytes = b""
    receipt: bytes = b""
    # A session's token or an API key; `is_bearer`: from the Authorization header, which beats cookies.
    credential: bytes = b""
    is_bearer: bool = False
    member: Member | None = None
    away: ServiceError | None = None
    cookies: list[bytes] = field(default_factory=list)
    new_receipt: bytes = b""

    def subject(self) -> metering_pb2.Subject:
        """Raises what accounts said where it could not say who this is."""
        if self.member:
            return self.member.subject
        if self.away:
            raise self.away
        return metering_pb2.Subject(
            kind=metering_pb2.SUBJECT_KIND_GUEST,
            id=self.guest.id,
            issued_at=self.guest.issued_at,
            network=self.network(),
        )

    @property
    def receipts_for(self) -> bytes:
        """The subject as receipts name it; b"" where it is not known."""
        if self.member:
            return self.member.receipts_for
        return b"" if self.away else b"g." + self.guest.id.encode()

    @property
    def terms(self) -> bytes:
        return self.member.terms if self.member else b""

    def network(self) -> str:
        return self.networks.token(self.scope, time.time())

    def header(self, wanted: bytes) -> str:
        """A header that few requests need; "" where there is none."""
        return next((value.decode("latin-1") for name, value in self.scope["headers"] if name == wanted), "")

    def client(self) -> accounts_pb2.Client:
        """Where the request comes from, for throttling and for the list of sessions."""
        return accounts_pb2.Client(network=self.network(), user_agent=self.header(b"user-agent")[:MAX_USER_AGENT])

    def needed(self) -> Member:
        """The member. Raises a Problem where nobody is logged in, and what accounts said where that cannot be told."""
        if self.away:
            raise self.away
        if self.member is None:
            raise Problem("unauthorized", "This needs an account: log in, or send an API key or a session's token.")
        return self.member

    def with_session(self) -> Member:
        """The member, by a session. Raises a Problem for API keys."""
        member = self.needed()
        member.check_session()
        return member

    def with_scope(self, scope: str) -> Member:
        """The member, by a session or by an API key with this scope."""
        member = self.needed()
        member.check_scope(scope)
        return member

    def renew(self, cookies: GuestCookies) -> None:
        """Makes the visitor a new guest, where the cookie turns out to be worth nothing."""
        self.guest, self.guest_cookie = cookies.issue(time.time())

    def end_session(self, cookies: SessionCookies) -> None:
        """The session is over: the visitor is the guest of its guest cookie. Raises a Problem for a Bearer."""
        self.member = None
        if self.is_bearer:
            raise invalid_credentials()
        self.credential = b""
        self.cookies.append(cookies.clear())


def identify(scope: Scope, cookies: GuestCookies, sessions: SessionCookies, networks: Networks) -> Visitor:
    cookie = request_id = accept = receipt = authorization = b""
    is_prefetch = False
    for name, value in scope["headers"]:
        if name == b"cookie":
            # HTTP/2 proxies may send several.
            cookie = cookie + b"; " + value if cookie else value
        elif name == b"x-request-id":
            request_id = value
        elif name == b"accept":
            accept = value
        elif name == b"authorization":
            authorization = value or b" "
        elif name == b"medcodes-receipt":
            receipt = value
        elif name in (b"sec-purpose", b"purpose"):
            is_prefetch = is_prefetch or b"prefetch" in value.lower()
    now = time.time()
    guest, guest_cookie = cookies.read(cookie, now), None
    if guest is None:
        guest, guest_cookie = cookies.issue(now)
    visitor = Visitor(
        guest=guest,
        guest_cookie=guest_cookie,
        request_id=accepted_request_id(request_id.decode("latin-1")),
        is_prefetch=is_prefetch,
        is_head=scope["method"] == "HEAD",
        accept=accept,
        scope=scope,
        networks=networks,
        cookie=cookie,
        receipt=receipt,
    )
    if authorization:
        visitor.is_bearer, visitor.guest_cookie = True, None
        visitor.credential = _bearer(authorization)
    else:
        visitor.credential = sessions.read(cookie)
    return visitor


async def recognise(visitor: Visitor, sessions: Sessions, cookies: SessionCookies) -> None:
    """Finds out whose credential it is. Raises a Problem for a Bearer that is worth nothing, which is no guest's."""
    try:
        visitor.member = sessions.known(visitor.credential) or await sessions.resolve(visitor.credential)
    except Unauthenticated:
        visitor.end_session(cookies)
    except ServiceError as error:
        visitor.away = error


def invalid_credentials() -> Problem:
    return Problem("unauthorized", "The Authorization header holds no valid API key or session.")


def _bearer(authorization: bytes) -> bytes:
    """The token of `Bearer <token>`; something that is no token for any other scheme."""
    scheme, _, token = authorization.strip().partition(b" ")
    return token.strip() if scheme.lower() == b"bearer" else b""
