from __future__ import annotations

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.catalog.domain import codes

CODES = st.text(string.ascii_uppercase + string.digits, min_size=1, max_size=7)


@pytest.mark.parametrize(
    ("typed", "stored"),
    [
        ("S73.005A", "S73005A"),
        ("s73.005a", "S73005A"),
        ("  s73 005a ", "S73005A"),
        ("27250", "27250"),
        ("j1885\t", "J1885"),
        ("2.7.2.5.0", "27250"),
    ],
)
def test_any_spelling_is_understood(typed, stored):
    assert codes.normalise(typed) == stored


@pytest.mark.parametrize(
    ("typed", "why"),
    [
        ("", "empty"),
        (" . ", "empty"),
        ("S" * 17, "longer than 16"),
        ("S73\u2024005A", "not ASCII"),
        ("２７２５０", "not ASCII"),
        ("ſ73005A", "not ASCII"),
        ("27250-26", "letters, digits"),
        ("<b>", "letters, digits"),
        ("272\x0050", "letters, digits"),
        ("' OR 1=1", "letters, digits"),
    ],
)
def test_what_is_no_code_is_refused_with_a_reason(typed, why):
    with pytest.raises(codes.MalformedCodeError, match=why):
        codes.normalise(typed)


@given(CODES, st.sampled_from(["", ".", " ", "\t"]), st.integers(0, 6))
def test_spelling_does_not_matter(code, ignored, at):
    assert codes.normalise(code[:at] + ignored + code[at:].lower()) == code


@given(CODES, st.sampled_from(sorted(codes.SYSTEMS)))
def test_the_displayed_form_is_a_spelling_of_the_stored_one(code, system):
    assert codes.normalise(codes.display(system, code)) == code


@given(st.text(max_size=40))
def test_whatever_is_typed_is_a_code_or_refused(text):
    try:
        code = codes.normalise(text)
    except codes.MalformedCodeError:
        return
    assert code.isascii()
    assert code.isalnum()
    assert code == code.upper()


def test_diagnoses_are_shown_with_a_dot():
    assert codes.display("icd10cm", "S73005A") == "S73.005A"
    assert codes.display("icd10cm", "S73") == "S73"
    assert codes.display("cpt", "27250") == "27250"


@pytest.mark.parametrize(
    ("code", "system"),
    [
        ("27250", "cpt"),
        ("0591T", "cpt"),
        ("0001U", "cpt"),
        ("0001F", "cpt"),
        ("J1885", "hcpcs"),
        ("D0120", "cdt"),
        ("CCCCC", ""),
        ("LT", ""),
        ("1234X", ""),
    ],
)
def test_the_number_tells_the_code_system(code, system):
    assert codes.procedure_system(code) == system


@pytest.mark.parametrize(
    ("code", "visit"),
    [
        ("99213", True),
        ("99202", True),
        ("92014", True),
        ("G0463", True),
        ("27250", False),
        ("99195", False),
        ("9921", False),
    ],
)
def test_visits_are_told_from_procedures(code, visit):
    assert codes.is_visit(code) is visit
