"""Receipts: signed proof of grants, so that a page which was viewed before costs no call, and opens while metering is
away.

A book of receipts is one line: the subject, its terms, its last meter, the receipts, newest first, and one signature
over all of it. Browsers keep the latest `KEPT` in a cookie; an API client gets a book with one in `Medcodes-Receipt`.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Sequence
from dataclasses import dataclass

from medcodes.metering.v1 import metering_pb2

from . import cookies
from .signing import Signer

COOKIE = "medcodes_receipts"
HEADER = b"medcodes-receipt"
KEPT = 32
LIFETIME_SECONDS = 30 * 24 * 3600
MAX_BYTES = 3800
KEY_BYTES = 32

_SEPARATOR = b"~"
_FIRST = 3
"""Parts of a book before its receipts: subject, terms, meter."""


@dataclass(frozen=True, slots=True)
class Proof:
    """A receipt that was found. `is_current`: the meter beside it was taken under the subject's present terms."""

    view: metering_pb2.ViewResult
    is_current: bool


class Receipts:
    """Signs with the first key, accepts all of them. Read in a few microseconds: this runs for every view."""

    def __init__(self, keys: Sequence[bytes], *, secure: bool) -> None:
        if not keys or any(len(key) < KEY_BYTES for key in keys):
            raise ValueError(f"the keys of receipts must have at least {KEY_BYTES} bytes")
        self._signers = [Signer(key, b"receipts") for key in keys]
        self._name = cookies.full_name(COOKIE.encode(), secure=secure)
        self._attributes = cookies.attributes(LIFETIME_SECONDS, secure=secure)
        # Empties the cookie, which says what was viewed, when its owner logs out.
        self.cleared = self._name + b"=" + cookies.attributes(0, secure=secure)

    def book(self, cookie: bytes, header: bytes, subject: bytes) -> bytes:
        """The verified book that a request brings for this subject, without its signature; b"" where there is none."""
        beginning = subject + _SEPARATOR
        if header.startswith(beginning) and (book := self._verified(header)):
            return book
        for value in cookies.values(cookie, self._name):
            if value.startswith(beginning) and (book := self._verified(value)):
                return book
        return b""

    def find(self, book: bytes, system: str, code: str, request_id: str, terms: bytes, now: float) -> Proof | None:
        """The grant of a code page, if the book has a receipt of it that has not expired."""
        at = book.find(f"~{system}:{code}:".encode())
        if at < 0:
            return None
        _, _, granted, expires, request = book[at + 1 :].split(_SEPARATOR, 1)[0].split(b":")
        if int(expires, 16) <= now:
            return None
        _, taken_under, meter = book.split(_SEPARATOR, _FIRST)[:_FIRST]
        view = metering_pb2.ViewResult(
            outcome=metering_pb2.VIEW_OUTCOME_GRANTED,
            charged=bool(request) and request == _request(request_id),
            meter=_meter(meter),
            granted_at_ms=int(granted, 16) * 1000,
        )
        return Proof(view, taken_under == terms)

    def add(
        self, book: bytes, subject: bytes, terms: bytes, view: metering_pb2.ViewResult, entry: bytes, now: float
    ) -> bytes:
        """The value of a cookie: the book with one more receipt and the newest meter, signed."""
        name = b":".join(entry.split(b":")[:2]) + b":"
        others = [one for one in book.split(_SEPARATOR)[_FIRST:] if not one.startswith(name) and _lives(one, now)]
        return self._signed([subject, terms, _meter_text(view.meter), entry, *others[: KEPT - 1]])

    def single(self, subject: bytes, terms: bytes, view: metering_pb2.ViewResult, entry: bytes) -> bytes:
        """The value of `Medcodes-Receipt`."""
        return self._signed([subject, terms, _meter_text(view.meter), entry])

    def set_cookie(self, value: bytes) -> bytes:
        return self._name + b"=" + value + self._attributes

    def _signed(self, parts: list[bytes]) -> bytes:
        book = _SEPARATOR.join(parts)
        while len(book) > MAX_BYTES:
            parts.pop()
            book = _SEPARATOR.join(parts)
        return book + _SEPARATOR + self._signers[0].sign(book)

    def _verified(self, value: bytes) -> bytes:
        book, _, signature = value.rpartition(_SEPARATOR)
        if len(value) > 2 * MAX_BYTES:
            return b""
        return book if any(signer.verifies(book, signature) for signer in self._signers) else b""


def entry(system: str, code: str, view: metering_pb2.ViewResult, request_id: str, now: float) -> bytes:
    """A receipt of a grant; it ends with the grant, and after 30 days at the latest."""
    expires = int(now) + LIFETIME_SECONDS
    if view.ends_at_ms:
        expires = min(expires, view.ends_at_ms // 1000)
    # The request that was charged is told so again when it is retried.
    request = _request(request_id) if view.charged else b""
    return b"%b:%b:%x:%x:%b" % (system.encode(), code.encode(), view.granted_at_ms // 1000, expires, request)


def derived_key(key: bytes) -> bytes:
    """The key of receipts where none is set, from that of guest cookies."""
    return hmac.digest(key, b"receipts", "sha256")


def _lives(receipt: bytes, now: float) -> bool:
    return int(receipt.split(b":")[3], 16) > now


def _request(request_id: str) -> bytes:
    return hashlib.blake2b(request_id.encode(), digest_size=4).hexdigest().encode()


def _meter_text(meter: metering_pb2.Meter) -> bytes:
    limits = b"%x.%x" % (meter.limit, meter.remaining) if meter.HasField("limit") else b"."
    return b"%b.%x.%x" % (limits, meter.used, meter.as_of_ms)


def _meter(text: bytes) -> metering_pb2.Meter:
    limit, remaining, used, as_of = text.split(b".")
    meter = metering_pb2.Meter(used=int(used, 16), as_of_ms=int(as_of, 16))
    if limit:
        meter.limit, meter.remaining = int(limit, 16), int(remaining, 16)
    return meter
