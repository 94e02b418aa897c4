"""Guests: a signed cookie and nothing else. What a guest has viewed is known to metering alone."""

from __future__ import annotations

import binascii
import os
import secrets
from dataclasses import dataclass
from pathlib import Path

from . import cookies
from .signing import Signer

COOKIE = "medcodes_guest"
LIFETIME_SECONDS = 90 * 24 * 3600
# Clocks of replicas differ a little; a cookie from further in the future was not issued by us.
CLOCK_SKEW_SECONDS = 60
MAX_COOKIE_BYTES = 128
KEY_BYTES = 32


@dataclass(frozen=True, slots=True)
class Guest:
    """`id` is 128 random bits in base64url; `issued_at` is in seconds since 1970."""

    id: str
    issued_at: int


class GuestCookies:
    """Issues and reads guest cookies: `id.issued.signature`, HMAC-SHA-256 over the first two.

    Read in a microsecond or so: this runs for every view.
    """

    def __init__(self, key: bytes, *, secure: bool) -> None:
        if len(key) < KEY_BYTES:
            raise ValueError(f"the key of guest cookies must have at least {KEY_BYTES} bytes")
        self._signer, self._name = Signer(key, b"guest"), cookies.full_name(COOKIE.encode(), secure=secure)
        self._attributes = cookies.attributes(LIFETIME_SECONDS, secure=secure)

    def issue(self, now: float) -> tuple[Guest, bytes]:
        """A new guest, and the value of the Set-Cookie header that makes the visitor it."""
        guest = Guest(secrets.token_urlsafe(16), int(now))
        signed = b"%s.%d" % (guest.id.encode(), guest.issued_at)
        return guest, self._name + b"=" + signed + b"." + self._signer.sign(signed) + self._attributes

    def read(self, header: bytes, now: float) -> Guest | None:
        """The guest of a Cookie header; None where there is none, or it is forged or expired."""
        for value in cookies.values(header, self._name):
            if guest := self._verified(value, now):
                return guest
        return None

    def _verified(self, value: bytes, now: float) -> Guest | None:
        signed, _, signature = value.rpartition(b".")
        if len(value) > MAX_COOKIE_BYTES or not self._signer.verifies(signed, signature):
            return None
        guest_id, _, issued = signed.partition(b".")
        guest = Guest(guest_id.decode("ascii"), int(issued))
        if not now - LIFETIME_SECONDS < guest.issued_at <= now + CLOCK_SKEW_SECONDS:
            return None
        return guest


def load_key(secret: str, state_dir: Path) -> bytes:
    """The key of this installation: the setting, or a random one in the state folder that only its owner can read."""
    if secret:
        return secret.encode()
    path = state_dir / "gateway" / "guest.key"
    try:
        return _decoded(path)
    except FileNotFoundError:
        return _create(path)


def _create(path: Path) -> bytes:
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f"{path.name}.{os.getpid()}")
    draft.unlink(missing_ok=True)
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(secrets.token_hex(KEY_BYTES) + "\n")
        file.flush()
        os.fsync(file.fileno())
    try:
        # Fails where another gateway was first; then its key is everybody's.
        os.link(draft, path)
    except FileExistsError:
        pass
    finally:
        draft.unlink()
    return _decoded(path)


def _decoded(path: Path) -> bytes:
    try:
        key = bytes.fromhex(path.read_text().strip())
    except (ValueError, binascii.Error):
        key = b""
    if len(key) < KEY_BYTES:
        raise ValueError(f"{path} is damaged; restore it, or remove it (guests then begin anew)")
    return key
