"""The calls of the indexes through a real server and channel, over a release built from small files."""

from __future__ import annotations

from datetime import date

import grpc
import pytest
from medcodes.catalog.v1 import catalog_pb2 as pb
from medcodes.catalog.v1 import catalog_pb2_grpc

from services.catalog.adapters.sqlite_release import SqliteRelease
from services.catalog.changes import Changes
from services.catalog.indexes import Indexes
from services.catalog.page_cache import PageCache
from services.catalog.service import Catalog
from services.catalog.servicer import SERVICE, CatalogServicer
from services.common.errors import NotFound, from_rpc
from services.common.grpc_client import connect
from services.common.grpc_server import GrpcServer
from services.common.health import Health
from tests.integration.catalog.conftest import OneRelease
from tests.integration.catalog.test_rpcs import TIMEOUT, NoChanges
from tests.unit.catalog.build import official_files as files


@pytest.fixture(scope="module")
def small_release(tmp_path_factory):
    folder = tmp_path_factory.mktemp("indexes")
    files.small_indexes(folder)
    files.order_file(folder, [("S73", 0, "Hip out of its place"), ("S730", 1, "Hip out of its place, any")])
    built = files.build(tmp_path_factory.mktemp("release"), folder)
    reader = SqliteRelease(built.database, built.id)
    yield reader
    reader.close()


@pytest.fixture
async def stub(small_release):
    releases = OneRelease(small_release)
    catalog, indexes = (kind(releases, lambda: date(2026, 8, 1)) for kind in (Catalog, Indexes))
    server = GrpcServer(
        domain="catalog.medcodes",
        listen="127.0.0.1:0",
        register=[CatalogServicer(catalog, PageCache(0), Changes(NoChanges()), indexes).register],
        names=[SERVICE],
        health=Health("catalog"),
        drain_seconds=1,
    )
    await server.start()
    channel = connect(f"127.0.0.1:{server.port}", idempotent=[SERVICE])
    yield catalog_pb2_grpc.CatalogServiceStub(channel)
    await channel.close()
    await server.stop()


async def streamed(stub, **asked) -> list[pb.IndexTerm]:
    call = stub.ListIndexTerms(pb.ListIndexTermsRequest(**asked), timeout=TIMEOUT)
    return [term async for batch in call for term in batch.terms]


async def test_every_term_with_its_path_codes_and_references(stub):
    terms = await streamed(stub)
    assert [term.index for term in terms] == ["diseases"] * 6 + ["external_causes", "drugs"] + ["neoplasms"] * 2
    left = terms[2]
    assert [(one.title, one.modifiers, one.shown) for one in left.path] == [
        ("Hip, hips", "(old)", "Hip, hips (old)"),
        ("out of place", "(far)", "out (far) of place"),
        ("left", "", "left"),
    ]
    assert [(one.code, one.display, one.more) for one in left.codes] == [("S730", "S73.0-", True)]
    (out,) = terms[1].codes
    assert (out.display, out.manifestation, out.manifestation_display) == ("S73", "M905", "M90.5-")
    assert out.manifestation_more
    assert not out.more
    assert (terms[4].see.text, terms[4].see_also.text) == ("Hip, out of place", "nothing here")
    assert terms[6].see_category == "W19"
    assert left.source.file == "icd10cm-index-April-1-2026.xml"
    assert left.source.edition == "ICD-10-CM alphabetic index FY2026"
    assert left.source.line == 7


async def test_tables_name_the_column_of_each_code(stub):
    (herb,) = await streamed(stub, index="drugs")
    assert [(one.column, one.display) for one in herb.codes] == [
        ("poisoning_accidental", "T51.0X1"),
        ("underdosing", "T51.0X6"),
    ]
    _, hip = await streamed(stub, index="neoplasms")
    assert [(one.column, one.display, one.more) for one in hip.codes] == [("malignant_primary", "C76.5-", True)]


async def test_the_total_stands_on_every_message(stub, small_release):
    batches = [batch async for batch in stub.ListIndexTerms(pb.ListIndexTermsRequest(), timeout=TIMEOUT)]
    assert {batch.total for batch in batches} == {10}
    assert {batch.release for batch in batches} == {small_release.release_id}


async def test_the_indexes_there_are(stub):
    found = (await stub.ListIndexes(pb.ListIndexesRequest(), timeout=TIMEOUT)).indexes
    assert [(one.index, one.title, one.terms, list(one.letters)) for one in found] == [
        ("diseases", "ICD-10-CM alphabetic index", 6, ["H"]),
        ("external_causes", "ICD-10-CM index of external causes", 1, ["F"]),
        ("drugs", "ICD-10-CM table of drugs and chemicals", 1, ["#"]),
        ("neoplasms", "ICD-10-CM table of neoplasms", 2, ["N"]),
    ]
    assert [len(one.columns) for one in found] == [0, 0, 6, 6]
    assert (found[0].edition.edition, found[0].edition.complete) == ("FY2026", False)


async def test_browsing_an_index(stub):
    top = await stub.GetIndexEntries(pb.GetIndexEntriesRequest(index="diseases", letter="H"), timeout=TIMEOUT)
    assert [item.path[-1].title for item in top.items] == ["Hip, hips", "Hop", "Herb NEC"]
    assert [(item.see.index, list(item.see.path)) for item in top.items] == [
        ("", []),
        ("diseases", ["Hip, hips", "out of place"]),
        ("drugs", []),
    ]
    assert not top.items[1].see_also.index
    assert [(code.code, code.has_page) for code in top.codes] == [("S730", True)]
    below = await stub.GetIndexEntries(pb.GetIndexEntriesRequest(index="diseases", path=["Hip, hips"]), timeout=TIMEOUT)
    assert [item.path[-1].title for item in below.items] == ["out of place", "growth"]
    assert list(below.items[1].see.path) == ["Neoplasm, neoplastic", "hip"]
    assert [code.code for code in below.codes] == ["S730", "S73"]


@pytest.mark.parametrize(
    ("asked", "reason"),
    [({"index": "nope"}, "INDEX_NOT_FOUND"), ({"index": "diseases", "path": ["nope"]}, "TERM_NOT_FOUND")],
)
async def test_what_is_not_there(stub, asked, reason):
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await stub.GetIndexEntries(pb.GetIndexEntriesRequest(**asked), timeout=TIMEOUT)
    error = from_rpc(caught.value)
    assert (type(error), error.reason) == (NotFound, reason)
