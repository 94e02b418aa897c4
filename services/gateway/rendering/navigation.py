"""The links at the top that differ between guests and members."""

from __future__ import annotations

from markupsafe import Markup

from ..visitors.visitor import Visitor

GUEST = Markup('<a href="/login">Log in</a> <a href="/register">Register</a>')
MEMBER = Markup('<a href="/account/shelf">Shelf</a> <a href="/account">Account</a>')


def navigation(visitor: Visitor) -> Markup:
    """Where it cannot be told whose session it is, it is still somebody's."""
    return MEMBER if visitor.member or visitor.away else GUEST
