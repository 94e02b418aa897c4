"""The use cases of metering: decide views, say what is left, list what was viewed."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Sequence
from typing import NamedTuple

from prometheus_client import Counter

from services.common.errors import InvalidArgument

from .domain.views import (
    MAX_BATCH,
    Claim,
    Grant,
    Outcome,
    Subject,
    ViewRequest,
    ends_at,
    faults,
    newest_first,
    position,
    subject_faults,
    subject_key,
    well_formed,
)
from .ports import Decisions, GrantStore, NotVerified

DEFAULT_PAGE = 100
MAX_PAGE = 500

_views = Counter("metering_views", "Views decided, by what came of them.", ["outcome"])
_granted, _repeated = _views.labels("granted"), _views.labels("repeated")
_refused, _expired = _views.labels("refused"), _views.labels("expired")


class MeterReading(NamedTuple):
    """`limit` None: without limit."""

    limit: int | None
    used: int
    as_of_ms: int


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

    def limit(self, subject: Subject) -> int | None:
        """How many code pages the subject may view; None: any number."""
        # Accounts and their plans come here; until then `well_formed` lets guests through only.
        return self._guest_limit

    async def consume(self, requests: Sequence[ViewRequest]) -> Decisions:
        """Decides each request on its own, in order; a refusal is a decision and no error.

        Raises `InvalidArgument` (nothing is granted) and `MeterUnavailable` (unknown; repeat with the same request
        ids).
        """
        if len(requests) > MAX_BATCH:
            raise InvalidArgument("too many items", fields={"items": f"at most {MAX_BATCH}"})
        if not all(map(well_formed, requests)):
            raise _refusal(requests)
        if not requests:
            return Decisions(0, ())
        claims = [
            Claim(
                subject_key(request.subject),
                f"{request.system}:{request.code}",
                request.request_id,
                ends_at(request.subject),
                self.limit(request.subject),
                request.look_only,
            )
            for request in requests
        ]
        try:
            decided = await self._store.consume(claims)
        except NotVerified:
            self._on_unverified()
            raise
        _count(decided)
        return decided

    async def meter(self, subject: Subject) -> MeterReading:
        """What the subject has used, and may use in all."""
        _check_subject(subject)
        used, as_of_ms = await self._store.meter(subject_key(subject))
        return MeterReading(self.limit(subject), used, as_of_ms)

    async def views(self, subject: Subject, cursor: str, limit: int) -> ViewsPage:
        """The subject's grants after `cursor`, newest first; at most `limit` (0: 100)."""
        _check_subject(subject)
        if limit > MAX_PAGE:
            raise InvalidArgument("limit is too high", fields={"limit": f"at most {MAX_PAGE}"})
        # One read, sorted here: a subject holds as many grants as its allowance, which is a handful for nearly all.
        views = newest_first(await self._store.views(subject_key(subject)))
        if cursor:
            before = _from_cursor(cursor)
            views = [view for view in views if position(view) < before]
        page = views[: limit or DEFAULT_PAGE]
        return ViewsPage(page, _to_cursor(page[-1]) if len(page) < len(views) else "")


def _count(decided: Decisions) -> None:
    granted = repeated = refused = expired = 0
    for outcome, charged, _, _ in decided.decisions:
        if outcome == Outcome.GRANTED:
            granted += charged
            repeated += not charged
        elif outcome == Outcome.REFUSED:
            refused += 1
        elif outcome == Outcome.EXPIRED:
            expired += 1
    for counter, count in ((_granted, granted), (_repeated, repeated), (_refused, refused), (_expired, expired)):
        if count:
            counter.inc(count)


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
