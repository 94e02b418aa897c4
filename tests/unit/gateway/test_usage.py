"""Counting views by plan, and telling metering of them."""

from __future__ import annotations

import pytest
from medcodes.accounts.v1 import accounts_pb2
from medcodes.metering.v1 import metering_pb2 as pb
from prometheus_client import REGISTRY

from services.common.errors import InvalidArgument, Unavailable
from services.gateway import usage
from services.gateway.members.member import Member, member
from services.gateway.usage import Usage, View

HOUR = 490_000


class Told:
    """Takes reports, or fails as `failure` says; a report that fails may have arrived."""

    def __init__(self):
        self.reports, self.failure = [], None

    async def record_usage(self, report):
        copy = pb.RecordUsageRequest()
        copy.CopyFrom(report)
        self.reports.append(copy)
        if self.failure:
            raise self.failure

    def totals(self) -> dict[tuple[int, str, int], int]:
        """As a store adds them: a report once, by its number."""
        found: dict[tuple[int, str, int], int] = {}
        for report in {each.sequence: each for each in self.reports}.values():
            for count in report.counts:
                key = (count.hour, count.plan, count.kind)
                found[key] = found.get(key, 0) + count.views
        return found


def of_plan(name: str) -> Member:
    return member(accounts_pb2.Principal(account_id="x" * 16, plan=accounts_pb2.Plan(name=name, views=5)))


def counted(plan: str, outcome: str, reason: str = "") -> float:
    labels = {"plan": plan, "outcome": outcome, "reason": reason}
    return REGISTRY.get_sample_value("gateway_views_total", labels) or 0


@pytest.fixture
def now():
    return [HOUR * 3600.0]


@pytest.fixture
def told():
    return Told()


@pytest.fixture
def counting(told, now):
    return Usage(told, lambda: now[0])


async def test_views_are_told_by_hour_plan_and_kind(counting, told, now):
    for view in (View.GRANTED, View.BY_RECEIPT, View.BY_METER, View.VIEWS_EXHAUSTED):
        counting.count(None, view)
    counting.count(of_plan("gold"), View.GRANTED)
    await counting.tell()
    now[0] += 3600
    counting.count(None, View.GRANTED)
    await counting.tell()
    assert told.totals() == {
        (HOUR, "guest", pb.USAGE_KIND_GRANTED): 1,
        (HOUR, "guest", pb.USAGE_KIND_REPEATED): 2,
        (HOUR, "guest", pb.USAGE_KIND_VIEWS_EXHAUSTED): 1,
        (HOUR, "gold", pb.USAGE_KIND_GRANTED): 1,
        (HOUR + 1, "guest", pb.USAGE_KIND_GRANTED): 1,
    }
    assert [each.sequence for each in told.reports] == [1, 2]


async def test_nothing_counted_is_nothing_told(counting, told):
    await counting.tell()
    assert told.reports == []


async def test_what_could_not_be_told_is_told_again_as_it_was_and_what_came_since_after_it(counting, told, now):
    counting.count(None, View.GRANTED)
    told.failure = Unavailable("away")
    await counting.tell()
    counting.count(None, View.GRANTED)
    await counting.tell()
    now[0] += 7200
    counting.count(None, View.BY_METER)
    told.failure = None
    await counting.tell()
    assert [each.sequence for each in told.reports] == [1, 1, 1, 2]
    assert told.reports[0] == told.reports[1] == told.reports[2]
    assert told.totals() == {
        (HOUR, "guest", pb.USAGE_KIND_GRANTED): 2,
        (HOUR + 2, "guest", pb.USAGE_KIND_REPEATED): 1,
    }


async def test_a_report_that_is_refused_does_not_stand_in_the_way(counting, told):
    counting.count(None, View.GRANTED)
    told.failure = InvalidArgument("malformed report", fields={"counts[0].hour": "long ago"})
    await counting.tell()
    told.failure = None
    counting.count(None, View.BY_METER)
    await counting.tell()
    assert [count.kind for count in told.reports[-1].counts] == [pb.USAGE_KIND_REPEATED]


async def test_what_waits_is_bounded_and_the_oldest_goes(counting, told, now, monkeypatch):
    monkeypatch.setattr(usage, "MAX_WAITING", 3)
    lost = REGISTRY.get_sample_value("gateway_usage_lost_total")
    counting.count(None, View.GRANTED)
    told.failure = Unavailable("away")
    await counting.tell()
    for _ in range(5):
        now[0] += 3600
        counting.count(None, View.GRANTED)
        await counting.tell()
    told.failure = None
    await counting.tell()
    assert [hour - HOUR for hour, _, _ in told.totals()] == [0, 3, 4, 5]
    assert REGISTRY.get_sample_value("gateway_usage_lost_total") - lost == 2


async def test_plans_are_counted_apart_up_to_a_number(counting, told, monkeypatch):
    monkeypatch.setattr(usage, "MAX_PLANS", 4)
    before = counted("other", "refused", "views_exhausted")
    for number in range(5):
        counting.count(of_plan(f"bounded-{number}"), View.VIEWS_EXHAUSTED)
    counting.count(of_plan(""), View.VIEWS_EXHAUSTED)
    await counting.tell()
    assert {plan: views for (_, plan, _), views in told.totals().items()} == {
        "bounded-0": 1,
        "bounded-1": 1,
        "other": 4,
    }
    assert counted("bounded-1", "refused", "views_exhausted") == 1
    assert counted("bounded-2", "refused", "views_exhausted") == 0
    assert counted("other", "refused", "views_exhausted") - before == 4


async def test_stopping_tells_what_is_left(counting, told):
    await counting.start()
    counting.count(None, View.GRANTED)
    assert told.reports == []
    await counting.stop()
    assert told.totals() == {(HOUR, "guest", pb.USAGE_KIND_GRANTED): 1}
