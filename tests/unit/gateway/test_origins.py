"""What changes something comes from our own pages, and nobody is sent away after logging in."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.gateway.members.sessions import SessionCookies
from services.gateway.problems import Problem
from services.gateway.visitors import origins
from services.gateway.visitors.guests import GuestCookies
from services.gateway.visitors.networks import Networks
from services.gateway.visitors.visitor import identify

SESSION = "medcodes_session=mcs_token"


def allowed(method="POST", public_url="", **headers: str) -> bool:
    scope = {
        "method": method,
        "client": ("127.0.0.1", 1),
        "headers": [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()],
    }
    visitor = identify(scope, GuestCookies(b"k" * 32, secure=False), SessionCookies(secure=False), Networks(b"k" * 32))
    try:
        origins.check(visitor, public_url)
    except Problem as problem:
        assert problem.status == 403
        return False
    return True


@pytest.mark.parametrize("cookie", ["", SESSION])
@pytest.mark.parametrize("site", ["cross-site", "same-site", "none", "nonsense"])
def test_only_our_own_pages(cookie, site):
    assert allowed(sec_fetch_site="same-origin", cookie=cookie)
    assert not allowed(sec_fetch_site=site, cookie=cookie)
    # The browser's own word beats what looks right beside it.
    assert not allowed(sec_fetch_site=site, cookie=cookie, origin="http://codes.example.org", host="codes.example.org")


@pytest.mark.parametrize(
    ("origin", "public_url", "is_ours"),
    [
        ("http://codes.example.org", "", True),
        ("https://codes.example.org", "", True),
        ("http://codes.example.org:8080", "", False),
        ("http://evil.example", "", False),
        ("http://codes.example.org.evil.example", "", False),
        ("http://evil.codes.example.org", "", False),
        ("http://evil.example@codes.example.org", "", False),
        ("ftp://codes.example.org", "", False),
        ("null", "", False),
        ("http://[", "", False),
        ("https://public.example.org", "https://public.example.org", True),
        ("http://public.example.org", "https://public.example.org", False),
        ("http://codes.example.org", "https://public.example.org", False),
    ],
)
def test_an_origin_must_be_ours(origin, public_url, is_ours):
    assert allowed(origin=origin, host="codes.example.org", public_url=public_url, cookie=SESSION) is is_ours


def test_without_either_header_a_session_changes_nothing():
    assert not allowed(cookie=SESSION)
    assert allowed()
    assert allowed(authorization="Bearer mck_key")
    assert allowed(authorization="Bearer mck_key", cookie=SESSION)


@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS"])
def test_what_changes_nothing_may_come_from_anywhere(method):
    assert allowed(method=method, sec_fetch_site="cross-site", cookie=SESSION)


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "NONSENSE"])
def test_every_other_method_is_looked_at(method):
    assert not allowed(method=method, sec_fetch_site="cross-site", cookie=SESSION)


@pytest.mark.parametrize("given", ["/", "/account", "/codes/cpt/27250?on=2025-11-01#shelf", "/a//b"])
def test_addresses_of_this_server_are_gone_to(given):
    assert origins.local_path(given, "/account") == given


@pytest.mark.parametrize(
    "given",
    ["", "account", "//evil.example", "/\\evil.example", "\\/evil.example", "https://evil.example",
     "javascript:alert(1)", "/\t/evil.example", "/a\r\nSet-Cookie: a=b", "/ /evil.example", "/\u2028/x", "/é", "/\x7f"],
)  # fmt: skip
def test_no_other_address_is(given):
    assert origins.local_path(given, "/account") == "/account"


@given(st.text(max_size=40))
def test_whatever_is_given_it_stays_on_this_server(given):
    path = origins.local_path(given, "/account")
    assert path.startswith("/")
    assert path[1:2] not in ("/", "\\")
    assert path.isascii() and path.isprintable()
