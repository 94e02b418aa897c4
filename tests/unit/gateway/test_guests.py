"""Guest cookies: nobody but the server makes one, and none lives longer than 90 days."""

from __future__ import annotations

import stat

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.gateway.visitors.guests import CLOCK_SKEW_SECONDS, COOKIE, LIFETIME_SECONDS, GuestCookies, load_key

KEY = b"k" * 32
COOKIES = GuestCookies(KEY, secure=False)
NOW = 1_790_000_000.0


def sent_back(set_cookie: bytes) -> bytes:
    return set_cookie.partition(b";")[0]


def test_a_guest_is_read_back():
    guest, set_cookie = COOKIES.issue(NOW)
    assert COOKIES.read(sent_back(set_cookie), NOW + 1) == guest
    assert guest.issued_at == int(NOW)
    assert len(guest.id) == 22


def test_the_cookie_says_how_it_is_kept():
    assert COOKIES.issue(NOW)[1].endswith(b"; Path=/; Max-Age=7776000; HttpOnly; SameSite=Lax")
    secure = GuestCookies(KEY, secure=True)
    guest, set_cookie = secure.issue(NOW)
    assert set_cookie.startswith(b"__Host-medcodes_guest=")
    assert set_cookie.endswith(b"; SameSite=Lax; Secure")
    assert secure.read(sent_back(set_cookie), NOW) == guest
    assert secure.read(sent_back(set_cookie).removeprefix(b"__Host-"), NOW) is None


def test_no_two_guests_are_the_same():
    assert len({COOKIES.issue(NOW)[0].id for _ in range(1000)}) == 1000


@pytest.mark.parametrize(
    ("age", "is_read"),
    [(0, True), (LIFETIME_SECONDS - 1, True), (LIFETIME_SECONDS, False), (-CLOCK_SKEW_SECONDS, True),
     (-CLOCK_SKEW_SECONDS - 1, False)],
)  # fmt: skip
def test_a_cookie_ends_after_90_days_and_none_comes_from_the_future(age, is_read):
    guest, set_cookie = COOKIES.issue(NOW)
    assert (COOKIES.read(sent_back(set_cookie), NOW + age) == guest) is is_read


def test_a_cookie_signed_with_another_key_is_absent():
    _, set_cookie = GuestCookies(b"x" * 32, secure=False).issue(NOW)
    assert COOKIES.read(sent_back(set_cookie), NOW) is None


@given(st.integers(0, 200), st.integers(0, 255))
def test_a_cookie_with_one_other_byte_is_absent(position, byte):
    value = bytearray(sent_back(COOKIES.issue(NOW)[1]))
    position = len(COOKIE) + 1 + position % (len(value) - len(COOKIE) - 1)
    if value[position] == byte:
        return
    value[position] = byte
    assert COOKIES.read(bytes(value), NOW) is None


@given(st.binary(max_size=300))
def test_any_header_can_be_read(header):
    assert COOKIES.read(header, NOW) is None
    assert COOKIES.read(f"{COOKIE}=".encode() + header, NOW) is None


def test_the_valid_one_of_several_cookies_counts():
    guest, set_cookie = COOKIES.issue(NOW)
    header = b"a=b; medcodes_guest=planted; " + sent_back(set_cookie) + b"; c=d"
    assert COOKIES.read(header, NOW) == guest


def test_a_short_key_is_refused():
    with pytest.raises(ValueError, match="32 bytes"):
        GuestCookies(b"short", secure=False)


def test_the_key_is_made_once_and_is_its_owners_alone(tmp_path):
    key = load_key("", tmp_path)
    path = tmp_path / "gateway" / "guest.key"
    assert len(key) == 32
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert load_key("", tmp_path) == key
    assert [one.name for one in path.parent.iterdir()] == ["guest.key"]


def test_a_setting_beats_the_file(tmp_path):
    assert load_key("s" * 40, tmp_path) == b"s" * 40
    assert not (tmp_path / "gateway").exists()


def test_a_damaged_key_is_said(tmp_path):
    load_key("", tmp_path)
    (tmp_path / "gateway" / "guest.key").write_text("nothing")
    with pytest.raises(ValueError, match="damaged"):
        load_key("", tmp_path)
