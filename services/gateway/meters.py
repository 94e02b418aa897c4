"""The meter as visitors see it: a line on pages, an object in JSON, header fields."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

import orjson
from markupsafe import Markup, escape
from medcodes.accounts.v1 import accounts_pb2
from medcodes.metering.v1 import metering_pb2

from .members.member import Member


def as_dict(meter: metering_pb2.Meter, *, charged: bool, member: Member | None = None) -> dict[str, Any]:
    """The `meter` object. Unlimited: `limit` and `remaining` are None."""
    return {
        "subject": "account" if member else "guest",
        "limit": meter.limit if meter.HasField("limit") else None,
        "used": meter.used,
        "remaining": meter.remaining if meter.HasField("remaining") else None,
        "charged": charged,
        "as_of": datetime.fromtimestamp(meter.as_of_ms / 1000, UTC).isoformat(timespec="milliseconds"),
    }


def as_json(meter: metering_pb2.Meter, *, charged: bool, member: Member | None = None) -> bytes:
    return orjson.dumps(as_dict(meter, charged=charged, member=member))


def headers(meter: metering_pb2.Meter) -> list[tuple[bytes, bytes]]:
    """RateLimit fields; none where views are unlimited."""
    if not meter.HasField("limit"):
        return []
    return [
        (b"ratelimit-policy", b'"views";q=%d' % meter.limit),
        (b"ratelimit", b'"views";r=%d' % meter.remaining),
    ]


def line(meter: metering_pb2.Meter, member: Member | None, offer: str) -> Markup:
    """The meter line. A guest's ends with what registering gives (`offer`), an account's says when views come back."""
    if member:
        remaining = meter.remaining if meter.HasField("limit") else None
        return member_line(remaining, member.plan.window, member.plan.window_days)
    if not meter.HasField("limit"):
        return Markup("Code page views are not limited on this server.")
    return guest_line(meter.limit, meter.remaining, offer)


@lru_cache(maxsize=256)
def guest_line(limit: int, remaining: int, offer: str) -> Markup:
    may = f"Guests may view {limit} code {'page' if limit == 1 else 'pages'}."
    if not offer:
        return escape(f"{_left(remaining)}. {may}")
    return escape(f"{_left(remaining)}. {may} ") + Markup('<a href="/register">Register free</a> {}.').format(offer)


@lru_cache(maxsize=256)
def member_line(remaining: int | None, window: int, days: int) -> Markup:
    if remaining is None:
        return Markup("Code page views are not limited for your account.")
    if window == accounts_pb2.WINDOW_CALENDAR_MONTH:
        return escape(f"{_left(remaining)} this month.")
    if window == accounts_pb2.WINDOW_ROLLING_DAYS:
        return escape(f"{_left(remaining)}. Each comes back after {days} days.")
    return escape(f"{_left(remaining)}.")


def _left(remaining: int) -> str:
    return f"{remaining} code page {'view' if remaining == 1 else 'views'} remaining"
