"""Accounts and the credentials that belong to them. Times are milliseconds since 1970, 0 where there is none."""

from __future__ import annotations

import re
import secrets
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

SCOPES = ("codes", "search", "shelf")
MAX_API_KEYS = 20
MAX_KEY_NAME = 80
MAX_KEY_DAYS = 3650
MAX_USER_AGENT = 200
DAY_MS = 24 * 3600 * 1000

_GUEST_ID = re.compile(r"[A-Za-z0-9_-]{16,64}")


class Guest(NamedTuple):
    """The guest that an account registered from. `issued_at` is in seconds since 1970."""

    id: str
    issued_at: int


@dataclass(frozen=True)
class Account:
    """`email` is as it was given; `email_key` is what makes it unique. `plan` is a name in the plans' file."""

    id: str
    email: str
    email_key: str
    password_hash: str
    plan: str
    created_at_ms: int
    email_verified_at_ms: int = 0
    locked_at_ms: int = 0
    registered_from: Guest | None = None
    keep_searches: bool = True
    keep_recent_views: bool = True

    @property
    def locked(self) -> bool:
        return self.locked_at_ms > 0


@dataclass(frozen=True)
class Session:
    """`expires_at_ms` is the end that no use puts off."""

    id: str
    account_id: str
    created_at_ms: int
    last_used_at_ms: int
    expires_at_ms: int
    user_agent: str

    def ends_at_ms(self, idle_ms: int) -> int:
        """When it ends if it is not used again."""
        return min(self.expires_at_ms, self.last_used_at_ms + idle_ms)


@dataclass(frozen=True)
class ApiKey:
    id: str
    account_id: str
    name: str
    prefix: str
    scopes: tuple[str, ...]
    created_at_ms: int
    expires_at_ms: int
    last_used_at_ms: int = 0


class Deletion(NamedTuple):
    """How far an erasure has come: it holds nothing of the person."""

    id: str
    requested_at_ms: int
    accounts_erased_at_ms: int
    metering_erased_at_ms: int


class LinkKind(StrEnum):
    """What a link in an e-mail is for."""

    VERIFY = "verify"
    RESET = "reset"


def new_id() -> str:
    """A random id, which says nothing of the person."""
    return secrets.token_hex(16)


def guest_is_well_formed(guest: Guest) -> bool:
    """Whether metering would take it for a guest; the gateway has checked its signature."""
    return _GUEST_ID.fullmatch(guest.id) is not None and 0 < guest.issued_at < 1 << 40


def api_key_faults(name: str, scopes: tuple[str, ...], days: int) -> dict[str, str]:
    """What is wrong with an API key that is asked for, by field."""
    faults = {}
    if not name.strip() or len(name) > MAX_KEY_NAME or not name.isprintable():
        faults["name"] = f"must be 1 to {MAX_KEY_NAME} printable characters"
    if not scopes or set(scopes) - set(SCOPES):
        faults["scopes"] = f"must be one or more of {', '.join(SCOPES)}"
    if not 0 <= days <= MAX_KEY_DAYS:
        faults["expires_in_days"] = f"must be 0 (never) to {MAX_KEY_DAYS}"
    return faults
