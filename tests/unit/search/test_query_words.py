"""What the words of a query are to a search."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.search.domain.query import Strictness, understand
from services.search.domain.vocabulary import COLUMNS, VocabularyError, key, rows, vocabulary

TYPED = st.lists(
    st.sampled_from(
        ["hip", "l", "left", "htn", "fx", "of", "heart", "attack", "acute", "sequela", "third", "trimester", "nec", "3"]
    ),
    min_size=1,
    max_size=8,
).map(" ".join)


def required(text):
    return [word.text for word in understand(text).required]


def meanings(text):
    return {word.text: word.others for word in understand(text).words}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("htn w ckd 3", ["htn", "w", "ckd", "3"]),
        ("left hip fracture", ["hip", "fracture"]),
        ("fx r clavicle subsequent encounter", ["fx", "clavicle"]),
        ("bilat knee oa", ["knee", "oa"]),
        ("acute appendicitis", ["appendicitis"]),
        ("bleeding third trimester", ["bleeding"]),
        # Not a trimester: a degree.
        ("third degree burn", ["third", "degree", "burn"]),
        ("diabetes type 2", ["diabetes", "2"]),
        ("diabetes without complications", ["diabetes", "without", "complications"]),
        ("no known allergies", ["no", "known", "allergies"]),
        ("left", ["left"]),
        ("fracture of my hip left sided", ["fracture", "hip"]),
        ("side of the foot", ["side", "foot"]),
        ("hepatitis a", ["hepatitis", "a"]),
        ("fall from a ladder", ["fall", "ladder"]),
        ("heart attack", ["heart attack"]),
        ("ulcer ulcerated ulcerating foot", ["ulcer", "foot"]),
    ],
)
def test_what_a_result_must_have(text, expected):
    assert required(text) == expected


@pytest.mark.parametrize(
    ("text", "typed", "meant"),
    [
        ("dvt l leg", "dvt", "deep vein thrombosis"),
        ("pain in the collarbone", "collarbone", "clavicle"),
        ("had a heart attack", "heart attack", "myocardial infarction"),
        ("oedema", "oedema", "edema"),
        ("lt hip", "lt", "left"),
        ("copd w/o exacerbation", "w o", "without"),
    ],
)
def test_what_a_word_stands_for(text, typed, meant):
    assert meant in meanings(text)[typed]


def test_an_ambiguous_abbreviation_has_all_its_meanings():
    assert {"cerebral palsy", "chest pain"} <= set(meanings("cp")["cp"])


WATCHED = {"left", "subsequent", "pregnancy", "other", "removal", "attachment"}


@pytest.mark.parametrize(
    ("text", "avoided"),
    [
        ("hip dislocation", WATCHED),
        ("left hip dislocation", WATCHED - {"left"}),
        ("sequela of hip dislocation", WATCHED - {"subsequent"}),
        ("htn pregnancy", WATCHED - {"pregnancy"}),
        ("hip dislocation nec", WATCHED - {"other"}),
        ("attachments for a walker", WATCHED - {"attachment"}),
        ("spacer of the knee out", WATCHED - {"removal"}),
        ("revision of a shunt", WATCHED - {"removal"}),
    ],
)
def test_what_nobody_asked_for_is_avoided(text, avoided):
    assert WATCHED & {word.text for word in understand(text).avoided} == avoided


@pytest.mark.parametrize(("text", "preferred"), [("hip", True), ("hip nos", False), ("hip nec", False)])
def test_what_is_not_specified_is_preferred_unless_something_is(text, preferred):
    assert ("unspecified" in {word.text for word in understand(text).preferred}) is preferred


@given(TYPED)
def test_every_typed_word_is_still_sought(text):
    plan = understand(text)
    sought = {part for word in plan.words for each in (word.text, *word.others) for part in each.split()}
    assert set(text.split()) <= sought


@given(TYPED)
def test_something_is_required_and_nothing_is_asked_for_and_avoided(text):
    plan = understand(text)
    assert plan.required
    asked = {part for word in plan.words for each in (word.text, *word.others) for part in each.split()}
    assert not asked & {word.text for word in (*plan.avoided, *plan.preferred)}
    assert plan.least(Strictness.ANY) == 1


def test_the_tables_can_be_read_and_no_line_stands_twice():
    known = vocabulary()
    assert len(known.meanings) > 1000
    assert not [term for term, meant in known.meanings.items() if " ".join(term) in meant]


@pytest.mark.parametrize(
    ("header", "line", "said"),
    [
        ("term\tmeaning\tprovenance", "htn\thypertension\tteam", "columns"),
        ("\t".join(COLUMNS), "htn\t\tteam", "line 2"),
        ("\t".join(COLUMNS), "\thypertension\tteam", "line 2"),
        ("\t".join(COLUMNS), "htn\thypertension", "line 2"),
    ],
)
def test_a_line_that_cannot_be_read_is_named(header, line, said):
    with pytest.raises(VocabularyError, match=f"table.tsv.*{said}"):
        list(rows("table.tsv", [header, line]))


def test_a_term_is_known_with_and_without_the_words_that_join_it():
    assert key("hole in the heart") == key("hole heart") == ("hole", "heart")
    assert vocabulary().longest(["heart", "attack", "old"])[0] == 2
    assert vocabulary().longest(["no", "such", "term"]) == (1, ())
