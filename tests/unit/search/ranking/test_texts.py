"""What an index keeps of its codes' texts."""

from __future__ import annotations

import io

import numpy as np
import pytest

from services.search.adapters.ranking.texts import DESCRIPTION, PHRASE, CodeKey, Texts, TextsBuilder, spread
from services.search.adapters.ranking.word_vectors import DIMENSIONS, WordVectors


def rows_of(texts, code, system="icd10cm"):
    place = texts.places[CodeKey(system, code)]
    return range(texts.rows[place], texts.rows[place + 1])


def test_each_text_of_a_code_is_a_row_with_the_stems_of_its_words(texts, analyzers):
    rows = list(rows_of(texts, "S730"))
    assert [int(texts.kinds[row]) for row in rows] == [DESCRIPTION, PHRASE]
    said = texts.tokens[texts.ends[rows[1]] : texts.ends[rows[1] + 1]]
    assert list(said) == [texts.number(stem) for stem in analyzers.stems.analyze("Dislocation, hip")]


def test_a_stem_that_no_text_has_has_no_number_and_beginnings_are_a_range(texts):
    assert texts.number("zzz") == -1
    assert texts.number("hip") in texts.numbers_from("hi")
    assert len(texts.numbers_from("zzz")) == 0


def test_a_stem_that_few_codes_have_is_rarer(texts):
    assert texts.rarity[texts.number("aneurysm")] > texts.rarity[texts.number("unspecifi")]


def test_a_code_that_names_an_encounter_means_what_the_code_above_it_means(texts):
    above, below = texts.places[CodeKey("icd10cm", "S73005")], texts.places[CodeKey("icd10cm", "S73005A")]
    assert texts.owners[below] == above
    assert texts.vector_rows[below] == texts.vector_rows[below + 1]


def test_nothing_of_icd_9_is_found_by_its_meaning(texts):
    retired = texts.places[CodeKey("icd9cm", "8350")]
    assert texts.vector_rows[retired] == texts.vector_rows[retired + 1]


def test_each_vector_knows_its_code_and_its_text(texts):
    for vector, code in enumerate(texts.vector_codes):
        rows = list(rows_of(texts, texts.codes[code].code, texts.codes[code].system))
        assert rows
        assert texts.said(vector)
    hip = texts.places[CodeKey("icd10cm", "S730")]
    places = texts.vector_places[texts.vector_rows[hip] : texts.vector_rows[hip + 1]]
    assert sorted(texts.said(int(place)) for place in places) == [
        "Dislocation, hip",
        "Subluxation and dislocation of hip",
    ]


def test_no_codes_are_no_texts(analyzers):
    file = io.BytesIO()
    TextsBuilder(analyzers.stems).write(file, WordVectors())
    file.seek(0)
    empty = Texts(file)
    assert (empty.codes, len(empty.vector_codes), empty.number("hip")) == ([], 0, -1)


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 cut off", b"no archive at all"])
def test_a_damaged_file_is_refused(content):
    with pytest.raises(ValueError, match=r"damaged|pickled"):
        Texts(io.BytesIO(content))


def test_ranges_are_spread_in_their_order():
    numbers, of = spread(np.array([5, 0, 9], np.int32), np.array([7, 0, 10], np.int32))
    assert (list(numbers), list(of)) == ([5, 6, 9], [0, 0, 2])


def test_texts_of_like_meaning_are_nearer_than_others_and_nothing_means_nothing():
    vectors = WordVectors().of(["collarbone fracture", "broken clavicle bone", "diabetes mellitus", ""])
    assert vectors.shape == (4, DIMENSIONS)
    assert vectors[0] @ vectors[1] > vectors[0] @ vectors[2]
    assert not vectors[3].any()
