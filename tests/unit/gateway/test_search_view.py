"""The page of results: what narrows it, and where its links lead."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

import pytest
from medcodes.search.v1 import search_pb2 as pb

from services.gateway.rendering.search_view import address, highlighted, view

CHAPTER = "Diseases of the circulatory system (I00-I99)"


def asked(**fields):
    return pb.SearchRequest(**{"q": "high & low", **fields})


def found(*facets, **fields):
    counted = [pb.Facet(field=field, value=value, count=count) for field, value, count in facets]
    return pb.SearchResponse(facets=counted, total=3, **fields)


def query(href):
    parts = urlsplit(href)
    assert parts.path == "/search"
    return {name: values[0] for name, values in parse_qs(parts.query).items()}


def group(shown, title):
    return next(one for one in shown.groups if one.title == title)


SYSTEMS = (("system", "icd10cm", 20), ("system", "cpt", 4))


def test_an_address_keeps_the_whole_search_and_begins_anew():
    every = asked(system="cpt", chapter=CHAPTER, billable=False, status="retired", on="2025-11-01", as_typed=True)
    every.cursor = "abc"
    assert query(address(every)) == {
        "q": "high & low",
        "system": "cpt",
        "chapter": CHAPTER,
        "billable": "false",
        "status": "retired",
        "on": "2025-11-01",
        "as_typed": "true",
    }


def test_a_facet_offers_its_values_and_the_chosen_one_is_taken_back():
    shown = view(asked(system="cpt"), found(*SYSTEMS))
    chosen, other = group(shown, "Code system").choices
    assert (chosen.label, chosen.count, chosen.chosen) == ("CPT", 4, True)
    assert query(chosen.href) == {"q": "high & low"}
    assert (other.label, other.chosen) == ("ICD-10-CM", False)
    assert query(other.href) == {"q": "high & low", "system": "icd10cm"}


def test_a_facet_with_nothing_to_choose_is_left_out():
    assert view(asked(), found(("system", "cpt", 4), ("status", "active", 4))).groups == []


def test_a_choice_that_finds_nothing_can_be_taken_back():
    (choice,) = group(view(asked(status="retired"), found()), "Status").choices
    assert (choice.label, choice.count, choice.chosen) == ("Retired", 0, True)


def test_another_code_system_takes_the_chapter_back():
    shown = view(asked(chapter=CHAPTER), found(*SYSTEMS))
    assert "chapter" not in query(group(shown, "Code system").choices[1].href)


def test_long_lists_are_folded_and_what_is_chosen_stays_in_sight():
    chapters = [("chapter", f"Chapter {number}", 30 - number) for number in range(20)]
    shown = group(view(asked(chapter="Chapter 15"), found(*chapters)), "Chapter")
    assert shown.choices[0].label == "Chapter 15"
    assert [choice.label for choice in shown.choices[1:3]] == ["Chapter 0", "Chapter 1"]
    assert len(shown.choices) + len(shown.more) == 20


def test_every_filter_is_a_chip_that_leaves_it_out():
    shown = view(asked(system="cpt", billable=True, on="2025-11-01", as_typed=True), found())
    assert {chip.label for chip in shown.chips} == {"CPT", "Billable", "In force on Nov 1, 2025", "Spelled as typed"}
    assert all(len(query(chip.href)) == 4 for chip in shown.chips)
    assert query(shown.everything) == {"q": "high & low"}
    assert view(asked(), found()).chips == []


def test_a_chapter_is_shown_apart_from_its_codes():
    (choice,) = group(view(asked(chapter=CHAPTER), found()), "Chapter").choices
    assert (choice.label, choice.codes) == ("Diseases of the circulatory system", "I00-I99")


def test_a_code_that_is_none_leads_to_those_that_begin_like_it():
    shown = view(asked(), found(understood=pb.Understood(codes=["S73.009X", "S73.008X", "Z1"])))
    assert [(beginning, query(href)["q"]) for beginning, href in shown.beginnings] == [("S73", "S73")]


def test_the_form_for_a_date_keeps_the_rest():
    kept = dict(view(asked(system="cpt", on="2025-11-01"), found()).kept)
    assert kept == {"q": "high & low", "system": "cpt"}


@pytest.mark.parametrize("applied", [True, False])
def test_how_words_were_read(applied):
    words = [pb.ReadWord(typed="diabtes", read_as=["diabetes", "diabetic"])]
    spelling = pb.Spelling(query="diabetes foot", applied=applied, words=words)
    told = view(asked(q="Diabtes foot", system="icd10cm"), found(spelling=spelling)).spelling
    other = {"q": "Diabtes foot", "as_typed": "true"} if applied else {"q": "diabetes foot"}
    assert query(told.href) == {**other, "system": "icd10cm"}


def test_the_read_words_are_marked():
    words = [pb.ReadWord(typed="diabtes", read_as=["diabetes"])]
    spelling = pb.Spelling(query="diabetes, <foot>", applied=True, words=words)
    assert str(view(asked(), found(spelling=spelling)).spelling.read) == "<b>diabetes,</b> &lt;foot&gt;"


def test_pages_lead_on_and_back():
    first = view(asked(), found(next_cursor="abc"))
    assert (first.first, query(first.more)["cursor"]) == ("", "abc")
    last = view(asked(cursor="abc"), found())
    assert (query(last.first), last.more) == ({"q": "high & low"}, "")


def test_what_matched_is_marked_and_all_else_escaped():
    spans = [pb.Highlight(start=start, end=end) for start, end in ((4, 7), (5, 9), (20, 30))]
    assert str(highlighted("<a> hip & b", spans)) == "&lt;a&gt; <mark>hip</mark> &amp; b"
