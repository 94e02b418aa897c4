"""Bytes on the wire that two servers could read differently, that never end, or that ask for what is not offered."""

from __future__ import annotations

import time

import pytest

from tests.e2e.attackers import exchange, held_open
from tests.e2e.people import CODES, meter, somebody

HOST = b"Host: codes.example.org\r\n"
# The request that an attacker hides in another one; its answer is known by what stands in it.
HIDDEN = b"GET /robots.txt HTTP/1.1\r\n" + HOST + b"\r\n"
SHOWN = b"User-agent"
LAST = b"GET /livez HTTP/1.1\r\n" + HOST + b"Connection: close\r\n\r\n"


def post(*headers: bytes, body: bytes = b"") -> bytes:
    head = b"POST /login HTTP/1.1\r\n" + HOST + b"Content-Type: application/x-www-form-urlencoded\r\n"
    return head + b"".join(header + b"\r\n" for header in headers) + b"\r\n" + body


CHUNKED, EMPTY, END = b"Transfer-Encoding: chunked", b"Content-Length: 0", b"0\r\n\r\n"

SMUGGLED = {
    "length, then chunked": post(b"Content-Length: 6", CHUNKED, body=END),
    "chunked, then length": post(CHUNKED, b"Content-Length: 6", body=END),
    "two lengths": post(EMPTY, b"Content-Length: %d" % len(HIDDEN)),
    "two equal lengths": post(EMPTY, EMPTY),
    "a list of lengths": post(b"Content-Length: 0, %d" % len(HIDDEN)),
    "a signed length": post(b"Content-Length: +0"),
    "a negative length": post(b"Content-Length: -1"),
    "a hexadecimal length": post(b"Content-Length: 0x0"),
    "a length beyond 64 bits": post(b"Content-Length: 18446744073709551616"),
    "an unknown coding": post(b"Transfer-Encoding: xchunked", EMPTY),
    "chunked is not last": post(b"Transfer-Encoding: chunked, identity", body=END),
    "codings in two fields": post(CHUNKED, b"Transfer-Encoding: identity", body=END),
    "a vertical tab before the coding": post(b"Transfer-Encoding:\x0bchunked", EMPTY),
    "a space before the colon": post(b"Transfer-Encoding : chunked", EMPTY),
    "a folded coding": post(b"Transfer-Encoding:\r\n chunked", body=END),
    "a folded field": post(b"X-Odd: a\r\n Content-Length: 5", EMPTY),
    "bare line feeds": b"GET / HTTP/1.1\nHost: codes.example.org\n\n",
    "a bare line feed in a field": post(b"X-Odd: a\nContent-Length: 0"),
    "a bare carriage return in a field": post(b"X-Odd: a\rContent-Length: 9"),
    "a NUL in a field": post(b"X-Odd: a\x00b", EMPTY),
    "a line feed in a chunk's extension": post(CHUNKED, body=b"0;a=\n\r\n\r\n"),
    "chunks with bare line feeds": post(CHUNKED, body=b"0\n\n"),
    "a chunk size with 0x": post(CHUNKED, body=b"0x0\r\n\r\n"),
    "a chunk size beyond 64 bits": post(CHUNKED, body=b"10000000000000000\r\n\r\n"),
    "a negative chunk size": post(CHUNKED, body=b"-1\r\n\r\n"),
    "more in a chunk than it says": post(CHUNKED, body=b"3\r\nabcdef\r\n" + END),
    "a space behind a chunk size": post(CHUNKED, body=b"0 \r\n\r\n"),
    "a length in the trailer": post(CHUNKED, body=b"0\r\nContent-Length: 5\r\n\r\n"),
    "two hosts": b"GET / HTTP/1.1\r\n" + HOST + b"Host: elsewhere.example\r\n\r\n",
    "no host": b"GET / HTTP/1.1\r\n\r\n",
    "a folded first field": b"GET / HTTP/1.1\r\n " + HOST + b"\r\n",
    "a tunnel": b"CONNECT codes.example.org:80 HTTP/1.1\r\n" + HOST + b"\r\n",
    "HTTP/2 without asking": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
}


@pytest.mark.parametrize("odd", SMUGGLED.values(), ids=SMUGGLED)
def test_a_request_with_odd_framing_is_refused_and_nothing_after_it_is_read(guarded, odd):
    got = exchange(guarded, odd + HIDDEN)
    assert got.closed
    assert got.statuses in ([400], [])
    assert SHOWN not in got.answer


def test_the_hidden_request_is_answered_where_it_is_not_hidden(guarded):
    """The control of the tests around it."""
    got = exchange(guarded, HIDDEN + HIDDEN)
    assert got.statuses == [200, 200]
    assert got.answer.count(SHOWN) == 2


@pytest.mark.parametrize("protocol", [b"h2c", b"websocket", b"TLS/1.0", b"odd"])
def test_a_body_behind_an_upgrade_is_not_the_next_request(guarded, protocol):
    head = post(b"Connection: Upgrade", b"Upgrade: " + protocol, b"Content-Length: %d" % len(HIDDEN))
    for pieces in ((head, HIDDEN), (head + HIDDEN,), (head + HIDDEN, HIDDEN)):
        got = exchange(guarded, *pieces, pause=0.2)
        assert got.closed
        assert len(got.statuses) == 1
        assert SHOWN not in got.answer


