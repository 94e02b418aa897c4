"""Codes as numbers sort as codes do, so that prefixes and ranges are ranges of numbers."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from services.search.adapters.tantivy_schema import code_number

CODES = st.text("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ", min_size=1, max_size=12)


@given(CODES, CODES)
def test_numbers_sort_as_codes(left, right):
    assert (code_number(left) < code_number(right)) == (left < right)


@given(CODES, CODES)
def test_a_prefix_is_a_range(prefix, code):
    within = code_number(prefix) <= code_number(code) <= code_number(prefix, fill="Z")
    assert within == code.startswith(prefix)


@given(st.text(max_size=40))
def test_any_text_has_a_number_that_fits_64_bits(text):
    assert 0 <= code_number(text) < 2**64
