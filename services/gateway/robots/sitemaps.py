"""The sitemap: every page that search engines may find, in files of one release, made when first asked for.

No `lastmod`: a release says when it was built, not which of its pages read differently from before.
"""

from __future__ import annotations

import asyncio
import gzip
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import quote
from xml.sax.saxutils import escape

from medcodes.catalog.v1 import catalog_pb2

from services.common.errors import ServiceError, Unavailable

from ..ports import Catalog
from ..rendering import index_view

# A file may have 50,000; smaller ones cost less to pack, to send and to fetch again.
URLS_A_FILE = 10_000
CODES_A_CALL = 500
# All codes of a system: what codes begin with, from the first character to the last.
ALL_CODES = "0-Z"
PATIENCE_SECONDS = 10.0

PAGES = ("/", "/codes", "/index", "/releases", "/privacy", "/api/docs")
NAMESPACE = "http://www.sitemaps.org/schemas/sitemap/0.9"


@dataclass(frozen=True, slots=True)
class Sitemap:
    """The files of a release by name, packed with gzip; some 60 kB for each 10,000 codes."""

    release: str
    index: bytes
    files: Mapping[str, bytes]


class Sitemaps:
    """`public_url` is what addresses begin with. One sitemap is kept, that of the current release."""

    def __init__(self, catalog: Catalog, public_url: str) -> None:
        self._catalog, self._public_url = catalog, public_url
        self._kept: Sitemap | None = None
        self._under_way: tuple[str, asyncio.Task[Sitemap]] | None = None

    async def current(self) -> Sitemap:
        """While the catalog is away the one kept from before. Raises Unavailable where there is none yet."""
        try:
            found = await self._catalog.list_code_systems()
        except ServiceError:
            if self._kept is None:
                raise
            return self._kept
        if self._kept is None or self._kept.release != found.release:
            try:
                # Whoever does not wait until the end leaves it to be finished for the next.
                self._kept = await asyncio.wait_for(asyncio.shield(self._making(found)), PATIENCE_SECONDS)
            except TimeoutError:
                raise Unavailable("the sitemap is being made") from None
        return self._kept

    def _making(self, found: catalog_pb2.ListCodeSystemsResponse) -> asyncio.Task[Sitemap]:
        under_way = self._under_way
        if under_way is None or under_way[0] != found.release or (under_way[1].done() and _failed(under_way[1])):
            under_way = self._under_way = found.release, asyncio.create_task(self._make(found))
        return under_way[1]

    async def _make(self, found: catalog_pb2.ListCodeSystemsResponse) -> Sitemap:
        systems = [system.system for system in found.systems if system.codes]
        browse = [*[path async for path in self._browse(systems)], *await self._indexes()]
        files = {"pages.xml": await self._file([*PAGES, *browse])}
        for system in systems:
            number, paths = 1, list[str]()
            async for more in self._codes(system, found.release):
                paths += more
                if len(paths) > URLS_A_FILE - CODES_A_CALL:
                    files[f"{system}-{number}.xml"] = await self._file(paths)
                    number, paths = number + 1, []
            if paths:
                files[f"{system}-{number}.xml"] = await self._file(paths)
        return Sitemap(found.release, self._index(files), files)

    async def _browse(self, systems: Sequence[str]) -> AsyncIterator[str]:
        """Each code system and its top groups, from where links lead to every code."""
        for system in systems:
            base = f"/codes/{quote(system)}"
            yield base
            top = await self._catalog.list_codes(catalog_pb2.ListCodesRequest(system=system, limit=CODES_A_CALL))
            for ref in top.items:
                if ref.has_children:
                    yield f"{base}?parent={quote(ref.code)}"

    async def _indexes(self) -> list[str]:
        """Each index and its letters, from where links lead to every term."""
        found = await self._catalog.list_indexes()
        return [
            index_view.href(one.index, letter=letter) for one in found.indexes for letter in ("", *one.letters)
        ]  # fmt: skip

    async def _codes(self, system: str, release: str) -> AsyncIterator[list[str]]:
        """Raises Unavailable where another release has come meanwhile."""
        cursor = ""
        while True:
            asked = catalog_pb2.ListCodesRequest(system=system, range=ALL_CODES, cursor=cursor, limit=CODES_A_CALL)
            found = await self._catalog.list_codes(asked)
            if found.release != release:
                raise Unavailable("a new release has come while the sitemap was made")
            yield [f"/codes/{quote(ref.system)}/{quote(ref.code)}" for ref in found.items if ref.has_page]
            cursor = found.next_cursor
            if not cursor:
                return

    async def _file(self, paths: Sequence[str]) -> bytes:
        locations = "".join(f"<url>{self._location(path)}</url>\n" for path in paths)
        # Some ten milliseconds for a whole file.
        return await asyncio.to_thread(_packed, f'<urlset xmlns="{NAMESPACE}">\n{locations}</urlset>\n')

    def _index(self, files: Mapping[str, bytes]) -> bytes:
        locations = "".join(f"<sitemap>{self._location(f'/sitemaps/{name}')}</sitemap>\n" for name in files)
        return _packed(f'<sitemapindex xmlns="{NAMESPACE}">\n{locations}</sitemapindex>\n')

    def _location(self, path: str) -> str:
        return f"<loc>{escape(self._public_url + path)}</loc>"


def _failed(task: asyncio.Task[Sitemap]) -> bool:
    return task.cancelled() or task.exception() is not None


def _packed(body: str) -> bytes:
    return gzip.compress(b'<?xml version="1.0" encoding="UTF-8"?>\n' + body.encode(), 6, mtime=0)
