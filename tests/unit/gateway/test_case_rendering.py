"""A note with its evidence marked: escaped, whole, and linked both ways."""

from __future__ import annotations

import re
from html import unescape

from hypothesis import given
from hypothesis import strategies as st
from medcodes.search.v1 import search_pb2 as pb

from services.gateway.rendering import case_json
from services.gateway.rendering.case_view import view

TEXT = "No <b>fever</b>. Hip pain & cough."


def code(display="M25.559", description="Pain in unspecified hip"):
    return pb.CaseCode(system="icd10cm", code=display.replace(".", ""), display=display, description=description)


def place(said, text=TEXT):
    start = text.index(said)
    return pb.CasePlace(start=start, end=start + len(said))


FOUND = pb.CodedCase(
    codes=[
        pb.SuggestedCode(
            code=code(),
            confidence=pb.CONFIDENCE_HIGH,
            evidence=[place("Hip pain")],
            alternatives=[code("M25.551", "Pain in right hip")],
            questions=[pb.CaseQuestion(text="Which hip?", answers=[pb.CaseAnswer(text="right", code=code("M25.551"))])],
        )
    ],
    not_coded=[
        pb.NotCoded(
            place=place("<b>fever</b>"), status=pb.MENTION_STATUS_NEGATED, why="it is absent", code=code("R50.9")
        )
    ],
    nothing_found=[place("cough")],
    setting=pb.CASE_SETTING_OUTPATIENT,
    release="r" * 64,
)


def text_of(markup):
    """What a reader sees, without the numbers behind evidence."""
    return unescape(re.sub(r"<[^>]*>", "", re.sub(r"<sup>\d+</sup>", "", str(markup))))


def test_evidence_is_marked_and_leads_to_its_code_and_back():
    shown = view(TEXT, FOUND)
    assert '<mark class="coded" id="e2"><a href="#c1"' in shown.note
    assert '<mark class="left" id="e1"><a href="#n1"' in shown.note
    assert '<mark class="unknown" id="e3"' in shown.note
    assert [(row.number, row.quotes[0].number, row.quotes[0].text) for row in shown.codes] == [(1, 2, "Hip pain")]
    assert (shown.left[0].quote.number, shown.left[0].status) == (1, "absent")


def test_markup_of_a_note_is_text():
    shown = view(TEXT, FOUND)
    assert "<b>" not in shown.note
    assert "&lt;b&gt;fever&lt;/b&gt;" in shown.note
    assert text_of(shown.note) == TEXT


def test_places_over_one_another_or_outside_of_the_text_are_not_marked():
    places = [pb.CasePlace(start=0, end=5), pb.CasePlace(start=3, end=8), pb.CasePlace(start=5, end=900)]
    shown = view("a note", pb.CodedCase(nothing_found=places))
    assert str(shown.note).count("<mark") == 1
    assert [quote.number for quote in shown.unknown] == [1, 0, 0]


@given(st.text(), st.lists(st.tuples(st.integers(0, 40), st.integers(0, 40))))
def test_whatever_is_marked_the_note_stays_what_it_is(text, spans):
    places = [pb.CasePlace(start=start, end=end) for start, end in spans]
    half = len(places) // 2
    found = pb.CodedCase(
        codes=[pb.SuggestedCode(code=code(), confidence=pb.CONFIDENCE_LOW, evidence=places[:half])] if half else [],
        nothing_found=places[half:],
    )
    assert text_of(view(text, found).note) == text.replace("\x00", "\x00")


def test_the_document_has_every_part():
    found = case_json.document(FOUND)
    assert found["codes"][0]["confidence"] == "high"
    assert found["codes"][0]["why"] is None
    assert found["codes"][0]["evidence"] == [{"start": 17, "end": 25}]
    assert found["codes"][0]["questions"][0]["answers"][0]["code"]["display"] == "M25.551"
    assert found["not_coded"][0]["status"] == "negated"
    assert found["nothing_found"] == [{"start": 28, "end": 33}]
    assert (found["setting"], found["release"]) == ("outpatient", "r" * 64)


def test_every_number_of_the_contract_has_a_name():
    for names, enum in (
        (case_json.STATUSES, pb.MentionStatus),
        (case_json.CONFIDENCES, pb.Confidence),
    ):
        assert set(names) == set(enum.values()) - {0}
