"""The query sets: how they are read, sampled and cut in two."""

from __future__ import annotations

import csv
import gzip
from collections import Counter

import pytest

from tests.relevance import queries
from tests.relevance.queries import OWN_KINDS, SEEN, UNSEEN, Query

COLUMNS = ["phrase_full", "phrase_plain", "code", "manif", "status_fy2026", "description_fy2026"]


def write_index(folder, rows):
    with gzip.open(folder / "icd10cm_index_2017.pairs.csv.gz", "wt", newline="") as file:
        writer = csv.writer(file)
        writer.writerows([COLUMNS, *rows])


def text_with(share_of, wanted, below):
    """A text whose hash for a purpose lies on the wanted side."""
    return next(
        text for number in range(1000) if (queries._fraction(share_of, text := f"term {number}") < below) == wanted
    )


def test_the_halves_are_what_they_were():
    """Whoever has looked at a query has seen it for good: no change of the code may move it."""
    halves = {text: Query("lay", "icd10cm", text, ()).half for text in ("hip popped out", "htn w ckd 3", "dvt l leg")}
    assert halves == {"hip popped out": SEEN, "htn w ckd 3": UNSEEN, "dvt l leg": UNSEEN}


def test_the_halves_are_about_equal_in_every_kind():
    own = queries.own()
    for kind in OWN_KINDS:
        found = Counter(query.half for query in own if query.kind == kind)
        assert 0.3 < found[SEEN] / (found[SEEN] + found[UNSEEN]) < 0.7, kind


def test_capitals_do_not_move_a_query_to_the_other_half():
    assert Query("code", "icd10cm", "F32.A", ()).half == Query("code", "icd10cm", "f32.a", ()).half


def test_own_queries_are_well_formed_and_stand_once():
    own = queries.own()
    assert len(own) >= 300
    assert {query.kind for query in own} == set(OWN_KINDS)
    assert {query.system for query in own} <= {"icd10cm", "icd10pcs", "hcpcs", "cpt"}
    assert [query for query in own if not query.text.strip() or not query.accepted] == []
    assert [text for text, count in Counter(query.text for query in own).items() if count > 1] == []


def test_a_query_is_read_with_its_codes_as_they_are_stored(tmp_path):
    path = tmp_path / "queries.tsv"
    path.write_text('kind\tsystem\tquery\taccepted\tnote\nlay\ticd10cm\t"sugar\tI12.9 N18.3\twhy\n')
    assert queries.own(path) == [Query("lay", "icd10cm", '"sugar', ("I129", "N183"), "why")]


def test_the_sample_is_fixed_by_the_phrase_alone(tmp_path):
    taken = text_with("sample", True, queries.SCORED["index"][1])
    left = text_with("sample", False, queries.SCORED["index"][1])
    rows = [[text, text.title(), "A00.0", "", "billable", ""] for text in (left, taken)]
    write_index(tmp_path, rows)
    assert [query.text for query in queries.phrases(tmp_path).queries] == [taken]
    write_index(tmp_path, rows[::-1])
    assert [query.text for query in queries.phrases(tmp_path).queries] == [taken]


@pytest.fixture
def every_phrase(monkeypatch):
    monkeypatch.setattr(queries, "SCORED", {"disease": (0.0, 1.0), "index": (0.0, 1.0)})


def test_a_shorter_form_of_a_title_is_a_disease_and_any_other_an_index_phrase(every_phrase, tmp_path):
    write_index(
        tmp_path,
        [
            ["Hyperacusis", "Hyperacusis", "H93.23-", "", "category", "Hyperacusis"],
            ["Abasia (-astasia) (hysterical)", "Abasia", "F44.4", "", "billable", "Conversion disorder"],
            ["Vidal's disease", "Vidal's disease", "L28.0", "", "billable", "Other disease"],
            ["Aberrant > artery > cerebral", "Aberrant, artery, cerebral", "Q28.3", "", "billable", "Cerebral artery"],
        ],
    )
    assert list(queries.phrases(tmp_path).queries) == [
        Query("disease", "icd10cm", "hyperacusis", ("H9323",)),
        Query("index", "icd10cm", "abasia", ("F444",)),
        Query("index", "icd10cm", "vidal's disease", ("L280",)),
        Query("index", "icd10cm", "aberrant artery cerebral", ("Q283",)),
    ]


def test_a_phrase_that_stands_in_two_places_accepts_both_codes_and_none_that_is_gone(every_phrase, tmp_path):
    write_index(
        tmp_path,
        [
            ["Cold > head", "Cold, head", "J00", "", "billable", ""],
            ["Cold, head > x", "cold head", "J06.9", "", "billable", ""],
            ["Cold > head (old)", "Cold, head", "J99.99", "", "not_in_fy2026", ""],
        ],
    )
    assert [query.accepted for query in queries.phrases(tmp_path).queries] == [("J00", "J069")]


def test_left_out_is_a_phrase_with_and_without_its_modifiers_in_its_own_order(every_phrase, tmp_path):
    write_index(tmp_path, [["Abasia (hysterical) > of gait", "Abasia, of gait", "F44.4", "", "billable", ""]])
    left_out = queries.phrases(tmp_path).left_out
    assert left_out == {queries.words("abasia of gait"), queries.words("Abasia (hysterical), of gait")}
    assert queries.words("gait, abasia of") not in left_out


def test_without_official_files_there_are_no_phrases(tmp_path):
    found = queries.phrases(tmp_path)
    assert (list(found.queries), found.left_out) == ([], frozenset())
