"""ICD-9-CM, ICD-10-PCS and the GEMs from small files to the catalog's calls, and on to what search makes of them."""

from __future__ import annotations

from datetime import date

import pytest
from medcodes.catalog.v1 import catalog_pb2 as pb
from medcodes.catalog.v1 import catalog_pb2_grpc

from services.catalog.adapters.sqlite_release import SqliteRelease
from services.catalog.service import Catalog
from services.common.grpc_client import connect
from services.search.adapters.catalog_client import CatalogClient
from services.search.indexed_codes import indexed_codes
from tests.integration.catalog.test_rpcs import TIMEOUT
from tests.one_release import OneRelease, catalog_server
from tests.unit.catalog.build import official_files as files

TITLES = {
    "CMS32_DESC_LONG_DX.txt": ["0010  Cholera", "83500 Dislocation, hip, closed", "83501 Dislocation, hip, behind"],
    "CMS32_DESC_LONG_SG.txt": ["0010 Some implantation", "8151 Hip replaced"],
    "2018_I9gem.txt": ["83500 S730    10000", "83501 S730    10111", "83501 S731    10112"],
    "2018_I10gem.txt": ["S730    83500 10000", "S731    NoDx  11000"],
}
PROCEDURES = ["00001 0SR     0 Lower Joints, Replacement", "00002 0SR90J9 1 Replacement of Right Hip Joint, Open"]


def laid_out(line: str) -> str:
    """A line of the order file, from its number, code, mark and title."""
    return f"{line[:15]} {line[16:76]:60} {line[16:]}"


@pytest.fixture(scope="module")
def small_release(tmp_path_factory):
    folder = tmp_path_factory.mktemp("systems")
    files.order_file(folder, [("S73", 0, "Hip out"), ("S730", 1, "Hip out, any"), ("S731", 1, "Hip sprained")])
    for name, lines in TITLES.items():
        files.written(folder / name, "\r\n".join(lines))
    files.written(folder / "icd10pcs_order_2026.txt", "\r\n".join(map(laid_out, PROCEDURES)))
    built = files.build(tmp_path_factory.mktemp("release"), folder)
    reader = SqliteRelease(built.database, built.id)
    yield reader
    reader.close()


@pytest.fixture
async def address(small_release):
    releases = OneRelease(small_release)
    async with catalog_server(Catalog(releases, lambda: date(2026, 8, 1)), releases) as address:
        yield address


@pytest.fixture
async def stub(address):
    async with connect(address) as channel:
        yield catalog_pb2_grpc.CatalogServiceStub(channel)


async def test_rows_that_stand_for_themselves_are_streamed_with_the_old_title(stub):
    call = stub.ListEquivalents(pb.ListEquivalentsRequest(), timeout=TIMEOUT)
    batches = [batch async for batch in call]
    assert {batch.total for batch in batches} == {2}
    found = [one for batch in batches for one in batch.equivalents]
    assert {(one.system, one.code, one.icd9_system, one.icd9_display, one.icd9_title) for one in found} == {
        ("icd10cm", "S730", "icd9cm", "835.00", "Dislocation, hip, closed")
    }
    assert [one.from_icd9 for one in found] == [False, True]
    assert all(one.approximate for one in found)


async def test_search_gets_them_with_the_codes(address, small_release):
    client = CatalogClient(address, timeout=TIMEOUT)
    batches = [batch async for batch in indexed_codes(client, small_release.release_id)]
    codes = {(one.system, one.code): one for batch in batches for one in batch.codes}
    hip = codes["icd10cm", "S730"]
    assert [(one.display, one.approximate) for one in hip.equivalents] == [("835.00", True)]
    assert hip.phrases == ("Dislocation, hip, closed",)
    assert not codes["icd10cm", "S731"].equivalents
    assert codes["icd9cm", "83500"].ends == date(2015, 9, 30)
    assert codes["icd9cm", "0010"].description == "Cholera"
    assert codes["icd9proc", "0010"].display == "00.10"


async def test_a_page_names_the_codes_both_ways(stub):
    answer = await stub.GetCodePage(pb.GetCodePageRequest(system="icd9cm", code="835.00"), timeout=TIMEOUT)
    crosswalks = next(one for one in answer.page.sections if one.name == "crosswalks")
    kinds = [(pb.EntryKind.Name(one.kind), one.related.display, one.related.has_page) for one in crosswalks.entries]
    assert kinds[:2] == [
        ("ENTRY_KIND_EQUIVALENT_CODE", "S73.0", True),
        ("ENTRY_KIND_EQUIVALENT_FROM", "S73.0", True),
    ]
    # Two small files are not all there is.
    assert kinds[2][0] == "ENTRY_KIND_NO_DATA"
    assert answer.page.status == pb.CODE_STATUS_RETIRED
    assert not answer.page.billable


async def test_both_new_systems_are_browsed_from_the_top(stub):
    async def below(system, parent=""):
        asked = pb.ListCodesRequest(system=system, parent=parent)
        return [(one.code, one.description) for one in (await stub.ListCodes(asked, timeout=TIMEOUT)).items]

    assert await below("icd10pcs") == [("0", "Medical and Surgical")]
    assert await below("icd10pcs", "0") == [("0S", "Lower Joints")]
    assert await below("icd10pcs", "0S") == [("0SR", "Lower Joints, Replacement")]
    assert await below("icd10pcs", "0SR9") == [("0SR90J9", "Replacement of Right Hip Joint, Open")]
    assert await below("icd9cm") == [
        ("001-139", "Infectious and parasitic diseases"),
        ("800-999", "Injury and poisoning"),
    ]
    assert await below("icd9cm", "835") == [
        ("83500", "Dislocation, hip, closed"),
        ("83501", "Dislocation, hip, behind"),
    ]
    assert [code for code, _ in await below("icd9proc")] == ["00-00", "76-84"]
