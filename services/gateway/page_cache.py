"""Rendered code pages of the current release, least recently used first out."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from typing import Literal, NamedTuple

from .rendering.splice import Spliced

Format = Literal["html", "json", "teaser"]
Access = Literal["open", "register"]

# Python's own cost of an entry, beside the bytes of the page.
ENTRY_BYTES = 600


class PageKey(NamedTuple):
    """What a rendered page depends on beside release and day. `dated`: whether a date of service was asked for."""

    system: str
    code: str
    format: Format
    access: Access
    dated: bool


@dataclass(frozen=True, slots=True)
class RenderedPage:
    """A page with gaps for what differs between visitors, the same from `same_from` to `same_to` ("": unbounded)."""

    release: str
    system: str
    code: str
    same_from: str
    same_to: str
    body: Spliced

    def holds_on(self, day: str) -> bool:
        """Whether this is the page of that day (ISO dates compare as text)."""
        return self.same_from <= day and (not self.same_to or day <= self.same_to)

    @property
    def size(self) -> int:
        return self.body.size + ENTRY_BYTES


class PageCache:
    """Bounded by bytes. Holds pages of one release only, and none while the current release is not known."""

    def __init__(self, max_bytes: int) -> None:
        self._max_bytes = max_bytes
        self._release: str | None = None
        self._pages: OrderedDict[tuple[PageKey, str], RenderedPage] = OrderedDict()
        self._begins: dict[PageKey, list[str]] = {}
        self.bytes = 0

    def __len__(self) -> int:
        return len(self._pages)

    @property
    def release(self) -> str | None:
        return self._release

    def use_release(self, release: str | None) -> None:
        """From now on only pages of this release are kept."""
        if release != self._release:
            self._release = release
            self._pages.clear()
            self._begins.clear()
            self.bytes = 0

    def get(self, key: PageKey, day: str) -> RenderedPage | None:
        for begin in self._begins.get(key, ()):
            page = self._pages[key, begin]
            if page.holds_on(day):
                self._pages.move_to_end((key, begin))
                return page
        return None

    def put(self, key: PageKey, page: RenderedPage) -> None:
        """Keeps a page, unless it is of another release or larger than the whole cache."""
        if page.release != self._release or page.size > self._max_bytes:
            return
        self._remove(key, page.same_from)
        self._pages[key, page.same_from] = page
        self._begins.setdefault(key, []).append(page.same_from)
        self.bytes += page.size
        while self.bytes > self._max_bytes:
            oldest_key, oldest_begin = next(iter(self._pages))
            self._remove(oldest_key, oldest_begin)

    def _remove(self, key: PageKey, begin: str) -> None:
        page = self._pages.pop((key, begin), None)
        if page is None:
            return
        self.bytes -= page.size
        begins = self._begins[key]
        begins.remove(begin)
        if not begins:
            del self._begins[key]
