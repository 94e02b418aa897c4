"""Reading and writing cookie headers, as bytes and without more work than need be: this runs for every request."""

from __future__ import annotations

from collections.abc import Iterator


def values(header: bytes, name: bytes) -> Iterator[bytes]:
    """Every value of a cookie in a Cookie header; a neighbouring site may have planted one beside ours."""
    prefix = name + b"="
    if prefix not in header:
        return
    for part in header.split(b";"):
        name_and_value = part.strip()
        if name_and_value.startswith(prefix):
            yield name_and_value[len(prefix) :]


def full_name(name: bytes, *, secure: bool) -> bytes:
    """What a cookie is called. Over https browsers take the prefix only from this very host, over https: a neighbour
    that shares the domain cannot plant a cookie of this name."""
    return b"__Host-" + name if secure else name


def attributes(max_age: int, *, secure: bool) -> bytes:
    """What stands behind a value in a Set-Cookie header."""
    return b"; Path=/; Max-Age=%d; HttpOnly; SameSite=Lax%b" % (max_age, b"; Secure" if secure else b"")
