"""The sitemap: every code once, in files as small as they may be, and of the release that is served."""

from __future__ import annotations

import asyncio
import gzip
import re

import pytest
from medcodes.catalog.v1 import catalog_pb2 as pb

from services.common.errors import Unavailable
from services.gateway.robots import sitemaps as sitemaps_module
from services.gateway.robots.sitemaps import Sitemaps

SITE = "https://codes.example.org"


class Codes:
    """A catalog of so many codes in one system, in pages of 500; `calls` counts those."""

    def __init__(self, count: int) -> None:
        self.release, self.calls, self.away = "r1", 0, False
        self.codes = [f"{number:05}" for number in range(count)]

    async def list_code_systems(self) -> pb.ListCodeSystemsResponse:
        if self.away:
            raise Unavailable("away")
        systems = [pb.CodeSystem(system="cpt", codes=len(self.codes)), pb.CodeSystem(system="cdt", codes=0)]
        return pb.ListCodeSystemsResponse(release=self.release, systems=systems)

    async def list_indexes(self) -> pb.ListIndexesResponse:
        return pb.ListIndexesResponse(indexes=[pb.Index(index="diseases", letters=["#", "A"])])

    async def list_codes(self, request: pb.ListCodesRequest) -> pb.ListCodesResponse:
        await asyncio.sleep(0)
        if not request.range:
            return pb.ListCodesResponse(items=[pb.CodeRef(system="cpt", code="A&B", has_children=True)])
        self.calls += 1
        begin = int(request.cursor or 0)
        end = begin + request.limit
        items = [pb.CodeRef(system="cpt", code=code, has_page=True) for code in self.codes[begin:end]]
        cursor = str(end) if end < len(self.codes) else ""
        return pb.ListCodesResponse(items=items, next_cursor=cursor, release=self.release)


def locations(packed: bytes) -> list[str]:
    return re.findall("<loc>(.*?)</loc>", gzip.decompress(packed).decode())


async def test_every_code_stands_in_it_once():
    found = await Sitemaps(Codes(20_001), SITE).current()
    names = ["pages.xml", "cpt-1.xml", "cpt-2.xml", "cpt-3.xml"]
    assert locations(found.index) == [f"{SITE}/sitemaps/{name}" for name in names]
    codes = [location for name in names[1:] for location in locations(found.files[name])]
    assert codes == [f"{SITE}/codes/cpt/{number:05}" for number in range(20_001)]
    assert max(len(locations(file)) for file in found.files.values()) <= 10_000
    assert f"{SITE}/codes/cpt?parent=A%26B" in locations(found.files["pages.xml"])
    indexes = [f"{SITE}/index/diseases{letter}" for letter in ("", "?letter=%23", "?letter=A")]
    assert [one for one in locations(found.files["pages.xml"]) if "/index/" in one] == indexes
    assert not any("cdt" in location for location in locations(found.files["pages.xml"]))


async def test_it_is_made_once_for_a_release_however_many_ask():
    catalog = Codes(1_200)
    sitemaps = Sitemaps(catalog, SITE)
    await asyncio.gather(*(sitemaps.current() for _ in range(10)))
    await sitemaps.current()
    assert catalog.calls == 3
    catalog.release, catalog.codes = "r2", ["99999"]
    assert locations((await sitemaps.current()).files["cpt-1.xml"]) == [f"{SITE}/codes/cpt/99999"]
    catalog.away = True
    assert (await sitemaps.current()).release == "r2"


async def test_of_two_releases_it_is_never_made(monkeypatch):
    catalog = Codes(1_200)
    sitemaps = Sitemaps(catalog, SITE)
    making = asyncio.create_task(sitemaps.current())
    while not catalog.calls:
        await asyncio.sleep(0)
    catalog.release = "r2"
    with pytest.raises(Unavailable):
        await making
    assert (await sitemaps.current()).release == "r2"


async def test_who_does_not_wait_for_it_leaves_it_for_the_next(monkeypatch):
    catalog = Codes(1_200)
    sitemaps = Sitemaps(catalog, SITE)
    with monkeypatch.context() as impatient:
        impatient.setattr(sitemaps_module, "PATIENCE_SECONDS", 0.0001)
        with pytest.raises(Unavailable):
            await sitemaps.current()
    assert (await sitemaps.current()).release == "r1"
    assert catalog.calls == 3


def test_a_whole_machine_lists_its_code_pages_and_says_where(open_medcodes):
    with open_medcodes.client() as client:
        robots = client.get("/robots.txt").text
        assert re.search(r"^Sitemap: http://127\.0\.0\.1:\d+/sitemap\.xml$", robots, re.MULTILINE)
        index = client.get("/sitemap.xml")
        assert index.headers["Content-Type"] == "application/xml; charset=utf-8"
        assert "Set-Cookie" not in index.headers
        files = [location.removeprefix(open_medcodes.url) for location in re.findall("<loc>(.*?)</loc>", index.text)]
        assert {"/sitemaps/pages.xml", "/sitemaps/cpt-1.xml", "/sitemaps/icd10cm-1.xml"} <= set(files)
        listed = [
            location.removeprefix(open_medcodes.url)
            for file in files
            for location in re.findall("<loc>(.*?)</loc>", client.get(file).text)
        ]
        assert len(listed) == len(set(listed))
        assert {"/", "/codes/cpt", "/codes/cpt/27250", "/codes/icd10cm/S73005A"} <= set(listed)
        systems = client.get("/codes").text
        assert sum("/codes/cpt/" in path for path in listed) >= 10
        assert "/codes/cpt" in systems
        plain = client.get("/sitemaps/cpt-1.xml", headers={"Accept-Encoding": "identity"})
        assert "Content-Encoding" not in plain.headers
        assert plain.text == client.get("/sitemaps/cpt-1.xml").text
        assert client.get("/sitemaps/nothing.xml").status_code == 404
        assert client.head("/sitemap.xml").content == b""
