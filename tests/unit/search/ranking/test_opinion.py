"""What means the same as what is asked, and which results come first."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.search.adapters.ranking.features import NAMES, Candidate
from services.search.adapters.ranking.opinion import likeness
from services.search.adapters.ranking.texts import CodeKey
from services.search.domain.filters import Filters
from services.search.domain.query import Strictness, understand


def candidate(code, score, system="icd10cm", ends=99_991_231):
    return Candidate(CodeKey(system, code), score, True, ends)


def features(opinion, text, *candidates):
    plan = understand(text)
    rows = opinion.about(plan).features(candidates, Strictness.ALL, [()] * len(plan.words))
    return [dict(zip(NAMES, row, strict=True)) for row in rows]


def test_what_means_the_same_is_found_without_its_words_and_says_by_which_text(opinion):
    alike = opinion.about(understand("aneurysm of the spleen artery")).alike()
    assert (alike[0].key.code, alike[0].text) == ("I728", "Aneurysm, splenic")


def test_what_is_alike_does_not_depend_on_what_is_chosen(opinion):
    asked = "folding walker with wheels"
    wide, chosen = (
        opinion.about(understand(asked, filters)).alike() for filters in (Filters(), Filters(system="icd10cm"))
    )
    assert wide == chosen
    assert wide[0].key == CodeKey("hcpcs", "E0143")


@pytest.mark.parametrize(("text", "alike"), [("S73.009X", False), ("27250-27254", False), ("s73 hip", True)])
def test_a_code_that_there_is_not_is_like_nothing(opinion, text, alike):
    assert bool(opinion.about(understand(text)).alike()) is alike


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


def test_a_code_has_what_its_texts_say_together_and_its_description_alone(opinion):
    both, one = features(opinion, "aneurysm splenic arteries", candidate("I728", 9.0), candidate("J189", 1.0))
    assert (both["said"], both["unsaid"], both["first_said"]) == (pytest.approx(1), 0, 1)
    assert 0 < both["described"] < 1
    assert (one["said"], one["described"], one["first_said"]) == (0, 0, 0)
    assert one["unsaid"] > 0
    assert both["category_said"] > one["category_said"] == 0


@pytest.mark.parametrize(("text", "asks"), [("diabetes w/o complications", 1), ("diabetes with complications", 0)])
def test_whether_something_is_to_be_absent_is_told(opinion, text, asks):
    assert features(opinion, text, candidate("E119", 5.0))[0]["asks_without"] == asks


def test_how_far_a_description_begins_with_what_is_asked_is_told(opinion):
    """Before the first word that nobody asked for."""
    texts = ("dislocation of a hip", "left hip", "arteries, spleen")
    found = [features(opinion, text, candidate("S73005", 9.0))[0]["begins_as_asked"] for text in texts]
    assert found == [0, 0, 0]
    (whole,) = features(opinion, "unspecified dislocation hip", candidate("S73005", 9.0))
    assert whole["begins_as_asked"] == 2


def test_whether_the_first_and_the_last_word_are_said_is_told(opinion):
    (found,) = features(opinion, "hip arteries", candidate("S73005", 9.0))
    assert [found[name] for name in ("first_said", "last_said", "first_described", "last_described")] == [1, 0, 1, 0]


def test_the_side_that_is_asked_for_is_told_from_another(opinion):
    (asked,) = features(opinion, "dislocated left hip", candidate("S73005", 9.0))
    (other,) = features(opinion, "dislocated rt hip", candidate("S73005", 9.0))
    (none,) = features(opinion, "dislocated hip", candidate("S73005", 9.0))
    assert [(each["asked_side"], each["other_side"]) for each in (asked, other, none)] == [(1, 0), (0, 1), (0, 0)]


def test_words_that_no_text_has_are_alike_only_if_they_are_very_much_so(opinion):
    assert not opinion.about(understand("blarghus")).alike()
    assert opinion.about(understand("aneurysm")).alike()


def test_a_second_text_that_fits_counts_too(opinion):
    two, one = features(opinion, "pneumonia", candidate("J189", 9.0), candidate("J180", 5.0))
    assert two["best_fit"] >= two["second_fit"] > one["second_fit"] == 0


def test_likeness_is_of_the_best_text_of_the_description_and_of_three():
    cosines = np.array([0.2, 0.9, 0.4, 0.6, 0.7], dtype=np.float32)
    found = likeness(cosines, np.array([0, 0, 0, 0, 2], dtype=np.int32), 3)
    assert found.best.tolist() == pytest.approx([0.9, 0, 0.7])
    assert found.description.tolist() == pytest.approx([0.2, 0, 0.7])
    assert found.three.tolist() == pytest.approx([(0.9 + 0.6 + 0.4) / 3, 0, 0.7])


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


def test_what_has_ended_comes_behind_what_is_in_force_and_says_as_much(opinion):
    candidates = [candidate("S730", 9.0), candidate("S73005A", 8.0), candidate("J189", 7.0)]
    plan = understand("dislocated hip", Filters(today=date(2026, 1, 1)))

    def order(*ended, plan=plan):
        given = [each._replace(ends=20251231) if each.key.code in ended else each for each in candidates]
        asked = [()] * len(plan.words)
        return [given[place].key.code for place in opinion.about(plan).order(given, Strictness.ALL, asked)]

    assert order() == order("J189") == order("S730", "S73005A", "J189") == ["S730", "S73005A", "J189"]
    assert order("S730") == order("S730", "J189") == ["S73005A", "S730", "J189"]
    assert order("S730", "S73005A") == order()
    assert order("S730", plan=understand("dislocated hip")) == order()


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
