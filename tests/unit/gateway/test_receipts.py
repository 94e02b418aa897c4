"""Receipts: nobody but the server makes one, each is its subject's alone, and it ends with its grant."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from medcodes.metering.v1 import metering_pb2 as pb

from services.gateway.visitors.receipts import COOKIE, KEPT, LIFETIME_SECONDS, MAX_BYTES, Receipts, entry

OLD, NEW = b"o" * 32, b"n" * 32
RECEIPTS = Receipts([OLD], secure=False)
NOW = 1_790_000_000.0
SUBJECT, TERMS = b"a.0123456789abcdef", b"6.0.0"


def view(*, charged=True, ends_at_ms=0, remaining=4) -> pb.ViewResult:
    return pb.ViewResult(
        outcome=pb.VIEW_OUTCOME_GRANTED,
        charged=charged,
        meter=pb.Meter(limit=6, used=2, remaining=remaining, as_of_ms=1_790_000_000_123),
        granted_at_ms=1_789_999_000_000,
        ends_at_ms=ends_at_ms,
    )


def signed(book=b"", code="27250", system="cpt", receipts=RECEIPTS, now=NOW, request_id="r-1", **about) -> bytes:
    result = view(**about)
    return receipts.add(book, SUBJECT, TERMS, result, entry(system, code, result, request_id, now), now)


def cookie(value: bytes) -> bytes:
    return b"other=1; " + COOKIE.encode() + b"=" + value


def found(value: bytes, code="27250", *, subject=SUBJECT, now=NOW, request_id="", terms=TERMS, receipts=RECEIPTS):
    book = receipts.book(cookie(value), b"", subject)
    return receipts.find(book, "cpt", code, request_id, terms, now) if book else None


def test_a_receipt_proves_its_view_with_the_last_meter():
    proof = found(signed())
    assert proof.is_current
    assert proof.view.outcome == pb.VIEW_OUTCOME_GRANTED
    assert proof.view.meter == view().meter
    assert proof.view.granted_at_ms == view().granted_at_ms
    assert proof.view.charged is False


def test_unlimited_stays_unlimited():
    result = view()
    result.meter.CopyFrom(pb.Meter(used=9, as_of_ms=5))
    value = RECEIPTS.add(b"", SUBJECT, TERMS, result, entry("cpt", "27250", result, "", NOW), NOW)
    meter = found(value).view.meter
    assert (meter.HasField("limit"), meter.HasField("remaining"), meter.used) == (False, False, 9)


def test_the_request_that_was_charged_is_told_so_again():
    value = signed()
    assert found(value, request_id="r-1").view.charged is True
    assert found(value, request_id="r-2").view.charged is False
    assert found(signed(charged=False), request_id="r-1").view.charged is False


def test_another_code_and_another_subject_have_none():
    assert found(signed(), "2725") is None
    assert found(signed(), "27252") is None
    assert found(signed(), subject=b"a.0123456789abcdee") is None
    assert found(signed(), subject=b"a.0123456789abcde") is None
    assert found(signed(), subject=b"g.0123456789abcdef") is None


@pytest.mark.parametrize(
    ("ends_at_ms", "age", "holds"),
    [
        (0, LIFETIME_SECONDS - 1, True),
        (0, LIFETIME_SECONDS, False),
        (int(NOW + 60) * 1000, 59, True),
        (int(NOW + 60) * 1000, 60, False),
        (int(NOW + 2 * LIFETIME_SECONDS) * 1000, LIFETIME_SECONDS, False),
    ],
)
def test_a_receipt_ends_with_its_grant_and_after_30_days_at_the_latest(ends_at_ms, age, holds):
    assert (found(signed(ends_at_ms=ends_at_ms), now=NOW + age) is not None) is holds


def test_other_terms_make_the_meter_out_of_date_but_not_the_receipt():
    proof = found(signed(), terms=b"0.0.0")
    assert proof is not None
    assert proof.is_current is False


def test_the_latest_32_are_kept_each_once_and_the_cookie_stays_small():
    value = b""
    for number in range(KEPT + 8):
        book = RECEIPTS.book(cookie(value), b"", SUBJECT)
        value = signed(book, f"S73005A{number:09}", "icd10pcs", remaining=number)
    again = signed(RECEIPTS.book(cookie(value), b"", SUBJECT), f"S73005A{39:09}", "icd10pcs")
    for cookies in (value, again):
        book = RECEIPTS.book(cookie(cookies), b"", SUBJECT)
        kept = [n for n in range(40) if RECEIPTS.find(book, "icd10pcs", f"S73005A{n:09}", "", TERMS, NOW)]
        assert kept == list(range(8, 40))
        assert len(RECEIPTS.set_cookie(cookies)) < 4096
    assert again.count(f"S73005A{39:09}".encode()) == 1


def test_what_has_ended_leaves_the_book():
    value = signed(ends_at_ms=int(NOW + 5) * 1000)
    later = signed(RECEIPTS.book(cookie(value), b"", SUBJECT), "27252", now=NOW + 6)
    assert b"27250" not in later


def test_a_header_is_as_good_as_a_cookie():
    result = view()
    value = RECEIPTS.single(SUBJECT, TERMS, result, entry("cpt", "27250", result, "r-1", NOW))
    book = RECEIPTS.book(b"", value, SUBJECT)
    assert RECEIPTS.find(book, "cpt", "27250", "", TERMS, NOW).view.meter == result.meter


def test_keys_are_rotated_by_putting_a_new_one_first():
    rotated = Receipts([NEW, OLD], secure=False)
    assert found(signed(), receipts=rotated) is not None
    assert found(signed(receipts=rotated), receipts=RECEIPTS) is None
    assert found(signed(), receipts=Receipts([NEW], secure=False)) is None


@pytest.mark.parametrize("keys", [[], [b"short"], [OLD, b"short"]])
def test_a_short_key_is_refused(keys):
    with pytest.raises(ValueError, match="32 bytes"):
        Receipts(keys, secure=False)


@given(st.integers(0, 400), st.integers(0, 255))
def test_a_book_with_one_other_byte_is_absent(position, byte):
    value = bytearray(signed())
    position %= len(value)
    if value[position] == byte:
        return
    value[position] = byte
    assert RECEIPTS.book(cookie(bytes(value)), bytes(value), SUBJECT) == b""


@given(st.binary(max_size=300))
def test_any_cookie_and_any_header_can_be_read(value):
    assert RECEIPTS.book(cookie(value), value, SUBJECT) == b""
    assert RECEIPTS.book(cookie(SUBJECT + b"~" + value), SUBJECT + b"~" + value, SUBJECT) == b""


def test_an_endless_book_is_not_even_looked_at():
    value = signed() + b"x" * 3 * MAX_BYTES
    assert RECEIPTS.book(cookie(value), value, SUBJECT) == b""


def test_a_planted_cookie_does_not_hide_ours():
    header = b"medcodes_receipts=planted; " + cookie(signed())
    assert RECEIPTS.book(header, b"", SUBJECT)


def test_logging_out_empties_the_cookie():
    assert RECEIPTS.cleared.startswith(b"medcodes_receipts=; Path=/; Max-Age=0")
