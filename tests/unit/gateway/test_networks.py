"""Networks: a client's address counts only as far as it can be believed, and its name says nothing of it."""

from __future__ import annotations

import pytest

from services.gateway.visitors.networks import DAY_SECONDS, Networks, networks

KEY = b"k" * 32
NOW = 1_790_000_000.0
PROXIES = networks("10.0.0.0/8, fd00::/8")


def token(peer: str, *, forwarded: str = "", trusted=(), now=NOW, key=KEY) -> str:
    headers = [(b"x-forwarded-for", part.encode()) for part in forwarded.split(";") if part]
    return Networks(key, trusted).token({"client": (peer, 1), "headers": headers}, now)


def client(peer: str, forwarded: str, trusted=PROXIES) -> str:
    return Networks(KEY, trusted).client(peer, forwarded.encode())


@pytest.mark.parametrize(
    ("one", "other", "is_same"),
    [
        ("192.0.2.1", "192.0.2.254", True),
        ("192.0.2.1", "192.0.3.1", False),
        ("2001:db8:0:aa00::1", "2001:db8:0:aaff::9", True),
        ("2001:db8:0:aa00::1", "2001:db8:0:ab00::1", False),
        ("::ffff:192.0.2.1", "192.0.2.7", True),
    ],
)
def test_a_network_is_an_ipv4_24_or_an_ipv6_56(one, other, is_same):
    assert (token(one) == token(other)) is is_same


def test_the_name_is_another_one_every_day_and_with_another_key():
    assert token("192.0.2.1") == token("192.0.2.1", now=NOW - NOW % DAY_SECONDS)
    assert token("192.0.2.1") != token("192.0.2.1", now=NOW + DAY_SECONDS)
    assert token("192.0.2.1") != token("192.0.2.1", key=b"x" * 32)
    assert len(token("192.0.2.1")) == 20
    assert "192" not in token("192.0.2.1")


@pytest.mark.parametrize("peer", ["127.0.0.1", "127.8.8.8", "::1", "::ffff:127.0.0.1", "unix"])
def test_loopback_and_what_is_no_address_have_none(peer):
    assert token(peer) == ""


def test_no_peer_has_none():
    assert Networks(KEY).token({"client": None, "headers": []}, NOW) == ""


def test_without_trusted_proxies_nothing_is_believed():
    assert token("192.0.2.1", forwarded="203.0.113.9") == token("192.0.2.1")
    assert token("127.0.0.1", forwarded="203.0.113.9") == ""


@pytest.mark.parametrize(
    ("peer", "forwarded", "expected"),
    [
        ("10.0.0.1", "203.0.113.9", "203.0.113.9"),
        ("10.0.0.1", "1.2.3.4, 203.0.113.9", "203.0.113.9"),  # what the client itself said is left out
        ("10.0.0.1", "1.2.3.4, 203.0.113.9, 10.9.9.9", "203.0.113.9"),
        ("10.0.0.1", "10.1.1.1, 10.2.2.2", "10.1.1.1"),
        ("10.0.0.1", "203.0.113.9:4711", "203.0.113.9"),
        ("fd00::1", "[2001:db8::7]:80", "2001:db8::7"),
        ("10.0.0.1", "nonsense", "10.0.0.1"),
        ("10.0.0.1", "203.0.113.9, ", "10.0.0.1"),
        ("10.0.0.1", "", "10.0.0.1"),
        ("192.0.2.1", "203.0.113.9", "192.0.2.1"),  # not one of the proxies
    ],
)
def test_the_client_is_the_right_most_address_that_is_no_trusted_proxy(peer, forwarded, expected):
    assert client(peer, forwarded) == expected


def test_several_headers_are_one():
    assert token("10.0.0.1", forwarded="1.2.3.4;203.0.113.9", trusted=PROXIES) == token("203.0.113.9")


@pytest.mark.parametrize("text", ["10.0.0.0/33", "somewhere", "10.0.0.1/8"])
def test_what_is_no_network_is_refused(text):
    with pytest.raises(ValueError, match=r"does not appear|has host bits"):
        networks(text)
