"""Cursors: where the next page of one query begins. Opaque to callers, checked when they come back."""

from __future__ import annotations

import base64
import binascii
import hashlib
import struct
from dataclasses import dataclass

from .query import Plan, Strictness

MAX_DEPTH = 2000

_LAYOUT = struct.Struct(">BBH8s")
_VERSION = 1


class CursorError(ValueError):
    """A cursor that this service did not make, or made for another query."""


@dataclass(frozen=True, slots=True)
class Position:
    """How many results came before, and with how strict a reading of the query they were found."""

    offset: int
    strictness: Strictness


def encode(position: Position, plan: Plan) -> str:
    packed = _LAYOUT.pack(_VERSION, position.strictness, position.offset, _fingerprint(plan))
    return base64.urlsafe_b64encode(packed).rstrip(b"=").decode()


def decode(cursor: str, plan: Plan) -> Position:
    """Raises CursorError. A cursor outlives a release: the next page then continues in the newer index."""
    try:
        packed = base64.b64decode(cursor.encode("ascii") + b"=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
        version, strictness, offset, fingerprint = _LAYOUT.unpack(packed)
        position = Position(offset, Strictness(strictness))
    except (ValueError, binascii.Error, struct.error) as error:
        raise CursorError("is not a cursor of this service") from error
    if version != _VERSION or not 0 < offset < MAX_DEPTH:
        raise CursorError("is not a cursor of this service")
    if fingerprint != _fingerprint(plan) or position.strictness not in plan.attempts:
        raise CursorError("belongs to another query")
    return position


def _fingerprint(plan: Plan) -> bytes:
    return hashlib.blake2b(repr(plan).encode(), digest_size=8).digest()
