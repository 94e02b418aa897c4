"""Who asks: read from the request's headers, once."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from medcodes.metering.v1 import metering_pb2

from services.common.telemetry import accepted_request_id

from .guests import Guest, GuestCookies

Scope = Mapping[str, Any]


@dataclass(slots=True)
class Visitor:
    """The visitor of one request. `set_cookie` is the value of the header that tells a new guest who it is."""

    guest: Guest
    set_cookie: bytes | None
    request_id: str
    has_authorization: bool
    is_prefetch: bool
    is_head: bool
    accept: bytes

    def subject(self) -> metering_pb2.Subject:
        return metering_pb2.Subject(
            kind=metering_pb2.SUBJECT_KIND_GUEST, id=self.guest.id, issued_at=self.guest.issued_at
        )

    def renew(self, cookies: GuestCookies) -> None:
        """Makes the visitor a new guest, where the cookie turns out to be worth nothing."""
        self.guest, self.set_cookie = cookies.issue(time.time())


def identify(scope: Scope, cookies: GuestCookies) -> Visitor:
    cookie = request_id = accept = b""
    has_authorization = is_prefetch = False
    for name, value in scope["headers"]:
        if name == b"cookie":
            # HTTP/2 proxies may send several.
            cookie = cookie + b"; " + value if cookie else value
        elif name == b"x-request-id":
            request_id = value
        elif name == b"accept":
            accept = value
        elif name == b"authorization":
            has_authorization = True
        elif name in (b"sec-purpose", b"purpose"):
            is_prefetch = is_prefetch or b"prefetch" in value.lower()
    now = time.time()
    guest, set_cookie = cookies.read(cookie, now), None
    if guest is None:
        guest, set_cookie = cookies.issue(now)
    accepted = accepted_request_id(request_id.decode("latin-1"))
    return Visitor(guest, set_cookie, accepted, has_authorization, is_prefetch, scope["method"] == "HEAD", accept)
