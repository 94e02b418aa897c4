"""Times as services send them (milliseconds since 1970, 0 for none), as visitors read them."""

from __future__ import annotations

from datetime import UTC, datetime


def iso(milliseconds: int) -> str | None:
    if not milliseconds:
        return None
    return datetime.fromtimestamp(milliseconds / 1000, UTC).isoformat(timespec="milliseconds")


def minute(milliseconds: int) -> str:
    """ "Nov 25, 2026, 16:03 UTC"."""
    found = datetime.fromtimestamp(milliseconds / 1000, UTC)
    return f"{found:%b} {found.day}, {found:%Y, %H:%M} UTC"


def day(milliseconds: int) -> str:
    found = datetime.fromtimestamp(milliseconds / 1000, UTC)
    return f"{found:%b} {found.day}, {found.year}"
