"""The page of usage, on the port where operators read metrics."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

from services.common import metrics_server
from services.common.errors import InvalidArgument

from .usage import Usage
from .usage_plot import html

PATH = "/usage"
DEFAULT_DAYS = 7
SPANS = (1, 3, 7, 30, 90)
SECONDS = 10.0


class UsagePage:
    """A component: the page is there while the service runs."""

    def __init__(self, usage: Usage) -> None:
        self._usage = usage

    async def start(self) -> None:
        loop = asyncio.get_running_loop()

        def page(query: Mapping[str, str]) -> bytes:
            """Runs in the server's thread, and asks the service in its own."""
            days = _days(query.get("days", str(DEFAULT_DAYS)))
            usage = asyncio.run_coroutine_threadsafe(self._usage.last_days(days), loop).result(SECONDS)
            return html(usage, days, SPANS).encode()

        metrics_server.add_page(PATH, page)

    async def stop(self) -> None:
        metrics_server.remove_page(PATH)


def _days(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 4):
        raise InvalidArgument("no number", fields={"days": "must be a number"})
    return int(text)
