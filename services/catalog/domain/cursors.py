"""Cursors: where the next page of a list begins, opaque to the caller and checked when it comes back."""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Sequence

MAX_LENGTH = 256


class CursorError(ValueError):
    """Text that is no cursor of this list."""


def make(position: str, question: Sequence[str]) -> str:
    """`question` is what the list answers (code, filter, date): a cursor fits only the list that it was made for."""
    return base64.urlsafe_b64encode(f"{_mark(question)}.{position}".encode()).decode().rstrip("=")


def read(cursor: str, question: Sequence[str]) -> str:
    """The position in a cursor, "" for the empty cursor (the first page). Raises CursorError."""
    if not cursor:
        return ""
    if len(cursor) > MAX_LENGTH:
        raise CursorError("is longer than any cursor")
    try:
        raw = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True).decode("ascii")
    except (binascii.Error, ValueError) as error:
        raise CursorError("is not a cursor") from error
    mark, dot, position = raw.partition(".")
    if not dot or mark != _mark(question):
        raise CursorError("is not a cursor of this list")
    return position


def read_offset(cursor: str, question: Sequence[str]) -> int:
    """The position as a count of entries, 0 for the first page. Raises CursorError."""
    position = read(cursor, question) or "0"
    if not (position.isascii() and position.isdigit() and len(position) <= 9):
        raise CursorError("is not a cursor of this list")
    return int(position)


def _mark(question: Sequence[str]) -> str:
    return hashlib.blake2b("\x1f".join(question).encode(), digest_size=6).hexdigest()
