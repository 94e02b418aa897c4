"""What is said of how a query was read."""

from __future__ import annotations

import pytest

from services.search.domain.documents import Correction, FoundWord, Hit, MatchKind
from services.search.domain.query import Strictness, understand
from services.search.domain.understanding import ReadWord, WordsMatched, spelling, understood, words_matched


def hit(*words):
    return Hit("icd10cm", "E119", "E11.9", "", True, MatchKind.WORDS, words)


def test_without_a_correction_nothing_is_said():
    assert spelling("diabetes", [], [hit()]) is None
    assert spelling("xylophone", [Correction("xylophone", (), True)], []) is None


def test_the_query_is_told_as_it_was_read():
    found = spelling("Diabtes, foot ulcer", [Correction("diabtes", ("diabetes", "diabetic"), True)], [])
    assert (found.query, found.applied) == ("diabetes, foot ulcer", True)
    assert found.words == (ReadWord("diabtes", ("diabetes", "diabetic")),)


def test_of_several_words_the_one_that_results_have_is_said():
    hits = [hit(FoundWord("diabtes", "diabetic"))] * 2 + [hit(FoundWord("diabtes", "diabetes"))]
    found = spelling("diabtes", [Correction("diabtes", ("diabetes", "diabetic"), True)], hits)
    assert found.query == "diabetic"


def test_only_whole_words_are_replaced():
    found = spelling("hart hartford", [Correction("hart", ("heart",), False)], [])
    assert (found.query, found.applied) == ("heart hartford", False)


def test_what_is_only_offered_waits_for_what_was_applied():
    corrections = [Correction("colon", ("color",), False), Correction("diabtes", ("diabetes",), True)]
    assert [word.typed for word in spelling("colon diabtes", corrections, []).words] == ["diabtes"]


@pytest.mark.parametrize("text", [r"\1 diabtes", "diabtes \\g<0>", "(diabtes"])
def test_what_is_typed_is_no_pattern(text):
    found = spelling(text, [Correction("diabtes", (r"\1",), True)], [])
    assert found.query == text.replace("diabtes", r"\1")


def test_what_was_looked_for():
    found = understood(understand("E11.62 collar bone xylophone of"), [Correction("xylophone", (), True)])
    assert found.codes == ("E11.62",)
    assert [(word.typed, word.means, word.unknown) for word in found.words] == [
        ("collar bone", ("clavicle",), False),
        ("xylophone", (), True),
    ]


@pytest.mark.parametrize(
    ("text", "codes", "words"),
    [
        ("S73.009X", ("S73.009X",), []),
        ("27251, 27252", ("27251", "27252"), []),
        ("xylophone", (), ["xylophone"]),
        ("lt", ("LT",), []),
        ("walker E0143", ("E0143",), ["walker"]),
    ],
)
def test_codes_are_told_apart_from_words(text, codes, words):
    found = understood(understand(text), [])
    assert (found.codes, [word.typed for word in found.words]) == (codes, words)


@pytest.mark.parametrize(
    ("text", "strictness", "matched"),
    [
        ("27250", Strictness.ALL, WordsMatched.ALL),
        ("hip fracture", Strictness.CORRECTED, WordsMatched.ALL),
        ("hip fracture", Strictness.MOST, WordsMatched.SOME),
        ("hip fracture pink", Strictness.MOST, WordsMatched.MOST),
        ("hip fracture pink", Strictness.ANY, WordsMatched.SOME),
        ("?!", Strictness.ALL, None),
    ],
)
def test_how_many_of_the_words_a_result_matches(text, strictness, matched):
    assert words_matched(understand(text), strictness) is matched
