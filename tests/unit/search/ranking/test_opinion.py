"""What means the same as what is asked, and which results come first."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.search.adapters.ranking.features import NAMES, Candidate
from services.search.adapters.ranking.texts import CodeKey
from services.search.domain.filters import Filters
from services.search.domain.query import Strictness, understand


def candidate(code, score, system="icd10cm"):
    return Candidate(CodeKey(system, code), score, True)


def features(opinion, text, *candidates):
    plan = understand(text)
    rows = opinion.about(plan).features(candidates, Strictness.ALL, [()] * len(plan.words))
    return [dict(zip(NAMES, row, strict=True)) for row in rows]


def test_what_means_the_same_is_found_without_its_words_and_says_by_which_text(opinion):
    alike = opinion.about(understand("aneurysm of the spleen artery")).alike()
    assert (alike[0].key.code, alike[0].text) == ("I728", "Aneurysm, splenic")


def test_only_codes_of_the_system_that_is_asked_are_alike(opinion):
    plan = understand("folding walker with wheels", Filters(system="hcpcs"))
    assert {each.key.system for each in opinion.about(plan).alike()} == {"hcpcs"}


@pytest.mark.parametrize("text", ["qwzx", "12345 678", "..."])
def test_what_means_nothing_is_like_nothing_much(opinion, text):
    assert len(opinion.about(understand(text)).alike()) <= 3


def test_a_text_that_says_all_that_is_asked_and_little_else_fits_best(opinion):
    exact, more, none = features(
        opinion, "dislocation hip", candidate("S730", 9.0), candidate("S73005A", 8.0), candidate("J189", 1.0)
    )
    assert exact["phrase_fit"] > more["best_fit"] > none["best_fit"] == 0
    assert exact["likeness"] > none["likeness"]


def test_a_code_that_names_an_encounter_is_as_like_as_the_one_above_it(opinion):
    above, below = features(opinion, "dislocated left hip", candidate("S73005", 9.0), candidate("S73005A", 9.0))
    assert above["likeness"] == below["likeness"] > 0
    assert (above["above_another"], below["beneath_another"]) == (1, 1)


def test_what_a_description_says_of_itself_is_told(opinion):
    (without,) = features(opinion, "diabetes", candidate("E119", 5.0))
    (nos,) = features(opinion, "hip", candidate("S73005", 5.0))
    assert (without["says_without"], without["says_unspecified"]) == (1, 0)
    assert (nos["says_unspecified"], nos["says_nos"], nos["says_side"]) == (1, 1, 1)


def test_a_word_that_was_read_as_another_counts(opinion):
    plan = understand("anurysm")
    plain, read = (
        opinion.about(plan).features([candidate("I728", 5.0)], Strictness.CORRECTED, [near])[0]
        for near in ((), ("aneurysm",))
    )
    assert read[NAMES.index("best_fit")] > plain[NAMES.index("best_fit")] == 0


def test_what_kind_of_code_comes_first_is_left_to_the_engine_where_a_procedure_is_asked_for(opinion):
    plan = replace(understand("dislocated hip"), favored=("hcpcs",))
    candidates = [candidate("E0143", 9.0, "hcpcs"), candidate("J189", 8.0), candidate("S730", 7.0)]
    order = opinion.about(plan).order(candidates, Strictness.ALL, [()] * len(plan.words))
    assert order == [0, 2, 1]


@settings(deadline=None)
@given(
    st.text(max_size=40),
    st.lists(st.sampled_from(["S730", "S73005A", "I728", "J189", "J180", "E119", "E1140"]), unique=True),
    st.sampled_from(Strictness),
)
def test_an_order_holds_every_result_once_and_is_the_same_each_time(opinion, text, codes, strictness):
    plan = understand(text)
    candidates = [candidate(code, float(len(codes) - place)) for place, code in enumerate(codes)]
    order, again = (opinion.about(plan).order(candidates, strictness, [()] * len(plan.words)) for _ in range(2))
    assert order == again
    assert sorted(order) == list(range(len(codes)))
