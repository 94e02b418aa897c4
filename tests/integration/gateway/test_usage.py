"""Every way to an answer is counted once, by plan and by what became of the view."""

from __future__ import annotations

import pytest
from medcodes.metering.v1 import metering_pb2 as pb
from prometheus_client import REGISTRY

from services.common import errors
from services.gateway import usage
from tests.metering_stores import until

PAGE, OTHER = "/api/v1/codes/cpt/27250", "/api/v1/codes/cpt/27252"
ONE = {"email": "one@example.org", "password": "quiet river stone"}
AWAY = errors.Unavailable("away", reason="METER_UNAVAILABLE")
PREFETCH = {"Sec-Purpose": "prefetch"}


class Counts:
    """What was counted since the last question, by (plan, outcome, reason)."""

    def __init__(self):
        self._before = self._read()

    def new(self) -> dict[tuple[str, str, str], float]:
        before, self._before = self._before, self._read()
        return {key: count - before.get(key, 0) for key, count in self._before.items() if count > before.get(key, 0)}

    def _read(self) -> dict[tuple[str, str, str], float]:
        return {
            (sample.labels["plan"], sample.labels["outcome"], sample.labels["reason"]): sample.value
            for metric in REGISTRY.collect()
            if metric.name == "gateway_views"
            for sample in metric.samples
            if sample.name == "gateway_views_total"
        }


def answer(outcome: pb.ViewOutcome, **fields) -> pb.ViewResult:
    return pb.ViewResult(outcome=outcome, meter=pb.Meter(limit=1, used=1, remaining=0, as_of_ms=1), **fields)


@pytest.fixture
def counts():
    return Counts()


async def test_a_guest_by_receipt_and_without_it(gateway, wire, counts):
    client = (await gateway())()
    await client.get(PAGE)
    assert counts.new() == {("guest", "granted", ""): 1}
    await client.get(PAGE)
    await client.get("/codes/cpt/27250")
    assert counts.new() == {("guest", "repeated", "receipt"): 2}
    client.cookies.delete("medcodes_receipts")
    wire.metering.next_outcome.append(answer(pb.VIEW_OUTCOME_GRANTED))
    await client.get(PAGE)
    assert counts.new() == {("guest", "repeated", "meter"): 1}


async def test_a_retry_is_no_second_grant(gateway, wire, counts):
    client = (await gateway())()
    wire.metering.next_outcome.append(answer(pb.VIEW_OUTCOME_GRANTED, charged=True, retried=True))
    again = await client.get(PAGE)
    assert again.json()["meter"]["charged"] is True
    assert counts.new() == {("guest", "repeated", "meter"): 1}


@pytest.mark.parametrize(
    ("outcome", "headers", "status", "reason"),
    [
        (pb.VIEW_OUTCOME_REFUSED, {}, 403, "views_exhausted"),
        (pb.VIEW_OUTCOME_REFUSED, PREFETCH, 503, "prefetch"),
        (pb.VIEW_OUTCOME_NOT_YET, PREFETCH, 503, "prefetch"),
        (pb.VIEW_OUTCOME_NETWORK_EXHAUSTED, {}, 429, "network_exhausted"),
        (pb.VIEW_OUTCOME_UNSPECIFIED, {}, 503, "unavailable"),
    ],
)
async def test_why_a_view_was_refused(gateway, wire, counts, outcome, headers, status, reason):
    client = (await gateway())()
    wire.metering.next_outcome.append(answer(outcome))
    assert (await client.get(PAGE, headers=headers)).status_code == status
    assert counts.new() == {("guest", "refused", reason): 1}


async def test_with_metering_away(gateway, wire, counts):
    client = (await gateway())()
    await client.get(PAGE)
    counts.new()
    wire.metering.failure = AWAY
    await client.get(PAGE)
    assert (await client.get(OTHER)).status_code == 503
    assert counts.new() == {("guest", "repeated", "receipt"): 1, ("guest", "refused", "unavailable"): 1}


async def test_an_expired_guest_is_counted_as_the_new_one(gateway, wire, counts):
    client = (await gateway())()
    wire.metering.next_outcome.append(answer(pb.VIEW_OUTCOME_EXPIRED))
    assert (await client.get(PAGE)).status_code == 200
    assert counts.new() == {("guest", "granted", ""): 1}


async def test_members_by_their_plan_and_one_that_was_erased_as_a_guest(gateway, wire, counts):
    wire.accounts.plans[0].name = "gold"
    client = (await gateway())()
    await client.post("/api/v1/accounts", json=ONE)
    await client.get(PAGE)
    await client.get(PAGE)
    assert counts.new() == {("gold", "granted", ""): 1, ("gold", "repeated", "receipt"): 1}
    wire.metering.next_outcome.append(answer(pb.VIEW_OUTCOME_ERASED))
    await client.get(OTHER)
    assert counts.new() == {("guest", "granted", ""): 1}


async def test_what_is_no_view_is_not_counted(gateway, counts):
    client = (await gateway())()
    await client.head("/codes/cpt/27250")
    await client.get("/api/v1/codes/nosuch/!")
    await client.get("/login")
    assert counts.new() == {}


async def test_metering_is_told_beside_the_requests(gateway, wire, monkeypatch):
    monkeypatch.setattr(usage, "REPORT_SECONDS", 0.05)
    client = (await gateway())()
    await client.get(PAGE)
    await client.get(PAGE)

    async def all_told() -> bool:
        return sum(each.views for report in wire.metering.reports for each in report.counts) == 2

    await until(all_told)
    told = [(each.plan, each.kind, each.views) for report in wire.metering.reports for each in report.counts]
    assert sorted(told) == [("guest", pb.USAGE_KIND_GRANTED, 1), ("guest", pb.USAGE_KIND_REPEATED, 1)]
