"""Ed25519 keys that receipts are signed with: files in a folder, which replicas may share."""

from __future__ import annotations

import base64
import hashlib
import os
import time
from collections.abc import Sequence
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
    load_pem_public_key,
)

from ..ports import PublicKey, SigningKey

PRIVATE, PUBLIC = ".key", ".pub"


class ReceiptKeyFolder:
    """Fills `ReceiptKeys`. A key is two PEM files, `<made in ms>-<id>.pub` and `.key`; the second is its owner's only.
    The newest key that has both signs; one that was replaced keeps its public half."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def current(self) -> SigningKey:
        while True:
            signing = self._paths(PRIVATE)
            if not signing:
                self.rotate()
                continue
            try:
                private = load_pem_private_key(signing[-1].read_bytes(), None)
            except FileNotFoundError:
                continue  # it was replaced meanwhile
            if not isinstance(private, Ed25519PrivateKey):
                raise TypeError(f"{signing[-1]} is not an Ed25519 key")
            return SigningKey(_id(signing[-1]), private.sign)

    def public_keys(self) -> Sequence[PublicKey]:
        signing = self._paths(PRIVATE)
        current = _id(signing[-1]) if signing else ""
        return [
            PublicKey(_id(path), _public(path), _made_at(path), _id(path) == current) for path in self._paths(PUBLIC)
        ]

    def rotate(self) -> str:
        replaced = self._paths(PRIVATE)
        private = Ed25519PrivateKey.generate()
        public = private.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
        key_id = public_key_id(raw(private.public_key()))
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        name = f"{time.time_ns() // 1_000_000}-{key_id}"
        # The public half first: a receipt must never be signed with a key that nobody can check it with.
        self._write(name + PUBLIC, public, 0o644)
        secret = private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        self._write(name + PRIVATE, secret, 0o600)
        for former in replaced:
            former.unlink(missing_ok=True)
        return key_id

    def _paths(self, ending: str) -> list[Path]:
        """The files with such an ending, the newest last."""
        return sorted(self._folder.glob("*" + ending), key=lambda path: (_made_at(path), path.name))

    def _write(self, name: str, content: bytes, mode: int) -> None:
        draft = self._folder / f".{name}.{os.getpid()}"
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        draft.rename(self._folder / name)


def raw(public: Ed25519PublicKey) -> bytes:
    return public.public_bytes(Encoding.Raw, PublicFormat.Raw)


def public_key_id(public: bytes) -> str:
    """A key's name follows from the key."""
    return hashlib.sha256(public).hexdigest()[:16]


def is_signed_by(public: bytes, message: bytes, signature: bytes) -> bool:
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(signature, message)
    except (InvalidSignature, ValueError):
        return False
    return True


def to_text(public: bytes) -> str:
    return base64.b64encode(public).decode("ascii")


def from_text(text: str) -> bytes:
    return base64.b64decode(text.encode("ascii"), validate=True)


def _public(path: Path) -> bytes:
    public = load_pem_public_key(path.read_bytes())
    if not isinstance(public, Ed25519PublicKey):
        raise TypeError(f"{path} is not an Ed25519 key")
    return raw(public)


def _id(path: Path) -> str:
    return path.stem.partition("-")[2]


def _made_at(path: Path) -> int:
    return int(path.stem.partition("-")[0])
