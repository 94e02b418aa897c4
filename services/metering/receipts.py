"""Receipts that a person keeps: signed for a live grant, and checked by anybody who has the public keys."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from services.common.errors import NotFound

from .domain.receipts import NoReceipt, canonical, document, parsed, unsigned
from .domain.views import Grant, Subject
from .ports import PublicKey, ReceiptKeys


class Verdict(NamedTuple):
    """Whether a receipt is genuine, and a sentence that says so or why not."""

    genuine: bool
    said: str


class Receipts:
    """Signs with the current key of `keys`; the keys' files are read each time, so that a new key is used at once."""

    def __init__(self, keys: ReceiptKeys, clock: Callable[[], float] = time.time) -> None:
        self._keys, self._clock = keys, clock

    async def sign(self, subject: Subject, grants: Sequence[Grant], system: str, code: str) -> bytes:
        """The receipt of the one of the subject's live grants that is for this code page: a JSON document.

        Raises `NotFound` with the reason NO_GRANT where there is none.
        """
        for grant in grants:
            if (grant.system, grant.code) == (system, code):
                return await asyncio.to_thread(self._sign, subject, grant)
        raise NotFound("the subject holds no grant for this page", reason="NO_GRANT")

    async def public_keys(self) -> Sequence[PublicKey]:
        """All keys that receipts are, or were, signed with; there is always a current one."""
        return await asyncio.to_thread(self._public_keys)

    def _sign(self, subject: Subject, grant: Grant) -> bytes:
        key = self._keys.current()
        receipt = unsigned(subject, grant, issued_at_ms=int(self._clock() * 1000), key_id=key.id)
        return document(receipt, key.sign(canonical(receipt)))

    def _public_keys(self) -> Sequence[PublicKey]:
        self._keys.current()
        return self._keys.public_keys()


def verify(content: bytes, keys: Mapping[str, bytes], is_signed_by: Callable[[bytes, bytes, bytes], bool]) -> Verdict:
    """Whether a document is a receipt that was signed with one of `keys` (id -> public key) and not altered since."""
    try:
        receipt, signature = parsed(content)
    except NoReceipt as error:
        return Verdict(False, f"Not genuine: {error}.")
    public = keys.get(receipt["key"])
    if public is None:
        return Verdict(False, f"Not genuine: it names the key {receipt['key']!r}, which is none of the known ones.")
    if not is_signed_by(public, canonical(receipt), signature):
        return Verdict(False, "Not genuine: its signature does not belong to what it says.")
    subject, ends_at = receipt["subject"], receipt.get("ends_at")
    return Verdict(
        True,
        f"Genuine: {subject.get('kind')} {subject.get('id')} was granted {receipt['system']} {receipt['code']} "
        f"on {receipt['granted_at']}, {f'until {ends_at}' if ends_at else 'without an end'}; "
        f"signed on {receipt['issued_at']} with key {receipt['key']}.",
    )
