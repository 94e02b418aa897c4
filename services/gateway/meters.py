"""The meter as visitors see it: a line on pages, an object in JSON, header fields."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

import orjson
from markupsafe import Markup, escape
from medcodes.metering.v1 import metering_pb2


def as_dict(meter: metering_pb2.Meter, *, charged: bool) -> dict[str, Any]:
    """The `meter` object. Unlimited: `limit` and `remaining` are None."""
    return {
        "subject": "guest",
        "limit": meter.limit if meter.HasField("limit") else None,
        "used": meter.used,
        "remaining": meter.remaining if meter.HasField("remaining") else None,
        "charged": charged,
        "as_of": datetime.fromtimestamp(meter.as_of_ms / 1000, UTC).isoformat(timespec="milliseconds"),
    }


def as_json(meter: metering_pb2.Meter, *, charged: bool) -> bytes:
    return orjson.dumps(as_dict(meter, charged=charged))


def headers(meter: metering_pb2.Meter) -> list[tuple[bytes, bytes]]:
    """RateLimit fields; none where views are unlimited."""
    if not meter.HasField("limit"):
        return []
    return [
        (b"ratelimit-policy", b'"views";q=%d' % meter.limit),
        (b"ratelimit", b'"views";r=%d' % meter.remaining),
    ]


def line(meter: metering_pb2.Meter, registered_views: int) -> Markup:
    """The meter line of a guest, with a link where it says to register."""
    if not meter.HasField("limit"):
        return Markup("Code page views are not limited on this server.")
    return limited_line(meter.limit, meter.remaining, registered_views)


@lru_cache(maxsize=256)
def limited_line(limit: int, remaining: int, registered_views: int) -> Markup:
    left = f"{remaining} code page {_views(remaining)} remaining."
    may = f"Guests may view {limit} code {'page' if limit == 1 else 'pages'}."
    if not registered_views:
        return escape(f"{left} {may}")
    return escape(f"{left} {may} ") + Markup('<a href="/register">Register free</a> to view {} more.').format(
        registered_views
    )


def _views(count: int) -> str:
    return "view" if count == 1 else "views"
