"""Which words of a result are told: those of its description, and of the terms only what that lacks."""

from __future__ import annotations

import pytest

from services.search.adapters.tantivy_matches import Matches
from services.search.adapters.tantivy_schema import Analyzers
from services.search.domain.documents import FoundWord
from services.search.domain.query_words import Word

TERMS = ("Says nothing of it", "Ménière's vertigo", "Fractured neck", "Neck fracture")


@pytest.fixture(scope="module")
def analyzers():
    return Analyzers.create()


def found(analyzers, *words: tuple[Word, tuple[str, ...]], description="Broken hip", terms=TERMS):
    return Matches(analyzers, words).found(description, terms)[0]


def test_the_first_term_that_says_a_missing_word_is_told(analyzers):
    words = found(analyzers, (Word("hips"), ()), (Word("fracture"), ()))
    assert words == (FoundWord("hips", "hip"), FoundWord("fracture", "fractured", "Fractured neck"))


def test_a_term_is_told_by_what_a_word_stands_for(analyzers):
    assert found(analyzers, (Word("dizzy", others=("vertigo",)), ())) == (
        FoundWord("dizzy", "vertigo", "Ménière's vertigo", "vertigo"),
    )


def test_the_beginning_of_a_word_is_found_behind_an_accent(analyzers):
    assert found(analyzers, (Word("meni", prefix=True), ())) == (FoundWord("meni", "ménière", "Ménière's vertigo"),)


def test_the_beginning_of_a_word_is_none_within_another_word(analyzers):
    assert found(analyzers, (Word("eck", prefix=True), ())) == ()


def test_a_misspelt_word_is_met_by_what_it_is_meant_for(analyzers):
    assert found(analyzers, (Word("vretigo"), ("vertigo",))) == (FoundWord("vretigo", "vertigo", "Ménière's vertigo"),)


def test_a_term_that_says_only_what_the_description_says_is_not_told(analyzers):
    assert found(analyzers, (Word("hip"), ()), terms=("Hip",)) == (FoundWord("hip", "hip"),)
