"""The whole service over gRPC, on real servers."""

from __future__ import annotations

import asyncio
import time

import pytest
from medcodes.metering.v1 import metering_pb2 as pb
from prometheus_client import REGISTRY

from services.common import errors
from services.metering.adapters.valkey_usage import ValkeyUsage
from services.metering.domain.usage import Kind
from services.metering.domain.views import GUEST_LIFETIME_SECONDS
from tests.integration.metering.running_service import Client, account, failure, guest, running, view
from tests.metering_stores import until


async def test_guest_rows_of_the_metering_table(metering):
    subject = guest()
    [not_yet] = await metering.consume(view(subject, check_only=True))
    assert (not_yet.outcome, not_yet.meter.remaining) == (pb.VIEW_OUTCOME_NOT_YET, 1)
    [first] = await metering.consume(view(subject, request_id="once"))
    assert (first.outcome, first.charged) == (pb.VIEW_OUTCOME_GRANTED, True)
    assert (first.meter.limit, first.meter.used, first.meter.remaining) == (1, 1, 0)
    assert first.granted_at_ms == first.meter.as_of_ms
    [again, retry, second] = await metering.consume(
        view(subject), view(subject, request_id="once"), view(subject, "99213", request_id="once")
    )
    assert (again.outcome, again.charged) == (pb.VIEW_OUTCOME_GRANTED, False)
    assert (retry.outcome, retry.charged) == (pb.VIEW_OUTCOME_GRANTED, True)
    assert (second.outcome, second.charged, second.granted_at_ms) == (pb.VIEW_OUTCOME_REFUSED, False, 0)
    assert second.meter.remaining == 0


async def test_unlimited_has_neither_limit_nor_remaining(settings):
    async with running(settings.model_copy(update={"guest_views": "unlimited"})) as metering:
        subject = guest()
        results = await metering.consume(*(view(subject, str(code)) for code in range(99202, 99216)))
        assert all(result.charged for result in results)
        assert results[-1].meter.used == 14
        assert not results[-1].meter.HasField("limit")
        assert not results[-1].meter.HasField("remaining")


async def test_lowered_allowance(settings):
    subject = guest()
    async with running(settings.model_copy(update={"guest_views": 3})) as metering:
        await metering.consume(*(view(subject, code) for code in ("1", "2", "3")))
    async with running(settings) as metering:
        kept, new = await metering.consume(view(subject, "2"), view(subject, "4"))
        assert (kept.outcome, new.outcome) == (pb.VIEW_OUTCOME_GRANTED, pb.VIEW_OUTCOME_REFUSED)
        assert (kept.meter.limit, kept.meter.used, kept.meter.remaining) == (1, 3, 0)


async def test_200_codes_at_once(metering):
    subject = guest()
    answers = await asyncio.gather(*(metering.consume(view(subject, str(code))) for code in range(200)))
    assert [result.outcome for [result] in answers].count(pb.VIEW_OUTCOME_GRANTED) == 1


async def test_one_guest_that_has_ended_costs_the_others_nothing(metering):
    ended, ahead, present = await metering.consume(
        view(guest(GUEST_LIFETIME_SECONDS + 1)), view(guest(-7200)), view(guest(GUEST_LIFETIME_SECONDS - 60))
    )
    assert ended.outcome == ahead.outcome == pb.VIEW_OUTCOME_EXPIRED
    assert present.outcome == pb.VIEW_OUTCOME_GRANTED


async def test_meter_and_views(settings):
    async with running(settings.model_copy(update={"guest_views": 7})) as metering:
        subject = guest()
        empty = (await metering.stub.GetMeter(pb.GetMeterRequest(subject=subject))).meter
        assert (empty.limit, empty.used, empty.remaining) == (7, 0, 7)
        for code in ("3", "1", "2"):
            await metering.consume(view(subject, code))
            await asyncio.sleep(0.002)
        await metering.consume(*(view(subject, code) for code in ("5", "4")))
        assert (await metering.stub.GetMeter(pb.GetMeterRequest(subject=subject))).meter.used == 5
        seen, cursor = [], ""
        while True:
            request = pb.ListViewsRequest(subject=subject, cursor=cursor, limit=2)
            page = await metering.stub.ListViews(request)
            seen.append([found.code for found in page.views])
            if not (cursor := page.next_cursor):
                break
        assert seen == [["5", "4"], ["2", "1"], ["3"]]
        assert page.views[0].system == "cpt"
        assert page.views[0].granted_at_ms > 0


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"subject": pb.Subject()}, "subject.kind"),
        ({"subject": account(allowance=None)}, "subject.allowance"),
        ({"subject": account(allowance=pb.Allowance(window=9))}, "subject.allowance.window"),
        ({"subject": account(allowance=pb.Allowance(window=pb.WINDOW_ROLLING_DAYS))}, "subject.allowance.window_days"),
        ({"subject": account(pb.Guest(id="g|" * 9, issued_at=1))}, "subject.registered_from.id"),
        ({"subject": account(pb.Guest(id="x" * 20))}, "subject.registered_from.issued_at"),
        ({"subject": pb.Subject(kind=1, id="x" * 20, issued_at=1, network="a|b")}, "subject.network"),
        ({"subject": pb.Subject(kind=pb.SUBJECT_KIND_GUEST, id="x|y" * 8, issued_at=1)}, "subject.id"),
        ({"subject": pb.Subject(kind=pb.SUBJECT_KIND_GUEST, id="x" * 65, issued_at=1)}, "subject.id"),
        ({"subject": pb.Subject(kind=pb.SUBJECT_KIND_GUEST, id="x" * 20)}, "subject.issued_at"),
        ({"subject": pb.Subject(kind=pb.SUBJECT_KIND_GUEST, id="x" * 20, issued_at=-(2**63))}, "subject.issued_at"),
        ({"system": "cpt:"}, "system"),
        ({"code": "S73.005A"}, "code"),
        ({"code": "s73005a"}, "code"),
        ({"code": "1\n"}, "code"),
        ({"code": "Ä"}, "code"),
        ({"code": "1" * 17}, "code"),
        ({"request_id": "a|b"}, "request_id"),
        ({"request_id": ""}, "request_id"),
        ({"request_id": "a" * 65}, "request_id"),
    ],
)
async def test_malformed_items_are_named_and_grant_nothing(metering, changed, field):
    good, bad = view(guest()), view(guest())
    for name, value in changed.items():
        if name == "subject":
            bad.subject.CopyFrom(value)
        else:
            setattr(bad, name, value)
    error = await failure(metering.consume(good, bad))
    assert isinstance(error, errors.InvalidArgument)
    assert f"items[1].{field}" in error.fields
    assert (await metering.stub.GetMeter(pb.GetMeterRequest(subject=good.subject))).meter.used == 0


