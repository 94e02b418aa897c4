"""Receipts of grants that a person keeps: what they say, and the bytes that their signature is over.

A receipt is a JSON object. Its signature is over the same object without `signature`, written with sorted keys, without
spaces and in ASCII, so that anybody can make the signed bytes again with any JSON library.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from .views import Grant, Subject, SubjectKind

FORMAT = "medcodes-receipt-1"
SIGNATURE = "signature"
_TEXTS = ("format", "system", "code", "granted_at", "issued_at", "key", SIGNATURE)


class NoReceipt(ValueError):
    """This is not a receipt of a format that is known; the message says why."""


def unsigned(subject: Subject, grant: Grant, *, issued_at_ms: int, key_id: str) -> dict[str, Any]:
    """The receipt of a grant, but for its signature. Times are RFC 3339 in UTC; `ends_at` is null if it never ends."""
    return {
        "format": FORMAT,
        "subject": {"kind": SubjectKind(subject.kind).name.lower(), "id": subject.id},
        "system": grant.system,
        "code": grant.code,
        "granted_at": rfc3339(grant.granted_at_ms),
        "ends_at": rfc3339(grant.ends_at_ms) if grant.ends_at_ms else None,
        "issued_at": rfc3339(issued_at_ms),
        "key": key_id,
    }


def canonical(receipt: Mapping[str, Any]) -> bytes:
    """The bytes that a receipt's signature is over."""
    signed = {name: value for name, value in receipt.items() if name != SIGNATURE}
    return json.dumps(signed, sort_keys=True, separators=(",", ":"), ensure_ascii=True).encode("ascii")


def document(receipt: Mapping[str, Any], signature: bytes) -> bytes:
    """The receipt as it is handed out, readable by people."""
    text = base64.urlsafe_b64encode(signature).decode("ascii").rstrip("=")
    return json.dumps({**receipt, SIGNATURE: text}, indent=2).encode("ascii") + b"\n"


def parsed(content: bytes) -> tuple[dict[str, Any], bytes]:
    """A receipt that was handed out, and its signature. Raises `NoReceipt`."""
    try:
        receipt = json.loads(content, object_pairs_hook=_without_twice)
    except (ValueError, RecursionError):
        raise NoReceipt("it is not JSON") from None
    if not isinstance(receipt, dict) or receipt.get("format") != FORMAT:
        raise NoReceipt(f"it is not of the format {FORMAT}")
    subject = receipt.get("subject")
    if not all(isinstance(receipt.get(name), str) for name in _TEXTS) or not isinstance(subject, dict):
        raise NoReceipt("it lacks a part")
    try:
        text = receipt[SIGNATURE].encode("ascii")
        return receipt, base64.b64decode(text + b"=" * (-len(text) % 4), b"-_", validate=True)
    except (ValueError, binascii.Error):
        raise NoReceipt("its signature is not base64url") from None


def _without_twice(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object that names a thing twice could be read in two ways."""
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("named twice")
    return found


def rfc3339(ms: int) -> str:
    """A time in milliseconds since 1970, as 2026-11-25T16:00:00.123Z."""
    moment = datetime.fromtimestamp(ms // 1000, UTC).replace(microsecond=ms % 1000 * 1000)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
