"""The gRPC face of search: what is refused and how, paging, suggestions."""

from __future__ import annotations

import asyncio

import grpc
import pytest

from services.common.errors import from_rpc
from tests.contract.search.codes import RELEASE


@pytest.fixture
async def running(search_settings, start_search, make_current):
    running = await start_search(search_settings)
    await make_current(RELEASE)
    await running.until_release(RELEASE)
    return running


async def refused_fields(call):
    with pytest.raises(grpc.aio.AioRpcError) as failure:
        await call
    error = from_rpc(failure.value)
    assert error.code is grpc.StatusCode.INVALID_ARGUMENT
    return set(error.fields)


async def test_bad_requests_name_the_field(running):
    for fields, name in [
        ({"q": "x" * 401}, "q"),
        ({"q": "hip", "system": "icd11"}, "system"),
        ({"q": "hip", "limit": 101}, "limit"),
        ({"q": "hip", "limit": 2**32 - 1}, "limit"),
        ({"q": "hip", "on": "2025-02-30"}, "on"),
        ({"q": "hip", "on": "20250201"}, "on"),
        ({"q": "hip", "on": "yesterday"}, "on"),
        ({"q": "hip", "on": "1899-12-31"}, "on"),
        ({"q": "hip", "on": "9999-12-31"}, "on"),
        ({"q": "hip", "cursor": "abc"}, "cursor"),
        ({"q": "hip", "cursor": "\u00e9" * 50}, "cursor"),
    ]:
        assert await refused_fields(running.search(**fields)) == {name}
    assert await refused_fields(running.suggest("x" * 401, limit=11, system="?")) == {"q", "limit", "system"}


async def test_nothing_to_look_for_finds_nothing(running):
    for q in ("", "   ", "?!*", "💥", "\x00"):
        answer = await running.search(q)
        assert (answer.total, list(answer.results), answer.release) == (0, [], RELEASE)


async def test_pages_follow_one_another(running):
    whole = await running.displays("hip", limit=100)
    pages, cursor = [], ""
    while True:
        answer = await running.search("hip", limit=7, cursor=cursor)
        pages += [result.display for result in answer.results]
        assert answer.total == len(whole)
        cursor = answer.next_cursor
        if not cursor:
            break
    assert pages == whole


async def test_a_cursor_of_another_query_is_refused(running):
    cursor = (await running.search("hip", limit=2)).next_cursor
    assert await refused_fields(running.search("left", cursor=cursor)) == {"cursor"}


async def test_results_carry_reasons_highlights_and_facets(running):
    answer = await running.search("dislocated hip", system="cpt")
    result = answer.results[0]
    assert result.why == "matches 'dislocation', 'hip'"
    assert not result.HasField("billable")
    marked = [result.description[part.start : part.end] for part in result.highlights]
    assert sorted(marked) == ["dislocation", "hip"]
    assert {(facet.field, facet.value) for facet in answer.facets} >= {("system", "cpt"), ("system", "icd10cm")}


async def test_suggestions_start_at_the_second_character(running):
    assert not await running.suggest("2")
    assert [each.code for each in await running.suggest("27", limit=2)] == ["27250", "27252"]


async def test_many_at_once_within_a_deadline(running):
    answers = await asyncio.gather(*(running.search("hip dislocation") for _ in range(100)))
    assert all(answer.total for answer in answers)


async def test_a_deadline_that_is_over_ends_the_call(running):
    from medcodes.search.v1 import search_pb2 as pb

    with pytest.raises(grpc.aio.AioRpcError) as failure:
        await running.stub.Search(pb.SearchRequest(q="hip"), timeout=-1)
    assert failure.value.code() is grpc.StatusCode.DEADLINE_EXCEEDED
    assert await running.displays("27250") == ["27250"]
