"""What operators see of views: how many were granted, repeated and refused, by plan and hour."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from enum import IntEnum
from typing import NamedTuple

MAX_COUNTS = 2000
MAX_VIEWS = 10**9
KEPT_DAYS = 90
HOURS = 24
DAY_SECONDS, HOUR_SECONDS = 24 * 3600, 3600
# Reports may be late by as long as metering was away, and the clocks of machines differ.
LATE_HOURS, EARLY_HOURS = 72, 1

GUEST, OTHER = "guest", "other"
_REPORTER = re.compile(r"[A-Za-z0-9_-]{16,64}")
_PLAN = re.compile(r"[a-z0-9][a-z0-9_-]{0,39}")


class Kind(IntEnum):
    """What became of a view. Numbered as in the gRPC contract, and in what the store keeps."""

    GRANTED = 1
    REPEATED = 2
    VIEWS_EXHAUSTED = 3
    NETWORK_EXHAUSTED = 4
    PREFETCHED = 5
    UNAVAILABLE = 6


class Count(NamedTuple):
    """So many views of a plan's visitors came to this in an hour, counted from 1970 in UTC."""

    hour: int
    plan: str
    kind: int
    views: int


class Report(NamedTuple):
    """What one process has counted since its last report; `sequence` rises from report to report."""

    reporter: str
    sequence: int
    counts: Sequence[Count]


class Step(NamedTuple):
    """A bar of a plot, or a row of a table: an hour or a day from `start` on, in seconds since 1970."""

    start: int
    views: Mapping[int, int]

    @property
    def total(self) -> int:
        return sum(self.views.values())


class PlanUsage(NamedTuple):
    plan: str
    steps: Sequence[Step]

    @property
    def totals(self) -> Mapping[int, int]:
        return sum((Counter(step.views) for step in self.steps), Counter())


def faults(report: Report, now: int) -> Iterator[tuple[str, str]]:
    """(field, what it must be) for each field of a report that is not well formed; `now` in seconds since 1970."""
    hour = now // HOUR_SECONDS
    if not _REPORTER.fullmatch(report.reporter):
        yield "reporter", "16 to 64 characters of A-Z, a-z, 0-9, _ and -"
    if not 1 <= report.sequence < 2**53:
        yield "sequence", "1 or more"
    if len(report.counts) > MAX_COUNTS:
        yield "counts", f"at most {MAX_COUNTS}"
        return
    for at, count in enumerate(report.counts):
        if not hour - LATE_HOURS <= count.hour <= hour + EARLY_HOURS:
            yield f"counts[{at}].hour", f"at most {LATE_HOURS} hours ago"
        if not _PLAN.fullmatch(count.plan):
            yield f"counts[{at}].plan", "the name of a plan"
        if count.kind not in _KINDS:
            yield f"counts[{at}].kind", "a kind that this service knows"
        if not 1 <= count.views <= MAX_VIEWS:
            yield f"counts[{at}].views", f"1 to {MAX_VIEWS}"


def by_plan(counts: Sequence[Count], first: int, last: int, seconds: int) -> list[PlanUsage]:
    """Each plan's steps of `seconds` from that of `first` to that of `last`, empty ones among them; guests come first.
    Both are in seconds since 1970."""
    starts = range(first - first % seconds, last + 1, seconds)
    found: dict[str, dict[int, Counter[int]]] = {}
    for hour, plan, kind, views in counts:
        start = hour * HOUR_SECONDS // seconds * seconds
        if start in starts:
            found.setdefault(plan, {}).setdefault(start, Counter())[kind] += views
    plans = sorted(found, key=lambda plan: (plan != GUEST, plan == OTHER, plan))
    return [PlanUsage(plan, [Step(start, found[plan].get(start, {})) for start in starts]) for plan in plans]


_KINDS = frozenset(Kind)
