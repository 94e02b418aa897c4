"""The report gives figures of both halves and looks into one; accepted figures are kept and compared."""

from __future__ import annotations

import json
from xml.etree import ElementTree

import pytest

from services.search.domain.documents import IndexedCode
from tests.relevance import asking, report
from tests.relevance.asking import ALL, BUNDLED, GOALS, OFFICIAL, Answers, Sets
from tests.relevance.documents import Documents
from tests.relevance.queries import HALVES, KINDS, SEEN, UNSEEN, Query
from tests.relevance.scoring import Code, Outcome


def query_of(kind, half, number=0):
    """A query that the hash puts into a half."""
    made = (Query(kind, "icd10cm", f"{kind} {half} {place}", ("A00",)) for place in range(number, 1000))
    return next(query for query in made if query.half == half)


def answers(engine="tantivy", code="B00"):
    """One outcome for each kind and half; with B00 all of them are misses."""
    found = [Outcome(query_of(kind, half), [Code("icd10cm", code)], 0.002) for kind in KINDS for half in HALVES]
    return Answers(engine, found, 1.5)


@pytest.fixture
def written(tmp_path, monkeypatch):
    """Where a report is written to."""
    for name in ("PAGE", "PICTURE", "FIGURES", "MISSES"):
        monkeypatch.setattr(report, name, tmp_path / name.lower())
    return tmp_path


@pytest.fixture
def page(written):
    given = [answers(), answers("other", code="A00")]
    waiting = [Query("lay", "icd10pcs", "a procedure", ("0SR9",))]
    code = IndexedCode("icd10cm", "A00", "A00", "Cholera", True, (), None, None, "")
    asked = [outcome.query for outcome in given[0].outcomes]
    report.write_page(Sets(Documents("r" * 64, [code], {}), asked, waiting), given)
    return (written / "page").read_text()


def test_misses_are_listed_of_the_seen_half_of_own_queries_only(page):
    assert query_of("lay", SEEN).text in page
    assert query_of("lay", UNSEEN).text not in page
    assert query_of("index", SEEN).text not in page


def test_what_is_missed_is_told_by_where_the_right_code_is():
    query = Query("index", "icd10cm", "a phrase", ("A000",))
    other, near, right = (Code("icd10cm", code) for code in ("B00", "A009", "A0001"))
    missed = [Outcome(query, found, 0.1) for found in ([other, right], [near, other], [other, near], [])]
    assert report.Missed.of(missed) == (4, 1, 1)


def test_the_page_has_figures_of_both_halves_for_every_kind_and_engine(page):
    for engine, hit in (("tantivy", "0.000"), ("other", "1.000")):
        for kind in (*KINDS, ALL):
            row = f"| {engine} | {kind} | {len(KINDS) if kind == ALL else 1} | {hit} |"
            assert page.count(row) == len(HALVES), row
    assert "1 of the project's own queries wait for a code system that is not in this catalog: icd10pcs" in page


def test_everyday_words_are_told_by_code_system(page):
    assert "| icd10cm | 2 | 0.00 | 0.00 |" in page


def test_the_picture_is_well_formed_and_says_what_it_shows(page, written):
    picture = ElementTree.fromstring((written / "picture").read_text())
    text = picture.findtext("{http://www.w3.org/2000/svg}desc")
    assert "lay, other: 1.00 first, 1.00 among the first ten" in text
    marks = [path for path in picture.iter("{http://www.w3.org/2000/svg}path") if path.get("class") == "goal"]
    # Two for each kind with a goal, one of the legend.
    assert len(marks) == 2 * sum(len(goal.kinds) for goal in GOALS) + 1


def test_the_list_of_all_misses_holds_nothing_of_the_unseen_half(written):
    report.write_data([answers()])
    listed = (written / "misses").read_text()
    assert all(query_of(kind, SEEN).text in listed for kind in KINDS)
    assert not any(query_of(kind, UNSEEN).text in listed for kind in KINDS)
    figures = json.loads((written / "figures").read_text())
    assert figures["tantivy"][UNSEEN]["lay"]["hit_1"] == 0


@pytest.fixture
def accepted_file(tmp_path, monkeypatch):
    monkeypatch.setattr(asking, "ACCEPTED", tmp_path / "accepted.json")
    monkeypatch.setattr(asking, "ACCEPTED_NOTES", tmp_path / "accepted_notes.json")


def test_a_figure_that_nobody_has_accepted_is_said(accepted_file):
    said = asking.drops(OFFICIAL, answers())
    assert len(said) == len(HALVES) * (len(KINDS) + 1)
    assert all(text.endswith("no figure has been accepted yet") for text in said)


def test_accepted_figures_hold_for_their_own_catalog_alone(accepted_file):
    asking.accept(OFFICIAL, answers(code="A00"))
    asking.accept(BUNDLED, answers(code="B00"))
    assert asking.drops(OFFICIAL, answers(code="A00")) == []
    assert asking.drops(BUNDLED, answers(code="A00")) == []
    worse = asking.drops(OFFICIAL, answers(code="B00"))
    assert "seen lay: hit_1 was accepted at 1.0000 and is 0.0000" in worse
