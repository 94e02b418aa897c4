"""Words that a misspelt one may be meant for."""

from __future__ import annotations

import pytest

from services.search.adapters.lexicon import FILE, Lexicon, LexiconBuilder

WORDS = ("pneumonia", "pneumonia", "pneumonitis", "anaphylaxis", "fibromyalgia", "hypertension", "hernia", "femur")


@pytest.fixture
def lexicon(tmp_path):
    builder = LexiconBuilder()
    for word in WORDS:
        builder.add([word, word, "e11", "of"])
    builder.write(tmp_path)
    return Lexicon.of(tmp_path)


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("pnemonia", "pneumonia"),
        ("hypretension", "hypertension"),
        ("fibermyalgia", "fibromyalgia"),
        # Four edits away, but it sounds the same.
        ("anafilaxis", "anaphylaxis"),
        ("hernai", "hernia"),
    ],
)
def test_the_likeliest_word_comes_first(lexicon, typed, meant):
    assert lexicon.near(typed)[0] == meant


def test_a_short_word_is_one_edit_away_and_no_more(lexicon):
    assert lexicon.near("femru") == ["femur"]
    assert lexicon.near("temru") == []


def test_what_only_sounds_alike_is_another_word(tmp_path):
    builder = LexiconBuilder()
    builder.add(["zika", "sock", "jaundice"])
    builder.write(tmp_path)
    assert Lexicon.of(tmp_path).near("zzzqqq") == []
    assert Lexicon.of(tmp_path).near("jaundis") == ["jaundice"]


def test_of_words_as_near_the_one_that_more_documents_have_comes_first(tmp_path):
    builder = LexiconBuilder()
    for word in ("bone", "cone", "cone"):
        builder.add([word])
    builder.write(tmp_path)
    assert Lexicon.of(tmp_path).near("xone") == ["cone", "bone"]


def test_of_words_that_are_as_likely_the_same_come_in_every_process(tmp_path):
    """The order of a set is another one in each."""
    builder = LexiconBuilder()
    builder.add([f"{first}one" for first in "mhkdntbc"])
    builder.write(tmp_path)
    assert Lexicon.of(tmp_path).near("xone") == ["bone", "cone", "done"]


def test_only_words_are_kept_most_frequent_first(lexicon, tmp_path):
    kept = [line.split("\t")[0] for line in (tmp_path / FILE).read_text().splitlines()]
    assert kept[0] == "pneumonia"
    assert set(kept) == set(WORDS)


def test_a_damaged_file_is_no_lexicon(tmp_path):
    (tmp_path / FILE).write_text("word without a number")
    with pytest.raises(ValueError, match="unpack"):
        Lexicon.of(tmp_path)
