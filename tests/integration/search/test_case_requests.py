"""The gRPC face of the case look-up: what is streamed, what is refused, and what ends it."""

from __future__ import annotations

import asyncio

import grpc
import pytest
from medcodes.search.v1 import search_pb2 as pb

from services.common.errors import from_rpc
from tests.contract.search.codes import RELEASE

NOTE = "HPI: no acute abdomen.\nAssessment: dislocation of left hip. Possible ethmoidal sinusitis."


@pytest.fixture
async def running(search_settings, start_search, make_current):
    running = await start_search(search_settings.model_copy(update={"case_lookups": 2, "case_seconds": 60}))
    await make_current(RELEASE)
    await running.until_release(RELEASE)
    return running


async def streamed(running, text=NOTE, **fields):
    return [part async for part in running.stub.CaseLookup(pb.CaseLookupRequest(text=text, **fields), timeout=90)]


async def refusal(running, text=NOTE, **fields):
    with pytest.raises(grpc.aio.AioRpcError) as failure:
        await streamed(running, text, **fields)
    return from_rpc(failure.value)


async def test_mentions_come_first_and_the_codes_last(running):
    *mentions, last = await streamed(running)
    assert [part.WhichOneof("part") for part in mentions] == ["mention"] * len(mentions)
    first = mentions[0].mention
    assert NOTE[first.place.start : first.place.end] == "acute abdomen"
    assert NOTE[first.trigger.start : first.trigger.end] == "no"
    assert (first.section, first.status) == ("present_illness", pb.MENTION_STATUS_NEGATED)
    assert first.candidates[0].code.display == "R10.0"
    (code,) = last.coded.codes
    assert (code.code.display, code.code.billable, code.confidence) == ("S73.005A", True, pb.CONFIDENCE_HIGH)
    assert [NOTE[place.start : place.end] for place in code.evidence] == ["dislocation of left hip"]
    assert last.coded.setting == pb.CASE_SETTING_OUTPATIENT
    assert {each.status for each in last.coded.not_coded} == {pb.MENTION_STATUS_NEGATED, pb.MENTION_STATUS_UNCERTAIN}


async def test_the_setting_is_passed_on(running):
    last = (await streamed(running, setting=pb.CASE_SETTING_INPATIENT))[-1]
    assert [code.code.display for code in last.coded.codes] == ["S73.005A", "J01.20"]
    assert "II.H" in last.coded.codes[1].why


async def test_bad_requests_name_the_field(running):
    for text, fields, name in [
        ("", {}, "text"),
        ("x" * 20_001, {}, "text"),
        ("x", {"setting": 7}, "setting"),
        ("x", {"on": "tomorrow"}, "on"),
    ]:
        error = await refusal(running, text, **fields)
        assert error.code is grpc.StatusCode.INVALID_ARGUMENT
        assert set(error.fields) == {name}


async def test_many_at_once_are_answered_or_refused_and_leave_nothing_behind(running):
    long = NOTE * 100
    answers = await asyncio.gather(*(streamed(running, long) for _ in range(8)), return_exceptions=True)
    refused = [from_rpc(each) for each in answers if isinstance(each, grpc.aio.AioRpcError)]
    assert refused
    assert len(refused) < len(answers)
    assert {error.reason for error in refused} == {"OVERLOADED"}
    assert (await streamed(running))[-1].HasField("coded")


async def test_a_caller_that_gives_up_gives_its_place_back(running):
    for _ in range(4):
        call = await begun(running, NOTE * 200)
        call.cancel()
    call = await begun(running, NOTE)
    parts = []
    while (part := await call.read()) is not grpc.aio.EOF:
        parts.append(part)
    assert parts[-1].HasField("coded")


async def begun(running, text):
    """A call that has a place and its first answer; the service hears a little later that another one was given up."""
    async with asyncio.timeout(60):
        while True:
            call = running.stub.CaseLookup(pb.CaseLookupRequest(text=text))
            try:
                await call.read()
                return call
            except grpc.aio.AioRpcError as error:
                assert from_rpc(error).reason == "OVERLOADED"
                await asyncio.sleep(0.05)


async def test_before_there_is_an_index(search_settings, start_search):
    running = await start_search(search_settings)
    assert (await refusal(running)).reason == "INDEX_NOT_READY"
