"""Which passwords are taken."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.accounts.adapters.common_passwords import common_passwords
from services.accounts.domain import passwords

EMAIL = "coder.one@example.org"
COMMON = common_passwords()
PRINTABLE = st.text(st.characters(exclude_categories=["Cc", "Cs", "Cn", "Co", "Cf"]), min_size=0, max_size=200)


@pytest.mark.parametrize(
    "password",
    ["ninechars", "", "x" * 129, "aaaaaaaaaaaa", "abcabcabcabc", "1234567890", "QWERTYUIOP", EMAIL, EMAIL.upper(),
     "coder.onecoder.one", "medcodesmedcodes", "medcodescoder.one", "with\0a null character", "x" * 100_000],
)  # fmt: skip
def test_refused(password):
    assert passwords.fault(password, EMAIL, COMMON)


@pytest.mark.parametrize(
    "password",
    ["correct horse battery", "   spaces count   ", "ツ" * 3 + "ein langer Satz", "x9" + "k" * 126, "no-digits-needed"],
)
def test_taken(password):
    assert passwords.fault(password, EMAIL, COMMON) == ""


def test_the_list_holds_what_is_tried_first():
    assert {"1234567890", "qwertyuiop"} <= COMMON
    assert len(COMMON) > 500


@given(PRINTABLE)
def test_length_is_the_only_rule_of_form(password):
    fault = passwords.fault(password, EMAIL, ())
    length = len(unicodedata.normalize("NFKC", password))
    if length < passwords.MIN_CHARACTERS:
        assert "at least" in fault
    elif length > passwords.MAX_CHARACTERS:
        assert "at most" in fault
    else:
        assert fault == "" or "common" in fault


@given(PRINTABLE)
def test_a_password_is_the_same_however_its_characters_are_composed(password):
    forms = {passwords.normalised(unicodedata.normalize(form, password)) for form in ("NFC", "NFD", "NFKC", "NFKD")}
    assert len(forms) == 1
