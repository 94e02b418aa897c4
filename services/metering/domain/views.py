"""What the meter counts: views of distinct code pages by a subject, and the grants and ledger entries they leave."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from enum import IntEnum
from typing import NamedTuple

MAX_BATCH = 128
DAY_SECONDS = 24 * 3600
GUEST_LIFETIME_SECONDS = 90 * DAY_SECONDS
# A cookie may seem to be issued a little ahead: the machine that issued it has a clock of its own.
CLOCK_SKEW_SECONDS = 3600


class SubjectKind(IntEnum):
    """Numbered as in the gRPC contract."""

    UNSPECIFIED = 0
    GUEST = 1
    ACCOUNT = 2


# Compared once an item: a member of an enumeration costs a look-up in the class each time.
GUEST, ACCOUNT = SubjectKind.GUEST.value, SubjectKind.ACCOUNT.value


class Outcome(IntEnum):
    """Numbered as in the gRPC contract and in the store's functions."""

    GRANTED = 1
    REFUSED = 2
    NOT_YET = 3
    EXPIRED = 4
    ERASED = 5
    NETWORK_EXHAUSTED = 6


class Window(IntEnum):
    """When an account's grants end. Numbered as in the gRPC contract.

    `NONE`: never; `CALENDAR_MONTH`: with their month, UTC; `ROLLING_DAYS`: so many days after they were given.
    """

    NONE = 0
    CALENDAR_MONTH = 1
    ROLLING_DAYS = 2


class EntryKind(IntEnum):
    """What a ledger entry says. Numbered as in the events' contract and in the store's functions."""

    GRANTED = 0
    COPIED = 1
    MERGED = 2
    ERASED = 3


class Allowance(NamedTuple):
    """How many code pages an account may view in its window; `views` None: any number."""

    views: int | None
    window: int = Window.NONE.value
    window_days: int = 0


class Guest(NamedTuple):
    """The guest that an account registered from."""

    id: str
    issued_at: int


class Subject(NamedTuple):
    """A guest or an account, by its random id.

    `issued_at`: a guest's cookie, in seconds since 1970. `allowance` and `registered_from` are an account's. `network`
    names a guest's network for a day; "": its grants are not counted by it.
    """

    kind: int
    id: str
    issued_at: int = 0
    allowance: Allowance | None = None
    registered_from: Guest | None = None
    network: str = ""


class ViewRequest(NamedTuple):
    """One subject asks for one code page. `look_only`: nothing is granted."""

    subject: Subject
    system: str
    code: str
    request_id: str
    look_only: bool = False


class Terms(NamedTuple):
    """What the store must know of an account: the window of its grants, and the key and the end (in seconds since 1970)
    of the guest that it registered from; "" and 0 if there is none."""

    window: int = Window.NONE.value
    window_days: int = 0
    guest: str = ""
    guest_ends_at: int = 0


class Claim(NamedTuple):
    """A checked request, as the store decides it.

    `subject` is the subject's key, `page` is "system:code", `ends_at` is when a guest's grants end, in seconds since
    1970 (0: an account), `limit` is how many pages the subject may view, without those copied (None: any number).
    """

    subject: str
    page: str
    request_id: str
    ends_at: int
    limit: int | None
    look_only: bool
    network: str = ""
    terms: Terms | None = None


class Decision(NamedTuple):
    """The answer to one claim.

    `charged`: this request id took the view; `used`: views that the subject holds now; `limit`: how many it may hold in
    all (None: any number); `ends_at_ms`: when the grant ends (0: never, or there is none).
    """

    outcome: int
    charged: bool
    used: int
    granted_at_ms: int
    limit: int | None
    ends_at_ms: int


class Reading(NamedTuple):
    """What a subject has used, and may use in all (None: any number)."""

    used: int
    limit: int | None
    as_of_ms: int


class Grant(NamedTuple):
    """The right of one subject to one code page. `ends_at_ms` 0: it does not end; `copied`: it was a guest's."""

    system: str
    code: str
    granted_at_ms: int
    request_id: str
    ends_at_ms: int = 0
    copied: bool = False


class LedgerEntry(NamedTuple):
    """What the ledger says of one subject. Sequences count from 1 without a gap.

    `page`, `request_id` and `granted_at_ms` are a grant's, also a copied one's; a merge or an erasure has no page, and
    its own time. `ends_at_ms` is when the grant ends (0: never); of `MERGED`, when the guest does. `guest` is the
    subject whose grants were merged, `copied` how many.
    """

    sequence: int
    subject: str
    page: str
    granted_at_ms: int
    request_id: str
    ends_at_ms: int
    kind: int = EntryKind.GRANTED.value
    guest: str = ""
    copied: int = 0

    @property
    def is_copy(self) -> bool:
        return self.kind == EntryKind.COPIED.value


_PATTERNS = {
    "subject.id": (re.compile(r"[A-Za-z0-9_-]{16,64}"), "16 to 64 characters of A-Z, a-z, 0-9, _ and -"),
    "system": (re.compile(r"[a-z][a-z0-9]{0,15}"), "up to 16 characters of a-z and 0-9"),
    "code": (re.compile(r"[A-Z0-9]{1,16}"), "up to 16 characters of A-Z and 0-9, without a dot"),
    "request_id": (re.compile(r"[A-Za-z0-9._-]{1,64}"), "1 to 64 characters of A-Z, a-z, 0-9, ., _ and -"),
}
_SUBJECT_ID, _NETWORK = _PATTERNS["subject.id"][0], re.compile(r"[A-Za-z0-9_.=-]{0,64}")
MAX_VIEWS, MAX_WINDOW_DAYS = 2**31 - 1, 3660
# All of a request at once: the four patterns one after the other cost as much as the rest of the way through Python.
_REQUEST = re.compile("\n".join([*(pattern.pattern for pattern, _ in _PATTERNS.values()), _NETWORK.pattern]))


