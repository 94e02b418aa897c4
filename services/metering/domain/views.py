"""What the meter counts: views of distinct code pages by a subject, and the grants and ledger entries they leave."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from enum import IntEnum
from typing import NamedTuple

MAX_BATCH = 128
GUEST_LIFETIME_SECONDS = 90 * 24 * 3600
# A cookie may seem to be issued a little ahead: the machine that issued it has a clock of its own.
CLOCK_SKEW_SECONDS = 3600


class SubjectKind(IntEnum):
    """Numbered as in the gRPC contract."""

    UNSPECIFIED = 0
    GUEST = 1
    ACCOUNT = 2


# Compared once an item: a member of an enumeration costs a look-up in the class each time.
GUEST = SubjectKind.GUEST.value


class Outcome(IntEnum):
    """Numbered as in the gRPC contract and in the store's functions."""

    GRANTED = 1
    REFUSED = 2
    NOT_YET = 3
    EXPIRED = 4


class Subject(NamedTuple):
    """A guest or an account, by its random id. `issued_at`: a guest's cookie, in seconds since 1970."""

    kind: int
    id: str
    issued_at: int


class ViewRequest(NamedTuple):
    """One subject asks for one code page. `look_only`: nothing is granted."""

    subject: Subject
    system: str
    code: str
    request_id: str
    look_only: bool = False


class Claim(NamedTuple):
    """A checked request, as the store decides it.

    `subject` is the subject's key, `page` is "system:code", `ends_at` is when the subject's grants end, in seconds
    since 1970 (0: never), `limit` is how many pages the subject may view (None: any number).
    """

    subject: str
    page: str
    request_id: str
    ends_at: int
    limit: int | None
    look_only: bool


class Decision(NamedTuple):
    """The answer to one claim. `charged`: this request id took the view; `used`: views that the subject holds now."""

    outcome: int
    charged: bool
    used: int
    granted_at_ms: int


class Grant(NamedTuple):
    """The right of one subject to one code page."""

    system: str
    code: str
    granted_at_ms: int
    request_id: str


class LedgerEntry(NamedTuple):
    """One grant in the ledger. Sequences count from 1 without a gap; `ends_at` is in seconds since 1970 (0: never)."""

    sequence: int
    subject: str
    page: str
    granted_at_ms: int
    request_id: str
    ends_at: int


_PATTERNS = {
    "subject.id": (re.compile(r"[A-Za-z0-9_-]{16,64}"), "16 to 64 characters of A-Z, a-z, 0-9, _ and -"),
    "system": (re.compile(r"[a-z][a-z0-9]{0,15}"), "up to 16 characters of a-z and 0-9"),
    "code": (re.compile(r"[A-Z0-9]{1,16}"), "up to 16 characters of A-Z and 0-9, without a dot"),
    "request_id": (re.compile(r"[A-Za-z0-9._-]{1,64}"), "1 to 64 characters of A-Z, a-z, 0-9, ., _ and -"),
}
# All of a request at once: the four patterns one after the other cost as much as the rest of the way through Python.
_REQUEST = re.compile("\n".join(pattern.pattern for pattern, _ in _PATTERNS.values()))


def well_formed(request: ViewRequest) -> bool:
    (kind, subject_id, issued_at), system, code, request_id, _ = request
    text = f"{subject_id}\n{system}\n{code}\n{request_id}"
    return kind == GUEST and issued_at > 0 and _REQUEST.fullmatch(text) is not None


def faults(request: ViewRequest) -> Iterator[tuple[str, str]]:
    """(field, what it must be) for each field of a request that is not well formed."""
    yield from subject_faults(request.subject)
    for field in ("system", "code", "request_id"):
        pattern, expected = _PATTERNS[field]
        if not pattern.fullmatch(getattr(request, field)):
            yield field, expected


def subject_faults(subject: Subject) -> Iterator[tuple[str, str]]:
    if subject.kind != GUEST:
        yield "subject.kind", "a guest"
    if not _PATTERNS["subject.id"][0].fullmatch(subject.id):
        yield "subject.id", _PATTERNS["subject.id"][1]
    if subject.issued_at <= 0:
        yield "subject.issued_at", "seconds since 1970"


def subject_key(subject: Subject) -> str:
    """What names the subject in the store and in the ledger: its kind's letter and its random id."""
    return ("g." if subject.kind == GUEST else "a.") + subject.id


def ends_at(subject: Subject) -> int:
    """When all that is the subject's ends, in seconds since 1970: a guest's 90 days after its cookie was issued."""
    return subject.issued_at + GUEST_LIFETIME_SECONDS if subject.kind == GUEST else 0


def remaining(limit: int | None, used: int) -> int | None:
    """Views that are left; an allowance may have been lowered below what is used. None: without limit."""
    return None if limit is None else max(0, limit - used)


def newest_first(grants: Sequence[Grant]) -> list[Grant]:
    return sorted(grants, key=position, reverse=True)


def position(grant: Grant) -> tuple[int, str, str]:
    """Where a grant stands among its subject's: by time, and by page for grants of one millisecond."""
    return grant.granted_at_ms, grant.system, grant.code
