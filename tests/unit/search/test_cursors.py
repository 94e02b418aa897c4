"""Cursors come back as they went out, or are refused."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.search.domain.cursors import MAX_DEPTH, CursorError, Position, decode, encode
from services.search.domain.filters import Filters, Status
from services.search.domain.query import Strictness, understand

PLAN = understand("broken hip dislocation")


@given(st.integers(1, MAX_DEPTH - 1), st.sampled_from(Strictness))
def test_a_cursor_comes_back(offset, strictness):
    position = Position(offset, strictness)
    assert decode(encode(position, PLAN), PLAN) == position


@given(st.text(max_size=40))
def test_anything_else_is_refused(text):
    with pytest.raises(CursorError):
        decode(text, PLAN)


@given(st.binary(min_size=12, max_size=12))
def test_forged_bytes_are_refused(packed):
    import base64

    with pytest.raises(CursorError):
        decode(base64.urlsafe_b64encode(packed).decode(), PLAN)


@pytest.mark.parametrize("offset", [0, MAX_DEPTH])
def test_a_depth_out_of_bounds_is_refused(offset):
    with pytest.raises(CursorError):
        decode(encode(Position(offset, Strictness.ALL), PLAN), PLAN)


@pytest.mark.parametrize(
    "other", [understand("right hip dislocation"), understand("left hip dislocation", Filters(system="cpt"))]
)
def test_a_cursor_belongs_to_its_query(other):
    with pytest.raises(CursorError, match="another query"):
        decode(encode(Position(20, Strictness.ALL), PLAN), other)


def test_a_cursor_outlives_the_day():
    today, tomorrow = (
        understand("hip", Filters(status=Status.ACTIVE, today=day)) for day in (date(2026, 1, 1), date(2026, 1, 2))
    )
    position = Position(20, Strictness.ALL)
    assert decode(encode(position, today), tomorrow) == position
