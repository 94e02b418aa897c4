"""Codes in whatever spelling they are typed."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.search.domain.spelling import CodeRange, compact, spelled
from services.search.domain.words import normalised


def codes(text):
    return [each.code for each in spelled(normalised(text)).codes]


@pytest.mark.parametrize(
    "typed",
    [
        "S73.005A",
        "s73.005a",
        "S73005A",
        "s73 005a",
        "S73-005A",
        "S73.005-A",
        " S 73.005 A ",
        "Ｓ７３．００５Ａ",
        "S73·005A",
        "S73,005A",
        "(S73.005A)",
        '"s73.005a".',
    ],
)
def test_any_spelling_of_a_code_is_that_code(typed):
    assert codes(typed) == ["S73005A"]
    assert spelled(normalised(typed)).prefix == "S73005A"


@pytest.mark.parametrize(
    ("typed", "code"),
    [("e0114", "E0114"), ("27250", "27250"), ("0042t", "0042T"), ("0SRB0JZ", "0SRB0JZ"), ("lt", "LT")],
)
def test_codes_of_other_systems(typed, code):
    assert codes(typed) == [code]


@pytest.mark.parametrize(
    ("typed", "prefix"),
    [
        *(("S73.0", "S730"), ("27", "27"), ("s7", "S7"), ("e01", "E01"), ("h", "")),
        *(("0sr9", "0SR9"), ("XW0", "XW0"), ("4 ear", ""), ("3rd", "3RD"), ("dead", "")),
    ],
)
def test_the_beginning_of_a_code_is_a_prefix(typed, prefix):
    assert spelled(typed).prefix == prefix


@pytest.mark.parametrize("word", ["hip", "fracture", "dislocation", "type", "covid"])
def test_a_word_is_no_prefix(word):
    assert spelled(word).prefix == ""


@pytest.mark.parametrize(
    ("typed", "low", "high"),
    [
        ("27250-27254", "27250", "27254"),
        ("27250 – 27254", "27250", "27254"),
        ("27254 to 27250", "27250", "27254"),
        ("s70-s79", "S70", "S79"),
        ("S73.0 through S73.1", "S730", "S731"),
        ("e0100..e0199", "E0100", "E0199"),
    ],
)
def test_ranges(typed, low, high):
    assert spelled(normalised(typed)).ranges == (CodeRange(low, high),)


@pytest.mark.parametrize("typed", ["27250-50", "27250-LT", "27250 - rt"])
def test_a_code_with_a_modifier_is_that_code(typed):
    found = spelled(normalised(typed))
    assert [each.code for each in found.codes] == ["27250"]
    assert not found.ranges


@pytest.mark.parametrize("typed", ["27250, S73.005A; E0114", "27250 S73.005A E0114", "27250\nS73.005A\nE0114"])
def test_a_pasted_list_keeps_its_order(typed):
    assert codes(typed) == ["27250", "S73005A", "E0114"]


def test_a_comma_between_two_codes_makes_a_list():
    assert codes("I10,E11")[1:] == ["I10", "E11"]
    assert codes("27250,27254")[1:] == ["27250", "27254"]


def test_a_code_among_words_is_found_and_is_no_word():
    found = spelled("s73.005a left hip (27250)")
    assert [each.code for each in found.codes] == ["S73005A", "27250"]
    assert found.rest == "left hip"


def test_what_may_be_a_word_stays_one():
    found = spelled("vitamin b12 deficiency")
    assert [each.code for each in found.codes] == ["B12"]
    assert found.rest == "vitamin b12 deficiency"


@given(st.from_regex(r"[A-Z][0-9][0-9A-Z]{1,5}", fullmatch=True), st.data())
def test_dots_spaces_and_case_never_change_a_code(code, data):
    separator = data.draw(st.sampled_from(["", ".", " ", ". ", " ."]))
    place = data.draw(st.integers(1, len(code) - 1))
    typed = code[:place] + separator + code[place:]
    typed = data.draw(st.sampled_from([typed, typed.lower()]))
    assert compact(typed) == code
    assert codes(typed)[0] == code


@given(st.text(max_size=500))
def test_any_text_is_taken(text):
    found = spelled(normalised(text))
    assert len(found.codes) <= 51
    assert all(each.code.isascii() and each.code == each.code.upper() for each in found.codes)
