"""Which corrections are told."""

from __future__ import annotations

import pytest

from services.search.adapters.corrections import MANY_TIMES, Corrections
from services.search.adapters.lexicon import Lexicon
from services.search.adapters.tantivy_schema import Analyzers
from services.search.domain.documents import Correction
from services.search.domain.query import ENOUGH, Strictness, understand

# Words of an index with the number of documents that have them.
COUNTS = {
    "prostate": 3 * MANY_TIMES,
    "prostrate": 2,
    "dislocation": 90,
    "dislocations": 1,
    "acromegaly": 2,
    "failure": 9,
}


@pytest.fixture(scope="module")
def corrections():
    analyzers = Analyzers.create()
    stems = {stem for word in COUNTS for stem in analyzers.stems.analyze(word)}
    lexicon = Lexicon("".join(f"{word}\t{count}\n" for word, count in COUNTS.items()))
    return Corrections(lexicon, analyzers, lambda word: bool(stems & set(analyzers.stems.analyze(word.text))))


def told(corrections, text, strictness=Strictness.CORRECTED, complete=1):
    return corrections.told(understand(text), strictness, complete)


@pytest.mark.parametrize("text", ["prostrate", "prostrate failure", "Prostrate, failure"])
def test_a_rare_word_is_kept_and_the_common_one_offered(corrections, text):
    assert told(corrections, text) == [Correction("prostrate", ("prostate",), applied=False)]


def test_where_enough_is_found_nothing_is_offered(corrections):
    assert told(corrections, "prostrate", Strictness.ALL, ENOUGH) == []
    assert told(corrections, "prostrate", Strictness.ALL, ENOUGH - 1) != []


def test_another_form_of_the_same_word_is_not_offered(corrections):
    assert told(corrections, "dislocations failure") == []


def test_a_word_that_no_code_has_is_read_as_the_nearest(corrections):
    (read,) = told(corrections, "dislocasion failure")
    assert read == Correction("dislocasion", ("dislocation", "dislocations"), applied=True)
    assert told(corrections, "dislocasion failure", Strictness.ALL) == []


def test_a_word_that_nothing_is_like_is_told(corrections):
    assert told(corrections, "xylophone failure") == [Correction("xylophone", (), applied=True)]


def test_the_beginning_of_a_word_is_not_misspelt_while_it_is_typed(corrections):
    assert told(corrections, "acromeg") == []
    assert told(corrections, "acromeg failure") == [Correction("acromeg", (), applied=True)]


@pytest.mark.parametrize("text", ["27251", "S73.009X", "E0999 failure", "a1b2c3", "wodo", "of the"])
def test_codes_figures_and_short_words_are_left_alone(corrections, text):
    assert told(corrections, text) == []


def test_words_meant_as_they_are_spelled_are_left_alone(corrections):
    assert corrections.told(understand("prostrate dislocasion", as_typed=True), Strictness.ANY, 0) == []
