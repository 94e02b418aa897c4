"""The notes: how they are read, cut in two and scored; and the look-up over the whole catalog."""

from __future__ import annotations

import re
from collections import Counter

import pytest

from tests.relevance import asking, note_scoring, notes
from tests.relevance.asking import Answers
from tests.relevance.note_scoring import CaseOutcome, average_precision, figures
from tests.relevance.notes import Note
from tests.relevance.queries import HALVES, SEEN, UNSEEN

# Dates and ways to name or reach a person.
PERSONAL = re.compile(r"\b\d{1,2}/\d{1,2}/\d{2,4}\b|\b(?:19|20)\d\d\b|\bM(?:r|rs|s)\. |\b\d{3}-\d{2,3}-\d{4}\b|@")


def note(gold, optional=(), name="a note"):
    return Note(name, "outpatient", "text", tuple(frozenset(codes.split("|")) for codes in gold), frozenset(optional))


def outcome(codes, ranked=None, **fields):
    return CaseOutcome(note(**fields), codes, codes if ranked is None else ranked, 0.1)


def test_own_notes_are_well_formed_and_about_nobody():
    own = notes.own()
    assert len(own) >= 40
    assert [name for name, count in Counter(each.name for each in own).items() if count > 1] == []
    assert {each.setting for each in own} == {"outpatient", "inpatient"}
    assert [each.name for each in own if not each.gold or not each.text.strip()] == []
    assert [each.name for each in own if PERSONAL.search(each.text)] == []
    assert all(re.fullmatch(r"[A-Z0-9]{3,7}", code) for each in own for code in each.right)


def test_both_halves_have_enough_of_every_setting():
    counts = Counter((each.half, each.setting) for each in notes.own())
    assert min(counts[half, setting] for half in HALVES for setting in ("outpatient", "inpatient")) >= 5


def test_the_halves_are_what_they_were():
    halves = {name: note(["A00"], name=name).half for name in ("kidney stone", "ankle sprain", "cataract of both eyes")}
    assert halves == {"kidney stone": SEEN, "ankle sprain": SEEN, "cataract of both eyes": SEEN}
    assert note(["A00"], name="rule out appendicitis").half == UNSEEN


def test_a_code_counts_if_it_is_one_of_those_and_optional_ones_count_neither_way():
    found = outcome(["I10", "Z794", "R05"], gold=["I10|I11", "E119"], optional=["Z794"])
    assert (found.hits, found.missed, found.wrong) == (1, ["E119"], ["R05"])
    one = figures([found])
    assert (one.precision, one.recall, one.f1) == (0.5, 0.5, 0.5)


def test_nothing_suggested_is_no_error():
    one = figures([outcome([], gold=["I10"])])
    assert (one.precision, one.recall, one.f1, one.map) == (0, 0, 0, 0)
    with pytest.raises(ValueError, match="no figure of no notes"):
        figures([])


@pytest.mark.parametrize(
    ("ranked", "expected"),
    [
        (["A", "B"], 1.0),
        (["X", "A", "B"], (1 / 2 + 2 / 3) / 2),
        (["O", "A", "X", "B"], (1 + 2 / 3) / 2),
        (["A"], 0.5),
        (["B1", "B2", "A"], 1.0),
        ([], 0.0),
    ],
)
def test_average_precision(ranked, expected):
    found = outcome([], ranked, gold=["A", "B|B1|B2"], optional=["O"])
    assert average_precision(found) == pytest.approx(expected)


def test_a_figure_that_drops_is_said(tmp_path, monkeypatch):
    monkeypatch.setattr(asking, "ACCEPTED_NOTES", tmp_path / "notes.json")
    good, bad = ([outcome(codes, gold=["I10"], name="kidney stone")] for codes in (["I10"], ["I15"]))
    assert asking._note_drops("official", Answers("tantivy", (), 1.0, good)) == [
        "seen notes: no figure has been accepted yet"
    ]
    asking.accept_notes("official", Answers("tantivy", (), 1.0, good))
    assert asking._note_drops("official", Answers("tantivy", (), 1.0, good)) == []
    assert asking._note_drops("official", Answers("tantivy", (), 1.0, bad)) == [
        "seen notes: f1 was accepted at 1.0000 and is 0.0000",
        "seen notes: map was accepted at 1.0000 and is 0.0000",
    ]


def test_a_drop_within_what_is_allowed_is_none():
    before = {"f1": 0.9, "map": 0.9}
    found = note_scoring.CaseFigures(1, 1, 1, f1=0.88, map=0.88, p50_ms=1, p95_ms=1)
    assert note_scoring.dropped(before, found) == {}
