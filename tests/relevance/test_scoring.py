"""The rules of scoring: what a hit is, what the figures are, what counts as worse."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.relevance import scoring
from tests.relevance.queries import Query
from tests.relevance.scoring import Code, Outcome

HIP = Query("lay", "icd10cm", "hip popped out", ("S730",))
KIDNEY = Query("abbreviation", "icd10cm", "htn w ckd 3", ("I129", "N183"))


def outcome(query, *codes, seconds=0.001):
    return Outcome(query, [Code(query.system, code) for code in codes], seconds)


@pytest.mark.parametrize("code", ["S730", "S73005A"])
def test_an_accepted_code_and_one_beneath_it_are_hits(code):
    assert scoring.is_hit(HIP, Code("icd10cm", code))


@pytest.mark.parametrize("code", ["S73", "S731", "T730", "XS730"])
def test_a_code_above_or_beside_is_none(code):
    assert not scoring.is_hit(HIP, Code("icd10cm", code))


def test_a_code_of_another_system_is_none():
    diabetes = Query("lay", "icd10cm", "sugar diabetes", ("E11",))
    assert not scoring.is_hit(diabetes, Code("hcpcs", "E1130"))


def test_any_of_the_accepted_codes_is_a_hit():
    assert [outcome(KIDNEY, "I10", code).rank for code in ("I129", "N1830", "N184")] == [2, 2, None]


def test_the_rank_is_that_of_the_first_hit_among_ten():
    assert outcome(HIP, "A00", "S73001A", "S730").rank == 2
    assert outcome(HIP, *["A00"] * 9, "S730").rank == 10
    assert outcome(HIP, *["A00"] * 10, "S730").rank is None


def test_figures_of_four_queries():
    ranks = [("S730",), ("A00", "A01", "A02", "S730"), ("A00",) * 7 + ("S730",), ()]
    found = scoring.figures([outcome(HIP, *codes, seconds=place) for place, codes in enumerate(ranks, 1)])
    assert (found.queries, found.hit_1, found.hit_5, found.hit_10) == (4, 0.25, 0.5, 0.75)
    assert found.mrr == pytest.approx((1 + 1 / 4 + 1 / 8 + 0) / 4)
    assert found.no_result == 0.25
    assert (found.p50_ms, found.p95_ms) == (2500, 4000)


def test_nothing_found_is_another_thing_than_no_hit():
    assert scoring.figures([outcome(HIP, "A00")]).no_result == 0
    assert scoring.figures([outcome(HIP)]).no_result == 1


def test_there_are_no_figures_of_no_queries():
    with pytest.raises(ValueError, match="no queries"):
        scoring.figures([])


def test_a_drop_by_what_is_allowed_is_accepted_and_one_beyond_it_is_not():
    found = replace(scoring.figures([outcome(HIP, "S730")]), hit_1=0.58, hit_5=0.5799, no_result=0.0201)
    before = {"hit_1": 0.6, "hit_5": 0.6, "hit_10": 0.5, "mrr": 1.0, "no_result": 0.0}
    assert scoring.dropped(before, found) == {"hit_5": (0.6, 0.5799), "no_result": (0.0, 0.0201)}


def test_finding_less_often_nothing_is_no_drop():
    found = scoring.figures([outcome(HIP, "S730")])
    assert scoring.dropped({**scoring.accepted_form(found), "no_result": 0.9}, found) == {}
