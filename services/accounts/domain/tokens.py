"""Opaque tokens: 32 random bytes that are handed out once. Only their hashes are kept.

A plain SHA-256 is enough, as nobody guesses 256 random bits. What begins a token tells a leak scanner, and us, its
kind.
"""

from __future__ import annotations

import hashlib
import secrets

SESSION_PREFIX = "mcs_"
API_KEY_PREFIX = "mck_"
LINK_PREFIX = "mcl_"
FEED_PREFIX = "mcf_"
MAX_LENGTH = 100
_RANDOM_BYTES = 32
_SHOWN = 8


def new_session_token() -> str:
    return SESSION_PREFIX + secrets.token_urlsafe(_RANDOM_BYTES)


def new_link_token() -> str:
    return LINK_PREFIX + secrets.token_urlsafe(_RANDOM_BYTES)


def new_feed_token() -> str:
    return FEED_PREFIX + secrets.token_urlsafe(_RANDOM_BYTES)


def new_api_key() -> tuple[str, str]:
    """A key, and the part of it that may be shown to tell keys apart."""
    shown = API_KEY_PREFIX + secrets.token_hex(_SHOWN // 2)
    return f"{shown}_{secrets.token_urlsafe(_RANDOM_BYTES)}", shown


def hashed(token: str) -> bytes:
    """What is kept of a token."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).digest()
