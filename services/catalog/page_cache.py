"""Finished code pages in memory, least recently used first out, bounded by bytes, dropped with the release."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from datetime import date

from .domain.on_date import Interval

ENTRY_OVERHEAD = 300  # bytes that the key and the dictionaries take beside the page, about


@dataclass(frozen=True, slots=True)
class PageKey:
    """A code and the kind of question: strict for a date of service, or not. One key holds a page an interval."""

    system: str
    code: str
    strict: bool


@dataclass(frozen=True, slots=True)
class CachedPage:
    interval: Interval
    content: bytes


class PageCache:
    """Not thread-safe: it belongs to the event loop. `max_bytes` 0 keeps nothing."""

    def __init__(self, max_bytes: int) -> None:
        self._max_bytes = max_bytes
        self._release = ""
        self._pages: OrderedDict[PageKey, list[CachedPage]] = OrderedDict()
        self._bytes = 0

    @property
    def size(self) -> int:
        """Bytes in use."""
        return self._bytes

    def get(self, release: str, key: PageKey, day: date) -> bytes | None:
        """The page that is the same on `day`. Asking for another release than before drops all pages."""
        if release != self._release:
            self.clear(release)
            return None
        for page in self._pages.get(key, ()):
            if page.interval.holds(day):
                self._pages.move_to_end(key)
                return page.content
        return None

    def put(self, release: str, key: PageKey, page: CachedPage) -> None:
        """Keeps a page; one of a release that is no longer asked for is ignored."""
        if release != self._release or len(page.content) + ENTRY_OVERHEAD > self._max_bytes:
            return
        self._pages.setdefault(key, []).append(page)
        self._pages.move_to_end(key)
        self._bytes += len(page.content) + ENTRY_OVERHEAD
        while self._bytes > self._max_bytes:
            _, oldest = self._pages.popitem(last=False)
            self._bytes -= sum(len(one.content) + ENTRY_OVERHEAD for one in oldest)

    def clear(self, release: str = "") -> None:
        self._release = release
        self._pages.clear()
        self._bytes = 0
