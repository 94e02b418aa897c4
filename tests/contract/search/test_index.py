"""What every search index promises (services/search/ports.py, SearchIndex)."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services.search.domain.documents import MatchKind
from services.search.domain.filters import Filters
from services.search.domain.query import ENOUGH, Strictness, understand
from services.search.domain.reasons import why
from services.search.ports import EngineError
from tests.contract.search.asking import displays, search, suggested
from tests.contract.search.codes import CODES, RELEASE


async def test_it_is_the_whole_release(index):
    assert (index.release, index.documents) == (RELEASE, len(CODES))


@pytest.mark.parametrize("code", CODES, ids=lambda code: code.code)
async def test_every_code_is_found_first_in_any_spelling(index, code):
    for typed in (code.code, code.display, code.code.lower(), " ".join((code.display[:3], code.display[3:]))):
        found = await search(index, typed, system=code.system)
        assert (found.hits[0].system, found.hits[0].code) == (code.system, code.code)
        assert found.hits[0].kind is MatchKind.EXACT


async def test_a_code_of_two_systems_comes_first_in_the_one_that_spells_it_so(index):
    assert (await displays(index, "J01.20"))[:2] == ["J01.20", "J0120"]
    assert (await displays(index, "J0120"))[:2] == ["J0120", "J01.20"]


async def test_a_prefix_finds_the_code_then_all_beneath_it_in_code_order(index):
    found = await search(index, "S73.0", limit=100)
    family = [code.display for code in CODES if code.code.startswith("S730")]
    assert [hit.display for hit in found.hits] == family
    assert [hit.kind for hit in found.hits[:2]] == [MatchKind.EXACT, MatchKind.PREFIX]
    assert found.total == len(family)


@pytest.mark.parametrize("typed", ["27250-27253", "27253 to 27250"])
async def test_a_range_holds_both_ends(index, typed):
    assert await displays(index, typed) == ["27250", "27252", "27253"]


async def test_a_range_holds_what_is_below_its_end(index):
    assert await displays(index, "E10-E11") == ["E11", "E11.621", "E11.9"]


async def test_a_pasted_list_keeps_its_order(index):
    assert await displays(index, "S73.005A, 27250, e0114") == ["S73.005A", "27250", "E0114"]


async def test_a_code_among_words_comes_first(index):
    assert (await displays(index, "walker E0114"))[:2] == ["E0114", "E0143"]


async def test_all_words_are_required_where_enough_have_them(index):
    found = await search(index, "hip dislocation", limit=100)
    assert found.strictness is Strictness.ALL
    assert found.total >= ENOUGH
    assert all("hip" in hit.description.lower() for hit in found.hits)


async def test_results_with_all_words_stay_ahead_of_those_with_some(index):
    found = await search(index, "broken collarbone pair", limit=100)
    assert found.strictness > Strictness.ALL
    assert [hit.display for hit in found.hits][:2] == ["S42.002A", "E0114"]


async def test_a_typed_code_brings_no_words_like_it(index):
    assert await displays(index, "E11.9") == ["E11.9"]


async def test_a_side_is_preferred_and_no_result_is_missed_for_lacking_it(index):
    found = await displays(index, "left hip dislocation", limit=100)
    assert found[0] in {"S73.005", "S73.005A"}
    assert {"S73.004", "S73.006"} <= set(found)
    assert (await displays(index, "l clavicle"))[0] == "S42.002A"


async def test_without_an_encounter_or_a_side_the_first_and_the_unspecified_are_preferred(index):
    found = await displays(index, "hip dislocation", system="icd10cm", limit=100)
    assert found[0] == "S73.006A"
    assert (await displays(index, "hip dislocation subsequent"))[0] == "S73.006D"
    assert (await displays(index, "right hip dislocation sequela"))[0] == "S73.004S"


async def test_words_are_met_by_what_they_stand_for(index):
    hit = (await search(index, "htn")).hits[0]
    assert (hit.display, why(understand("htn"), hit)) == ("I10", "matches 'htn' = essential primary hypertension")
    hit = (await search(index, "collar bone")).hits[0]
    assert (hit.display, why(understand("collar bone"), hit)) == ("S42.002A", "matches 'collar bone' = clavicle")


async def test_a_word_that_stands_for_several_things_is_found_as_typed_too(index):
    assert "S42.002A" in await displays(index, "broken")
    assert (await search(index, "broken clavicle")).hits[0].display == "S42.002A"


async def test_words_that_stand_for_what_no_code_says_count_each_by_itself(index):
    found = await search(index, "high cholesterol")
    assert found.strictness is Strictness.ANY
    assert [hit.display for hit in found.hits] == ["I10"]  # high blood pressure


async def test_forms_of_one_word_side_by_side_are_one_word(index):
    assert (await displays(index, "hypertension hypertensive essential"))[0] == "I10"


async def test_words_are_found_in_other_forms(index):
    assert "S73.005A" in await displays(index, "dislocations, left hips, initial encounters")
    assert await displays(index, "sjogren") == ["M35.00"]
    assert await displays(index, "Crohn’s") == ["K50.90"]


async def test_the_last_word_may_still_be_typed(index):
    assert await displays(index, "foot ulc") == ["E11.621"]


async def test_further_terms_are_searched_and_named(index):
    hit = (await search(index, "high pressure")).hits[0]
    assert hit.display == "I10"
    assert [(word.asked, word.met, word.term) for word in hit.words] == [
        ("high", "high", "High blood pressure"),
        ("pressure", "pressure", "High blood pressure"),
    ]


async def test_phrases_of_an_index_are_searched_and_named(index):
    (hit,) = (await search(index, "sudden colic")).hits
    assert hit.display == "R10.0"
    assert {word.term for word in hit.words} == {"Colic, sudden"}


async def test_modifiers_of_an_index_are_searched(index):
    assert await displays(index, "surgical colic") == ["R10.0"]


async def test_the_description_counts_more_than_further_terms(index):
    assert (await displays(index, "treatment place hip"))[0] == "27250"
    assert (await displays(index, "hypertension"))[0] == "I10"


async def test_one_slip_in_a_long_word_is_forgiven_only_where_nothing_else_is_found(index):
    found = await search(index, "hypertention")
    assert [hit.display for hit in found.hits] == ["I10"]
    assert found.strictness is Strictness.CORRECTED
    assert found.hits[0].words[0].met == "hypertension"
    assert (await search(index, "wodo")).total == 0


async def test_a_word_that_sounds_like_one_is_found(index):
    assert (await displays(index, "sinositus"))[0] == "J01.20"


async def test_a_misspelt_code_is_not_guessed(index):
    assert (await search(index, "S73.009X")).total == 0
    assert (await search(index, "27251")).total == 0


async def test_more_words_than_match_still_find_something(index):
    assert (await search(index, "crutches pink underarm pair")).hits[0].display == "E0114"
    assert (await search(index, "walker pink fluffy shiny")).strictness is Strictness.ANY


async def test_negation_is_a_word_like_any_other(index):
    assert (await displays(index, "diabetes without complications"))[0] == "E11.9"


async def test_billable_codes_are_preferred_among_equals(index):
    assert (await displays(index, "type 2 diabetes mellitus with foot ulcer"))[0] == "E11.621"


async def test_highlights_are_characters_of_the_description(index):
    (hit,) = (await search(index, "sjogren")).hits
    first = hit.highlights[0]
    assert hit.description[first.start : first.end] == "Sjögren"
    (hit,) = (await search(index, "converting enzyme")).hits
    assert [hit.description[span.start : span.end] for span in hit.highlights] == ["converting", "enzyme"]


async def test_function_words_are_not_highlighted(index):
    hit = (await search(index, "dislocation of the hip")).hits[0]
    assert {hit.description[span.start : span.end] for span in hit.highlights} == {"dislocation", "hip"}


async def test_hits_say_what_the_catalog_said(index):
    found = {hit.code: hit for hit in (await search(index, "27250, E11, E0114")).hits}
    assert [found[code].billable for code in ("27250", "E11", "E0114")] == [None, False, True]


@pytest.mark.parametrize(
    "text", ["hip", "S73", "27250-27254", "S73.005A hip", "dislocation of unspecified hip sequela"]
)
@pytest.mark.parametrize("size", [1, 3])
async def test_pages_make_up_the_whole(index, text, size):
    whole = await search(index, text, limit=100)
    assert len(whole.hits) == whole.total
    pages = [await search(index, text, offset=start, limit=size) for start in range(0, whole.total, size)]
    assert [hit for page in pages for hit in page.hits] == list(whole.hits)
    assert len({(hit.system, hit.code) for hit in whole.hits}) == whole.total
    assert all((page.total, list(page.facets)) == (whole.total, list(whole.facets)) for page in pages)


async def test_beyond_the_last_page_there_is_nothing(index):
    assert (await search(index, "hip", offset=1900)).hits == []


async def test_suggestions_begin_with_codes(index):
    assert (await suggested(index, "27"))[:5] == ["27250", "27252", "27253", "27254"]
    assert (await suggested(index, "s73.005"))[:2] == ["S73.005", "S73.005A"]


async def test_suggestions_by_words_show_each_code_once_and_the_general_first(index):
    found = await suggested(index, "hip disl", limit=10)
    assert len(found) == len(set(found))
    assert found.index("S73.0") < min(found.index(display) for display in found if display.startswith("S73.00"))


async def test_suggestions_forgive_a_slip(index):
    assert await suggested(index, "hypretens") == ["I10"]


async def test_suggestions_know_what_words_stand_for(index):
    assert await suggested(index, "htn") == ["I10"]
    assert (await suggested(index, "collar bone"))[0] == "S42.002A"


async def test_suggestions_prefer_a_side_and_narrow_by_what_is_still_typed(index):
    assert {"S73.005", "S73.005A"} & set((await suggested(index, "left hip dislocation"))[:2])
    assert await suggested(index, "clavicle l") == ["S42.002A"]
    assert await suggested(index, "clavicle r") == []


async def test_suggestions_keep_to_a_system(index):
    assert {hit.system for hit in await index.suggest(understand("hip", Filters(system="cpt")), limit=8)} == {"cpt"}


HOSTILE = (
    *("hip", "AND", "OR", "NOT", "+", "-", "title:", "[a TO b]", "*", "?", "~2", "^9", '"', "(", ")", "\\", "/.*/"),
    *("{}", "S73.0", "27250-27254", "\x00", "é", "ß", "İ", "ﬃ", "१२", "𝟚", "💥", "_exists_:code", "<script>"),
)
FUZZ = st.one_of(
    st.text(max_size=60),
    st.text(st.characters(codec="utf-8", categories=["Lu", "Ll", "Nd", "Po", "Sm", "Cc", "Mn", "So"]), max_size=60),
    st.lists(st.sampled_from(HOSTILE), max_size=12).map(" ".join),
)


@settings(
    max_examples=250, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow], deadline=None
)
@given(FUZZ)
async def test_anything_typed_is_answered(index, text):
    found = await search(index, text)
    assert len(found.hits) <= found.total
    assert all(0 <= span.start < span.end <= len(hit.description) for hit in found.hits for span in hit.highlights)
    assert len(await suggested(index, text)) <= 8


@pytest.mark.parametrize(
    ("text", "same"),
    [
        ("a" * 10_000, ""),
        ("hip " * 2500, "hip"),
        ("(" * 10_000, ""),
        ("S73.0 " * 1700, "S73.0 S73.0"),
        ("\u0301" * 10_000, ""),
        ("hip " + "dislocation " * 2000, "hip dislocation"),
    ],
    ids=["one word", "a word again and again", "signs", "a code again and again", "marks", "words"],
)
async def test_very_long_text_is_answered_as_what_it_says(index, text, same):
    found = await search(index, text)
    assert [hit.code for hit in found.hits] == [hit.code for hit in (await search(index, same)).hits]
    assert bool(found.hits) is bool(same)
    assert len(await suggested(index, text)) <= 8


async def test_of_very_many_words_the_first_ones_count(index):
    many = " ".join(f"nothing{number}" for number in range(2000))
    assert (await search(index, f"crutches {many}")).hits[0].display == "E0114"
    assert (await search(index, f"{many} crutches")).total == 0


async def test_operators_are_no_syntax(index):
    assert (await search(index, "hip NOT hip")).hits
    assert await displays(index, "sjo*") == await displays(index, "sjo?") == []
    assert (await search(index, "*:*")).total == 0


async def test_concurrent_questions_get_their_own_answers(index):
    texts = [code.display for code in CODES] * 3
    answers = await asyncio.gather(*(displays(index, text) for text in texts))
    assert [answer[0] for answer in answers] == texts


async def test_too_many_at_once_are_refused_and_the_rest_answered(built_store):
    crowded = await built_store(threads=1, waiting=4).open(RELEASE)
    answers = await asyncio.gather(*(search(crowded, "hip") for _ in range(40)), return_exceptions=True)
    refused = [answer for answer in answers if isinstance(answer, EngineError)]
    assert 0 < len(refused) < 40
    assert all(answer.total for answer in answers if answer not in refused)
    assert (await search(crowded, "hip")).total


async def test_cancelled_searches_leave_room_for_others(built_store):
    narrow = await built_store(threads=1, waiting=50).open(RELEASE)
    tasks = [asyncio.create_task(search(narrow, "hip")) for _ in range(40)]
    await asyncio.sleep(0)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    assert (await asyncio.wait_for(search(narrow, "hip"), 60)).total


async def test_many_plans_are_answered_together_with_what_matches_all_their_words(index):
    plans = [understand(text) for text in ("dislocation hip", "S73.0", "no such thing at all", "sinusitis")]
    together = await index.matching(plans, limit=5)
    assert [len(hits) for hits in together][2] == 0
    for plan, hits in zip(plans, together, strict=True):
        alone = await index.search(plan, (Strictness.ALL,), offset=0, limit=5)
        assert list(hits) == [replace(hit, words=(), highlights=()) for hit in alone.hits]
    assert await index.matching([], limit=5) == []


async def test_a_hit_tells_the_terms_that_its_code_is_found_by(index):
    ((hit,),) = await index.matching([understand("acute abdomen")], limit=1)
    assert "Colic, sudden" in hit.terms
    ((pressure,),) = await index.matching([understand("I10")], limit=1)
    assert "High blood pressure" in pressure.terms
