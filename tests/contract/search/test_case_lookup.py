"""The case look-up over real indexes of every engine."""

from __future__ import annotations

import asyncio

import grpc
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services.common.errors import DeadlineExceeded, InvalidArgument, Unavailable
from services.search.case_lookup import CaseLookup, CaseText, CodedCase
from services.search.domain.notes.findings import Mention
from services.search.ports import EngineError
from tests.contract.search.codes import RELEASE

NOTE = """HPI: Hip popped out getting out of the car, left side. Denies acute abdomen.
PMH: Crohn's disease. Mother had type 2 diabetes.
Assessment:
1. Dislocation of left hip
2. High blood pressure
3. Possible acute ethmoidal sinusitis
Orders: crutches underarm
"""


@pytest.fixture
def lookup(index):
    return CaseLookup(lambda: index, most=2, seconds=30)


async def parts(lookup, text=NOTE, **case):
    return [part async for part in lookup.look_up(CaseText(text, **case))]


async def codes(lookup, text=NOTE, **case):
    return [code.hit.display for code in (await parts(lookup, text, **case))[-1].codes]


async def test_a_note_becomes_codes_with_their_evidence(lookup):
    *mentions, case = await parts(lookup)
    assert isinstance(case, CodedCase)
    assert all(isinstance(mention, Mention) for mention in mentions)
    found = {code.hit.display: [NOTE[place.start : place.end] for place in code.evidence] for code in case.codes}
    assert found == {
        "S73.005A": ["Dislocation of left hip"],
        "I10": ["High blood pressure"],
        "K50.90": ["Crohn's disease"],
        "E0114": ["crutches underarm"],
    }
    left = {NOTE[each.place.start : each.place.end]: each.status.value for each in case.not_coded}
    assert left["acute abdomen"] == "negated"
    assert left["type 2 diabetes"] == "family"
    assert left["acute ethmoidal sinusitis"] == "uncertain"
    assert case.release == RELEASE


async def test_doubt_is_coded_for_a_stay(lookup):
    assert "J01.20" not in await codes(lookup)
    assert "J01.20" in await codes(lookup, setting="inpatient")


async def test_mentions_come_in_the_order_of_the_text(lookup):
    *mentions, _ = await parts(lookup)
    starts = [mention.place.start for mention in mentions]
    assert starts == sorted(starts)


async def test_an_open_side_is_asked_for(lookup):
    *_, case = await parts(lookup, "Assessment: hip dislocation")
    (code,) = case.codes
    assert code.hit.display == "S73.006A"
    assert [question.text for question in code.questions] == ["Which hip: right, left?"]


async def test_what_no_code_fits_is_said_to_be_without(lookup):
    text = "Assessment: quibbling frobnication"
    *_, case = await parts(lookup, text)
    assert [text[place.start : place.end] for place in case.nothing_found] == ["quibbling frobnication"]
    assert not case.codes


async def test_a_date_leaves_out_what_is_not_in_force_on_it(lookup):
    text = "Orders: tetracycline injection"
    assert await codes(lookup, text, on="2024-06-01") == ["J0120"]
    assert await codes(lookup, text, on="2025-06-01") == []


async def test_what_is_refused_names_its_field(lookup):
    for case, field in [
        (CaseText(""), "text"),
        (CaseText(" \n"), "text"),
        (CaseText("é" * 10_001), "text"),
        (CaseText("x", setting="3"), "setting"),
        (CaseText("x", on="2025-02-30"), "on"),
    ]:
        with pytest.raises(InvalidArgument) as refusal:
            _ = [part async for part in lookup.look_up(case)]
        assert set(refusal.value.fields) == {field}
        assert refusal.value.code is grpc.StatusCode.INVALID_ARGUMENT


async def test_no_more_notes_at_a_time_than_allowed_and_each_gives_its_place_back(index):
    lookup = CaseLookup(lambda: index, most=1, seconds=30)
    first = lookup.look_up(CaseText(NOTE))
    await anext(first)
    with pytest.raises(Unavailable) as refusal:
        await parts(lookup)
    assert refusal.value.reason == "OVERLOADED"
    await first.aclose()
    assert await codes(lookup)


async def test_a_note_that_takes_too_long_ends(index):
    with pytest.raises(DeadlineExceeded):
        await parts(CaseLookup(lambda: index, most=1, seconds=0.0001))


async def test_an_index_that_is_not_there_or_fails():
    with pytest.raises(Unavailable) as missing:
        await parts(CaseLookup(lambda: None, most=1, seconds=30))
    assert missing.value.reason == "INDEX_NOT_READY"

    class Failing:
        release, documents = RELEASE, 1

        async def matching(self, plans, *, limit):
            raise EngineError("out of order")

    lookup = CaseLookup(Failing, most=1, seconds=30)
    for _ in range(2):
        with pytest.raises(Unavailable) as failing:
            await parts(lookup)
        assert failing.value.reason == "ENGINE_UNAVAILABLE"


async def test_the_longest_note_is_answered(lookup):
    words = ("hip dislocation left crohn high blood pressure sinusitis " * 400)[:20_000]
    assert await codes(lookup, words)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(st.text(max_size=400) | st.lists(st.sampled_from(NOTE.split())).map(" ".join))
def test_any_text_is_answered_within_itself(built, engine, text):
    if not text.strip() or not text.isprintable():
        text = f"Assessment: {text!r}"

    async def look_up():
        from tests.contract.search.conftest import STORES

        store = STORES[engine](built)
        index = await store.open(RELEASE)
        try:
            return await parts(CaseLookup(lambda: index, most=1, seconds=60), text)
        finally:
            await index.close()
            await store.close()

    *mentions, case = asyncio.run(look_up())
    places = [mention.place for mention in mentions] + [each for code in case.codes for each in code.evidence]
    assert all(0 <= place.start < place.end <= len(text) for place in places)
    assert all(code.evidence for code in case.codes)
