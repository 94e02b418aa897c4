"""Which passwords are taken: by length and by a list of common ones, not by kinds of characters.

NIST SP 800-63B-4, 3.1.1.2, and OWASP ASVS 5, 6.2: any characters, no composition rules, no truncation, long ones
allowed, common and context-specific ones refused.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Container

MIN_CHARACTERS = 10
MAX_CHARACTERS = 128
CONTEXT_WORDS = ("medcodes",)


def normalised(password: str) -> str:
    """The same password however a keyboard has composed its characters (NFKC)."""
    return unicodedata.normalize("NFKC", password)


def fault(password: str, email: str, common: Container[str]) -> str:
    """Why a password is refused, or "". `common` holds lower-case passwords."""
    if len(password) > MAX_CHARACTERS * 4:  # normalising text of any length would cost too much
        return f"must have at most {MAX_CHARACTERS} characters"
    text = normalised(password)
    if len(text) < MIN_CHARACTERS:
        return f"must have at least {MIN_CHARACTERS} characters"
    if len(text) > MAX_CHARACTERS:
        return f"must have at most {MAX_CHARACTERS} characters"
    if not text.isprintable() and any(unicodedata.category(each) in ("Cc", "Cs") for each in text):
        return "must not hold control characters"
    lowered = text.lower()
    if lowered in common or _is_repetition(lowered):
        return "is one of the common passwords that are tried first; choose another one"
    if lowered in _told_by(email):
        return "must not be the e-mail address or the name of this service"
    return ""


def _is_repetition(text: str) -> bool:
    """`aaaaaaaaaa`, `abababababab`: a piece of up to four characters, over and over."""
    return any(text == (text[:size] * len(text))[: len(text)] for size in range(1, 5))


def _told_by(email: str) -> set[str]:
    """What somebody who knows the e-mail and this service tries first."""
    local = email.lower().partition("@")[0]
    words = {email.lower(), local, *CONTEXT_WORDS}
    return words | {word * times for word in words for times in (2, 3)} | {"".join(CONTEXT_WORDS) + local}
