"""Every call of the catalog, through a real server and channel."""

from __future__ import annotations

import grpc
import pytest
from medcodes.catalog.v1 import catalog_pb2 as pb
from medcodes.catalog.v1 import catalog_pb2_grpc

from services.catalog.changes import Changes
from services.catalog.indexes import Indexes
from services.catalog.page_cache import PageCache
from services.catalog.service import Catalog
from services.catalog.servicer import SERVICE, CatalogServicer
from services.common.clock import new_york_today
from services.common.errors import InvalidArgument, NotFound, Unavailable, from_rpc
from services.common.grpc_client import connect
from tests.catalog_memory import MemoryReleases
from tests.one_release import served

TIMEOUT = 60


class NoChanges:
    """A machine that has no release's changes."""

    current_id = ""

    def changes(self):
        return {}


@pytest.fixture
async def cache() -> PageCache:
    return PageCache(32 << 20)


@pytest.fixture
async def server(catalog, indexes, cache):
    async with served(CatalogServicer(catalog, cache, Changes(NoChanges()), indexes)) as server:
        yield server


@pytest.fixture
async def stub(server):
    channel = connect(f"127.0.0.1:{server.port}", idempotent=[SERVICE])
    yield catalog_pb2_grpc.CatalogServiceStub(channel)
    await channel.close()


async def refused(call):
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await call
    return from_rpc(caught.value)


def asked(code, system="cpt", on=""):
    return pb.GetCodePageRequest(system=system, code=code, on=on)


async def test_a_code_page(stub):
    page = (await stub.GetCodePage(asked("27250"), timeout=TIMEOUT)).page
    assert (page.system, page.code, page.display, page.status) == ("cpt", "27250", "27250", pb.CODE_STATUS_ACTIVE)
    assert [section.name for section in page.sections] == [
        "guidelines", "modifiers", "crosswalks", "ncci_edits", "compliance", "medicare_coverage",
    ]  # fmt: skip
    coverage = page.sections[5]
    assert coverage.entries[0].kind == pb.ENTRY_KIND_RVU_WORK
    assert coverage.entries[0].value == "3.82"
    assert getattr(coverage.entries[0], "from") == "2025-10-01"
    assert coverage.state == pb.SECTION_STATE_AVAILABLE
    assert coverage.outdated_since == "2026-01-01"
    assert coverage.total > len(coverage.entries) == 40
    assert {use.data_set for use in coverage.editions} == {"Physician Fee Schedule", "GPCI"}
    assert page.billable is True
    assert page.release


async def test_a_cached_page_is_the_same_and_dated(stub, cache):
    first = (await stub.GetCodePage(asked("27250", on="2025-11-01"), timeout=TIMEOUT)).page
    kept = cache.size
    assert kept > 0
    again = (await stub.GetCodePage(asked("2 7250", on="2025-12-01"), timeout=TIMEOUT)).page
    assert cache.size == kept
    assert (first.on, again.on) == ("2025-11-01", "2025-12-01")
    first.on = again.on = ""
    assert first == again
    assert first.same_from <= "2025-11-01" <= "2025-12-01" <= first.same_to


async def test_the_rest_of_a_section(stub):
    page = (await stub.GetCodePage(asked("27250"), timeout=TIMEOUT)).page
    entries, cursor = list(page.sections[5].entries), page.sections[5].next_cursor
    while cursor:
        request = pb.GetSectionRequest(
            system="cpt", code="27250", section="medicare_coverage", cursor=cursor, limit=100
        )
        answer = await stub.GetSection(request, timeout=TIMEOUT)
        entries += answer.section.entries
        cursor = answer.section.next_cursor
    assert len(entries) == page.sections[5].total
    assert len({(entry.label, entry.kind) for entry in entries}) == len(entries)


async def test_a_filtered_section(stub):
    request = pb.GetSectionRequest(system="cpt", code="27250", section="medicare_coverage", q="ALASKA")
    answer = await stub.GetSection(request, timeout=TIMEOUT)
    assert answer.section.total == len(answer.section.entries) == 2


async def test_code_systems(stub):
    answer = await stub.ListCodeSystems(pb.ListCodeSystemsRequest(), timeout=TIMEOUT)
    systems = {system.system: system for system in answer.systems}
    assert {"icd10cm", "cpt", "hcpcs"} <= set(systems)
    assert systems["icd10cm"].codes == 98_186
    assert systems["icd10cm"].editions[0].outdated_since == "2026-10-01"