def well_formed(request: ViewRequest) -> bool:
    subject, system, code, request_id, _ = request
    kind, subject_id, issued_at, allowance, _, network = subject
    text = f"{subject_id}\n{system}\n{code}\n{request_id}\n{network}"
    if _REQUEST.fullmatch(text) is None:
        return False
    if kind == GUEST:
        return issued_at > 0
    return kind == ACCOUNT and allowance is not None and not list(_account_faults(subject))


def faults(request: ViewRequest) -> Iterator[tuple[str, str]]:
    """(field, what it must be) for each field of a request that is not well formed."""
    yield from subject_faults(request.subject)
    for field in ("system", "code", "request_id"):
        pattern, expected = _PATTERNS[field]
        if not pattern.fullmatch(getattr(request, field)):
            yield field, expected


def subject_faults(subject: Subject) -> Iterator[tuple[str, str]]:
    if subject.kind not in (GUEST, ACCOUNT):
        yield "subject.kind", "a guest or an account"
    if not _SUBJECT_ID.fullmatch(subject.id):
        yield "subject.id", _PATTERNS["subject.id"][1]
    if subject.kind == GUEST and subject.issued_at <= 0:
        yield "subject.issued_at", "seconds since 1970"
    if not _NETWORK.fullmatch(subject.network):
        yield "subject.network", "at most 64 characters of A-Z, a-z, 0-9, _, ., = and -"
    if subject.kind == ACCOUNT:
        yield from _account_faults(subject)


def _account_faults(subject: Subject) -> Iterator[tuple[str, str]]:
    allowance, guest = subject.allowance, subject.registered_from
    if allowance is None:
        yield "subject.allowance", "set for an account"
    else:
        if allowance.views is not None and not 0 <= allowance.views <= MAX_VIEWS:
            yield "subject.allowance.views", f"0 to {MAX_VIEWS}"
        if allowance.window not in (0, 1, 2):
            yield "subject.allowance.window", "a window that this service knows"
        if allowance.window == Window.ROLLING_DAYS and not 1 <= allowance.window_days <= MAX_WINDOW_DAYS:
            yield "subject.allowance.window_days", f"1 to {MAX_WINDOW_DAYS}"
    if guest is not None:
        if not _SUBJECT_ID.fullmatch(guest.id):
            yield "subject.registered_from.id", _PATTERNS["subject.id"][1]
        if guest.issued_at <= 0:
            yield "subject.registered_from.issued_at", "seconds since 1970"


def guest_key(guest_id: str) -> str:
    return "g." + guest_id


def account_key(account_id: str) -> str:
    return "a." + account_id


def subject_key(subject: Subject) -> str:
    """What names the subject in the store and in the ledger: its kind's letter and its random id."""
    return ("g." if subject.kind == GUEST else "a.") + subject.id


def ends_at(subject: Subject) -> int:
    """When all that is the subject's ends, in seconds since 1970: a guest's 90 days after its cookie was issued. 0: an
    account's grants end one by one."""
    return subject.issued_at + GUEST_LIFETIME_SECONDS if subject.kind == GUEST else 0


def terms(subject: Subject) -> Terms | None:
    """What the store must know of an account; None for a guest."""
    if subject.kind == GUEST:
        return None
    return account_terms(subject.allowance or Allowance(0), subject.registered_from)


def account_terms(allowance: Allowance, guest: Guest | None) -> Terms:
    _, window, days = allowance
    if guest is None:
        return Terms(window, days)
    return Terms(window, days, guest_key(guest.id), guest.issued_at + GUEST_LIFETIME_SECONDS)


def retried(requests: Sequence[ViewRequest], decisions: Sequence[Decision], as_of_ms: int) -> frozenset[int]:
    """Which of a batch's charged decisions repeat what an earlier request with the same id was told.

    A grant that was made just now has the time of the batch.
    """
    again = {
        at for at, (_, charged, _, granted_at_ms, _, _) in enumerate(decisions) if charged and granted_at_ms != as_of_ms
    }
    if len({request.request_id for request in requests}) < len(requests):
        # Some came together with their retry; the first one took the view.
        told = set()
        for at, (request, decision) in enumerate(zip(requests, decisions, strict=True)):
            view = (request.subject.kind, request.subject.id, request.system, request.code, request.request_id)
            if decision.charged and view in told:
                again.add(at)
            told.add(view)
    return frozenset(again)


def seconds_until_next_day(now_ms: int) -> int:
    """Until midnight UTC, when networks are counted anew; at least 1."""
    return DAY_SECONDS - now_ms // 1000 % DAY_SECONDS


def remaining(limit: int | None, used: int) -> int | None:
    """Views that are left; an allowance may have been lowered below what is used. None: without limit."""
    return None if limit is None else max(0, limit - used)


def newest_first(grants: Sequence[Grant]) -> list[Grant]:
    return sorted(grants, key=position, reverse=True)


def position(grant: Grant) -> tuple[int, str, str]:
    """Where a grant stands among its subject's: by time, and by page for grants of one millisecond."""
    return grant.granted_at_ms, grant.system, grant.code