async def test_bad_requests(metering):
    assert await metering.consume() == []
    assert (await failure(metering.consume(*(view(guest()) for _ in range(129))))).fields.keys() == {"items"}
    error = await failure(metering.stub.GetMeter(pb.GetMeterRequest()))
    assert "subject.kind" in error.fields
    for request, field in (
        (pb.ListViewsRequest(subject=guest(), limit=501), "limit"),
        (pb.ListViewsRequest(subject=guest(), cursor="???"), "cursor"),
        (pb.ListViewsRequest(subject=guest(), cursor="YWJj"), "cursor"),
        (pb.ListViewsRequest(subject=guest(), cursor="ä"), "cursor"),
    ):
        assert (await failure(metering.stub.ListViews(request))).fields.keys() == {field}


async def test_views_are_counted_by_what_came_of_them(metering):
    def counts() -> dict[str, float]:
        outcomes = ("granted", "repeated", "refused", "expired")
        return {
            name: REGISTRY.get_sample_value("metering_views_total", {"outcome": name, "subject": "guest"})
            for name in outcomes
        }

    before, subject = counts(), guest()
    await metering.consume(
        view(subject), view(subject), view(subject), view(subject, "2"), view(guest(GUEST_LIFETIME_SECONDS))
    )
    assert {name: count - before[name] for name, count in counts().items()} == {
        "granted": 1,
        "repeated": 2,
        "refused": 1,
        "expired": 1,
    }


async def test_a_retry_is_told_and_counted_as_one(metering):
    def counted(outcome: str) -> float:
        return REGISTRY.get_sample_value("metering_views_total", {"outcome": outcome, "subject": "guest"})

    before, subject = (counted("granted"), counted("repeated")), guest()
    together = await metering.consume(view(subject, request_id="once"), view(subject, request_id="once"))
    [later] = await metering.consume(view(subject, request_id="once"))
    [reload] = await metering.consume(view(subject))
    assert [(each.charged, each.retried) for each in (*together, later, reload)] == [
        (True, False),
        (True, True),
        (True, True),
        (False, False),
    ]
    assert (counted("granted"), counted("repeated")) == (before[0] + 1, before[1] + 3)


async def test_usage_is_taken_once_and_malformed_reports_are_not(metering, settings):
    hour = int(time.time()) // 3600
    count = pb.UsageCount(hour=hour, plan="guest", kind=pb.USAGE_KIND_GRANTED, views=3)
    report = pb.RecordUsageRequest(reporter="r" * 16, sequence=1, counts=[count])
    await metering.stub.RecordUsage(report)
    await metering.stub.RecordUsage(report)
    for field, value in (
        ("hour", hour - 100),
        ("hour", hour + 2),
        ("plan", "A|b"),
        ("kind", 0),
        ("kind", 9),
        ("views", 0),
    ):
        bad = pb.RecordUsageRequest(reporter="r" * 16, sequence=2, counts=[count, count])
        setattr(bad.counts[1], field, value)
        assert (await failure(metering.stub.RecordUsage(bad))).fields.keys() == {f"counts[1].{field}"}
    too_many = pb.RecordUsageRequest(reporter="", sequence=0, counts=[count] * 2001)
    assert (await failure(metering.stub.RecordUsage(too_many))).fields.keys() == {
        "reporter",
        "sequence",
        "counts",
    }
    store = ValkeyUsage(settings.valkey_url)
    assert await store.days(hour // 24, hour // 24) == [(hour, "guest", Kind.GRANTED, 3)]
    await store.stop()


async def test_unavailable_while_valkey_is_away_and_verified_again_after(metering, valkey_server):
    subject = guest()
    [first] = await metering.consume(view(subject, request_id="once"))
    valkey_server.kill()
    await valkey_server.wait()
    error = await failure(metering.consume(view(subject, request_id="once")))
    assert isinstance(error, errors.Unavailable)
    assert error.reason == "METER_UNAVAILABLE"
    await until(lambda: not_serving(metering))
    await valkey_server.start()
    await until(metering.serving)
    [again] = await metering.consume(view(subject, request_id="once"))
    assert (again.outcome, again.charged, again.granted_at_ms) == (first.outcome, True, first.granted_at_ms)


async def not_serving(metering: Client) -> bool:
    return not await metering.serving()
