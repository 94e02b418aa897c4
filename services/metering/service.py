"""The use cases of metering: decide views, say what is left, list what was viewed."""

from __future__ import annotations

import base64
import binascii
from collections import Counter as Tally
from collections.abc import Callable, Sequence
from typing import NamedTuple

from prometheus_client import Counter, Histogram

from services.common.errors import InvalidArgument

from .domain.views import (
    ACCOUNT,
    GUEST,
    MAX_BATCH,
    Allowance,
    Claim,
    Decision,
    Grant,
    Guest,
    Outcome,
    Reading,
    Subject,
    SubjectKind,
    ViewRequest,
    account_key,
    account_terms,
    ends_at,
    faults,
    newest_first,
    position,
    retried,
    subject_faults,
    subject_key,
    terms,
    well_formed,
)
from .ports import GrantStore, NotVerified

DEFAULT_PAGE = 100
MAX_PAGE = 500

_views = Counter("metering_views", "Views decided, by what came of them and for whom.", ["outcome", "subject"])
_seconds = Histogram(
    "metering_decision_seconds",
    "How long the store took for a batch of views.",
    buckets=(0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5),
)
_OUTCOMES = {(Outcome.GRANTED.value, True): "granted", (Outcome.GRANTED.value, False): "repeated"} | {
    (outcome.value, False): outcome.name.lower() for outcome in Outcome if outcome != Outcome.GRANTED
}
# By (kind of subject, outcome, whether the view was taken just now).
_counters = {
    (kind.value, *decided): _views.labels(name, kind.name.lower())
    for kind in (SubjectKind.GUEST, SubjectKind.ACCOUNT)
    for decided, name in _OUTCOMES.items()
}


class Decided(NamedTuple):
    """The answers to a batch of requests, in their order, the store's time, and which of them are retries."""

    as_of_ms: int
    decisions: Sequence[Decision]
    retried: frozenset[int]


class ViewsPage(NamedTuple):
    views: Sequence[Grant]
    next_cursor: str


class Metering:
    """Decides by the allowances in the settings; the store makes each decision one atomic step.

    `on_unverified` is called when the store says that it must be compared with the ledger first.
    """

    def __init__(
        self, store: GrantStore, *, guest_limit: int | None, on_unverified: Callable[[], None] = lambda: None
    ) -> None:
        self._store, self._guest_limit, self._on_unverified = store, guest_limit, on_unverified

    def _limit(self, subject: Subject) -> int | None:
        """How many code pages the subject may view, without those copied from a guest; None: any number."""
        if subject.kind == GUEST:
            return self._guest_limit
        return subject.allowance.views if subject.allowance else 0

    async def consume(self, requests: Sequence[ViewRequest]) -> Decided:
        """Decides each request on its own, in order; a refusal is a decision and no error.

        Raises `InvalidArgument` (nothing is granted) and `MeterUnavailable` (unknown; repeat with the same request
        ids).
        """
        if len(requests) > MAX_BATCH:
            raise InvalidArgument("too many items", fields={"items": f"at most {MAX_BATCH}"})
        if not all(map(well_formed, requests)):
            raise _refusal(requests)
        if not requests:
            return Decided(0, (), frozenset())
        claims = [
            Claim(
                subject_key(request.subject),
                f"{request.system}:{request.code}",
                request.request_id,
                ends_at(request.subject),
                self._limit(request.subject),
                request.look_only,
                request.subject.network,
                terms(request.subject),
            )
            for request in requests
        ]
        try:
            with _seconds.time():
                as_of_ms, decisions = await self._store.consume(claims)
        except NotVerified:
            self._on_unverified()
            raise
        again = retried(requests, decisions, as_of_ms)
        _count(requests, decisions, again)
        return Decided(as_of_ms, decisions, again)

    async def meter(self, subject: Subject) -> Reading:
        """What the subject has used, and may use in all."""
        _check_subject(subject)
        return await self._store.meter(subject_key(subject), self._limit(subject), terms(subject))

    async def grants(self, subject: Subject) -> list[Grant]:
        """All that the subject holds, newest first: a handful for nearly everybody, as its allowance is."""
        _check_subject(subject)
        grants = newest_first(await self._store.views(subject_key(subject), terms(subject)))
        if subject.kind == GUEST:
            return [grant._replace(ends_at_ms=ends_at(subject) * 1000) for grant in grants]
        return grants

    async def views(self, subject: Subject, cursor: str, limit: int) -> ViewsPage:
        """The subject's grants after `cursor`, newest first; at most `limit` (0: 100)."""
        if limit > MAX_PAGE:
            raise InvalidArgument("limit is too high", fields={"limit": f"at most {MAX_PAGE}"})
        views = await self.grants(subject)
        if cursor:
            before = _from_cursor(cursor)
            views = [view for view in views if position(view) < before]
        page = views[: limit or DEFAULT_PAGE]
        return ViewsPage(page, _to_cursor(page[-1]) if len(page) < len(views) else "")

    async def registered(self, account_id: str, guest: Guest, allowance: Allowance) -> int | None:
        """Copies the guest's grants to the account and seals the guest; how many were copied, None if that was done
        before. Raises `MeterUnavailable`; may be repeated."""
        _check_subject(Subject(ACCOUNT, account_id, allowance=allowance, registered_from=guest))
        return await self._store.merge(account_key(account_id), account_terms(allowance, guest))

    async def erased(self, account_id: str) -> bool:
        """Erases all that is the account's; whether it was there to be done. Raises `MeterUnavailable`; may be
        repeated."""
        _check_subject(Subject(ACCOUNT, account_id, allowance=Allowance(0)))
        return await self._store.erase(account_key(account_id))


def _count(requests: Sequence[ViewRequest], decisions: Sequence[Decision], again: frozenset[int]) -> None:
    tally = Tally(
        (request.subject.kind, decision.outcome, decision.charged and at not in again)
        for at, (request, decision) in enumerate(zip(requests, decisions, strict=True))
    )
    for what, count in tally.items():
        _counters[what].inc(count)


def _refusal(requests: Sequence[ViewRequest]) -> InvalidArgument:
    fields = {
        f"items[{index}].{field}": f"must be {expected}"
        for index, request in enumerate(requests)
        for field, expected in faults(request)
    }
    return InvalidArgument("malformed items", fields=fields)


def _check_subject(subject: Subject) -> None:
    if fields := {field: f"must be {expected}" for field, expected in subject_faults(subject)}:
        raise InvalidArgument("malformed subject", fields=fields)


def _to_cursor(grant: Grant) -> str:
    text = f"{grant.granted_at_ms}|{grant.system}|{grant.code}"
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def _from_cursor(cursor: str) -> tuple[int, str, str]:
    try:
        text = base64.urlsafe_b64decode(cursor.encode("ascii") + b"==").decode("ascii")
        time, system, code = text.split("|")
        return int(time), system, code
    except (ValueError, binascii.Error):
        raise InvalidArgument("malformed cursor", fields={"cursor": "must be one that an answer gave"}) from None