async def test_browsing(stub):
    top = await stub.ListCodes(pb.ListCodesRequest(system="icd10cm"), timeout=TIMEOUT)
    assert [item.code for item in top.items[:3]] == ["1", "2", "3"]
    assert len(top.items) == 22
    assert not top.items[0].has_page
    below = await stub.ListCodes(pb.ListCodesRequest(system="icd10cm", parent="S73.00"), timeout=TIMEOUT)
    assert [item.display for item in below.path] == ["19", "S70-S79", "S73", "S73.0", "S73.00"]
    assert "S73.005" in [item.display for item in below.items]
    family = await stub.ListCodes(pb.ListCodesRequest(system="cpt", range="27250-27254"), timeout=TIMEOUT)
    assert [item.code for item in family.items] == ["27250", "27252", "27253", "27254"]


async def test_browsing_page_by_page(stub):
    codes, cursor = [], ""
    while True:
        request = pb.ListCodesRequest(system="icd10cm", parent="19", limit=7, cursor=cursor)
        answer = await stub.ListCodes(request, timeout=TIMEOUT)
        codes += [item.code for item in answer.items]
        cursor = answer.next_cursor
        if not cursor:
            break
    whole = await stub.ListCodes(pb.ListCodesRequest(system="icd10cm", parent="19"), timeout=TIMEOUT)
    assert codes == [item.code for item in whole.items]
    assert len(codes) > 7


async def test_batches(stub):
    keys = [pb.CodeKey(system="cpt", code="27250"), pb.CodeKey(system="cpt", code="00000")]
    answer = await stub.BatchGetCodes(pb.BatchGetCodesRequest(codes=keys), timeout=TIMEOUT)
    assert [found.code for found in answer.found] == ["27250"]
    assert list(answer.missing) == keys[1:]


async def test_the_stream_for_an_index(stub):
    total, codes = 0, {}
    async for batch in stub.StreamCodes(pb.StreamCodesRequest(), timeout=300):
        total = batch.total
        for code in batch.codes:
            codes[code.system, code.code] = code
    assert len(codes) == total > 98_000
    hip = codes["icd10cm", "S73005A"]
    assert hip.chapter.startswith("Injury")
    assert any("out of its joint" in term for term in hip.terms)


async def test_releases(stub):
    assert (await stub.ListReleases(pb.ListReleasesRequest(), timeout=TIMEOUT)) is not None


async def test_an_unknown_code_comes_with_near_matches(stub):
    error = await refused(stub.GetCodePage(asked("27251"), timeout=TIMEOUT))
    assert isinstance(error, NotFound)
    assert error.reason == "CODE_NOT_FOUND"
    assert "27250" in error.metadata["near"].split(",")
    assert len(error.metadata["near"].split(",")) <= 5


async def test_an_unknown_system(stub):
    error = await refused(stub.GetCodePage(asked("27250", system="icd11"), timeout=TIMEOUT))
    assert (type(error), error.reason) == (NotFound, "SYSTEM_NOT_FOUND")


async def test_a_date_that_is_not_covered(stub):
    error = await refused(stub.GetCodePage(asked("27250", on="2001-01-01"), timeout=TIMEOUT))
    assert (type(error), error.reason) == (NotFound, "DATE_NOT_COVERED")


@pytest.mark.parametrize(
    ("request_of", "field"),
    [
        (asked("2" * 17), "code"),
        (asked("２７２５０"), "code"),
        (asked("<script>"), "code"),
        (asked("27250", on="2025-13-01"), "on"),
        (asked("27250", on="3000-01-01"), "on"),
    ],
)
async def test_bad_questions_name_the_field(stub, request_of, field):
    error = await refused(stub.GetCodePage(request_of, timeout=TIMEOUT))
    assert isinstance(error, InvalidArgument)
    assert list(error.fields) == [field]


async def test_a_forged_cursor(stub):
    request = pb.GetSectionRequest(system="cpt", code="27250", section="guidelines", cursor="AAAA")
    error = await refused(stub.GetSection(request, timeout=TIMEOUT))
    assert isinstance(error, InvalidArgument)
    assert list(error.fields) == ["cursor"]


async def test_bytes_that_are_no_message_are_refused_and_harm_nothing_else(server, stub):
    async with grpc.aio.insecure_channel(f"127.0.0.1:{server.port}") as channel:
        raw = channel.unary_unary(f"/{SERVICE}/GetCodePage")
        with pytest.raises(grpc.aio.AioRpcError):
            await raw(b"\xff\xff\xff", timeout=TIMEOUT)
    assert (await stub.GetCodePage(asked("27250"), timeout=TIMEOUT)).page.code == "27250"


async def test_without_a_release_the_caller_may_try_again():
    nothing = MemoryReleases(None)
    catalog, indexes = Catalog(nothing, new_york_today), Indexes(nothing, new_york_today)
    with pytest.raises(Unavailable) as caught:
        await CatalogServicer(catalog, PageCache(0), Changes(NoChanges()), indexes).GetCodePage(asked("27250"), None)
    assert caught.value.reason == "NO_RELEASE"
