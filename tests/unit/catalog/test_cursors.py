from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.catalog.domain import cursors

QUESTION = ["section", "cpt", "27250", "ncci_edits", "", ""]


@given(st.integers(0, 10**9 - 1))
def test_a_cursor_is_read_back(offset):
    assert cursors.read_offset(cursors.make(str(offset), QUESTION), QUESTION) == offset


def test_the_empty_cursor_is_the_first_page():
    assert cursors.read_offset("", QUESTION) == 0
    assert cursors.read("", QUESTION) == ""


def test_a_cursor_fits_only_its_own_list():
    cursor = cursors.make("40", QUESTION)
    with pytest.raises(cursors.CursorError, match="not a cursor of this list"):
        cursors.read_offset(cursor, [*QUESTION[:-1], "on"])


@given(st.text(min_size=1, max_size=300))
def test_anything_else_is_refused(text):
    with pytest.raises(cursors.CursorError):
        cursors.read_offset(text, QUESTION)


@pytest.mark.parametrize("position", ["-1", "x", "1.5", "9" * 10, "٣"])
def test_a_position_that_is_no_count_is_refused(position):
    with pytest.raises(cursors.CursorError):
        cursors.read_offset(cursors.make(position, QUESTION), QUESTION)
