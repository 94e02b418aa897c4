"""Whether a request that changes something comes from our own pages (OWASP, Cross-Site Request Forgery Prevention)."""

from __future__ import annotations

from urllib.parse import urlsplit

from ..problems import Problem
from .visitor import Visitor

SAFE = ("GET", "HEAD", "OPTIONS")


def check(visitor: Visitor, public_url: str) -> None:
    """Raises a Problem where another site may have made the visitor's browser send this.

    An Authorization header is no browser's doing. Otherwise `Sec-Fetch-Site`, which no page can forge, must say
    `same-origin`; where it is missing, `Origin` must be ours; where both are missing, it is no browser of today, which
    may do what needs no session.
    """
    if visitor.is_bearer or visitor.scope["method"] in SAFE:
        return
    site, origin = visitor.header(b"sec-fetch-site"), visitor.header(b"origin")
    if site:
        allowed = site == "same-origin"
    elif origin:
        allowed = _is_ours(origin, visitor.header(b"host"), public_url)
    else:
        allowed = not visitor.credential
    if not allowed:
        raise Problem("cross-site", "The request does not come from a page of this server.")


def _is_ours(origin: str, host: str, public_url: str) -> bool:
    if public_url:
        return origin == public_url
    try:
        found = urlsplit(origin)
    except ValueError:
        return False
    return found.scheme in ("http", "https") and bool(host) and found.netloc == host


def local_path(given: str, default: str = "/") -> str:
    """Where a visitor may be sent after logging in: an address of this server, or else the default."""
    if not given.startswith("/") or given[1:2] in ("/", "\\") or not given.isprintable() or " " in given:
        return default
    return given if given.isascii() else default