@pytest.mark.parametrize("method", [b"GET", b"HEAD", b"POST"])
def test_the_body_of_a_request_is_its_own(guarded, method):
    """Also where nobody reads it: of a GET, of a form that is refused, of an address that is not there."""
    for path in (b"/", b"/login", b"/nothing", b"/codes/icd10cm/S73005A", b"/api/v1/accounts", b"/robots.txt?"):
        head = method + b" " + path + b" HTTP/1.1\r\n" + HOST + b"Content-Length: %d\r\n\r\n" % len(HIDDEN)
        got = exchange(guarded, head + HIDDEN + LAST)
        assert len(got.statuses) == 2, path
        assert got.answer.endswith(b"\r\n\r\nok\n"), path
        assert (SHOWN in got.answer) == (path == b"/robots.txt?" and method == b"GET")


SLOW = {
    "silence": [b""] * 3,
    "half a head": [b"GET / HTTP/1.1\r\n" + HOST, *[b"X-Odd: 1\r\n"] * 12],
    "letter by letter": [bytes([letter]) for letter in b"GET /livez HTTP"],
    "half a body": [post(b"Content-Length: 100"), *[b"a"] * 12],
    "half a chunk": [post(CHUNKED), *[b"1\r\na\r\n"] * 12],
    "empty lines": [b"GET /livez HTTP/1.1\r\n" + HOST + b"\r\n", *[b"\r\n"] * 14],
}


@pytest.mark.parametrize("pieces", SLOW.values(), ids=SLOW)
def test_who_takes_too_long_is_cut_off(guarded, pieces):
    got = exchange(guarded, *pieces, pause=0.2)
    assert got.closed
    assert got.seconds < 8
    assert set(got.statuses) <= {200, 408}
    assert b"HTTP/1.1 200" not in got.answer or b"ok" in got.answer


def test_an_answer_that_is_awaited_is_not_taken_for_another_ones(guarded):
    """Half a request behind one that is being answered: whoever counts answers must not come to two for one."""
    ask = b"GET /search?q=hip HTTP/1.1\r\n" + HOST + b"\r\n"
    got = exchange(guarded, ask + b"GET / HTTP/1.1\r\n")
    assert got.closed
    assert got.statuses in ([200], [200, 408])


@pytest.mark.alone
def test_who_is_quick_keeps_a_connection(guarded):
    """For longer than one request may take."""
    ask = b"GET /livez HTTP/1.1\r\n" + HOST + b"\r\n"
    got = exchange(guarded, *[ask] * 8, pause=0.3, patience=3)
    assert got.statuses == [200] * 8
    assert not got.closed


@pytest.mark.alone
def test_many_who_say_nothing_keep_nobody_out(guarded):
    with held_open(guarded, 300), somebody(guarded) as client:
        began = time.monotonic()
        assert client.get("/").status_code == 200
        assert time.monotonic() - began < 1


def test_an_oversized_body_is_refused_before_it_arrives(guarded):
    for size in (b"65537", b"999999999"):
        got = exchange(guarded, post(b"Content-Length: " + size))
        assert got.statuses == [413]
        assert got.closed  # in the end, as the body has not come


def test_a_body_in_pieces_without_end_is_refused_once_it_is_too_large(guarded):
    got = exchange(guarded, post(CHUNKED), *[b"1000\r\n" + b"a" * 4096 + b"\r\n"] * 40)
    assert got.closed
    assert set(got.statuses) <= {413, 408}


@pytest.mark.parametrize("head", [b"GET /" + b"a" * 300_000, b"GET / HTTP/1.1\r\nX-Odd: " + b"a" * 300_000])
def test_a_head_without_end_is_cut_off(guarded, head):
    got = exchange(guarded, head[:150_000], head[150_000:], pause=0.1)
    assert got.closed
    assert set(got.statuses) <= {400, 408}


@pytest.mark.parametrize("method", ["TRACE", "OPTIONS", "PROPFIND", "PUT", "BREW"])
def test_a_method_that_is_not_offered_says_nothing_of_the_request(medcodes, method):
    with somebody(medcodes, headers={"X-Secret": "echoed", "Origin": "https://elsewhere.example"}) as client:
        for path in ("/", "/login", "/codes/icd10cm/S73005A", "/api/v1/meter", "/livez"):
            answer = client.request(method, path)
            assert answer.status_code in (400, 403, 405), path
            assert "echoed" not in answer.text
            assert not [name for name in answer.headers if name.lower().startswith("access-control-")]


def test_heads_have_no_body_and_cost_nothing(medcodes):
    with somebody(medcodes) as client:
        for path in ("/", f"/codes/icd10cm/{CODES[0]}", f"/api/v1/codes/icd10cm/{CODES[0]}", "/nothing", "/account"):
            head, whole = client.head(path), client.get("/robots.txt")
            assert head.content == b""
            assert whole.text.startswith("User-agent")  # the connection is where it should be
        assert meter(client) == ("guest", 1, 0, 1)


PATHS = [
    "/static/../settings.py",
    "/static/..%2fsettings.py",
    "/static/%2e%2e/settings.py",
    "/static/%2e%2e%2f%2e%2e%2fsettings.py",
    "/static/..%5c..%5csettings.py",
    "/static/%252e%252e%252fsettings.py",
    "/static/....//settings.py",
    "/static//etc/passwd",
    "/static/%2fetc%2fpasswd",
    "/static/medcodes.css%00.js",
    "/static/..;/settings.py",
    "/dev/mail/..%2f..%2fgateway%2fguest.key",
    "/dev/mail/%2e%2e",
    "/static/",
]


@pytest.mark.parametrize("path", PATHS)
def test_no_path_leads_out_of_the_static_files(medcodes, path):
    got = exchange(medcodes, b"GET " + path.encode() + b" HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n")
    assert got.statuses[0] in (400, 404)
    for word in (b"GatewaySettings", b"root:", (medcodes.state_dir / "gateway" / "guest.key").read_bytes().strip()):
        assert word not in got.answer
