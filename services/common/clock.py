"""The time, and the calendar of US billing: "today" is a date in New York."""

from __future__ import annotations

import time
from datetime import date, datetime
from zoneinfo import ZoneInfo

NEW_YORK = ZoneInfo("America/New_York")


def new_york_today() -> date:
    return datetime.now(NEW_YORK).date()


def now_ms() -> int:
    """Milliseconds since 1970."""
    return time.time_ns() // 1_000_000
