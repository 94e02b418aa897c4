"""Gaps in rendered bytes."""

from __future__ import annotations

import orjson
from hypothesis import given
from hypothesis import strategies as st

from services.gateway.rendering.splice import Gap, Marks

MARKS = Marks()
VALUES = {gap: f"<{gap.value}>".encode() for gap in Gap}


def test_every_mark_is_replaced_in_its_place():
    text = f"a {MARKS[Gap.METER]} b {MARKS[Gap.ON]}{MARKS[Gap.ON]} c"
    assert MARKS.cut(text.encode()).fill(VALUES) == b"a <meter> b <on><on> c"


def test_bytes_without_marks_stay_as_they_are():
    assert MARKS.cut(b"plain").fill({}) == b"plain"
    assert MARKS.cut(b"").fill({}) == b""


def test_a_quoted_mark_takes_its_quotation_marks_along():
    document = orjson.dumps({"meter": MARKS[Gap.METER], "on": MARKS[Gap.ON]})
    filled = MARKS.cut(document, quoted=frozenset({Gap.METER})).fill({Gap.METER: b'{"used":1}', Gap.ON: b"2025-11-01"})
    assert orjson.loads(filled) == {"meter": {"used": 1}, "on": "2025-11-01"}


def test_marks_cannot_be_guessed():
    assert Marks()[Gap.METER] != Marks()[Gap.METER]


@given(st.lists(st.one_of(st.sampled_from(list(Gap)), st.text())))
def test_filling_is_the_same_as_replacing(parts):
    text = "".join(str(MARKS[part]) if isinstance(part, Gap) else part for part in parts).encode("utf-8", "replace")
    expected = b"".join(VALUES[part] if isinstance(part, Gap) else part.encode("utf-8", "replace") for part in parts)
    assert MARKS.cut(text).fill(VALUES) == expected
