"""Accounts over gRPC: what they may view, the guest that they registered from, and a network's guests."""

from __future__ import annotations

import json
import time

import pytest
from medcodes.metering.v1 import metering_pb2 as pb
from prometheus_client import REGISTRY

from services.common import errors
from services.metering.adapters.receipt_keys import is_signed_by
from services.metering.receipts import verify
from tests.integration.metering.running_service import account, failure, guest, of, running, view

GRANTED, REFUSED = pb.VIEW_OUTCOME_GRANTED, pb.VIEW_OUTCOME_REFUSED


async def meter(metering, subject) -> tuple[int, int, int]:
    found = (await metering.stub.GetMeter(pb.GetMeterRequest(subject=subject))).meter
    return found.limit, found.used, found.remaining


async def views(metering, subject) -> list[pb.View]:
    return list((await metering.stub.ListViews(pb.ListViewsRequest(subject=subject))).views)


async def test_guest_registers_and_has_six_in_all(metering):
    visitor = guest()
    [seen] = await metering.consume(view(visitor, "1"))
    member = account(of(visitor))
    assert await meter(metering, member) == (6, 1, 5)
    assert await meter(metering, visitor) == (1, 1, 0)
    *five, last = await metering.consume(*(view(member, str(code)) for code in range(2, 8)))
    assert [(each.outcome, each.charged, each.meter.remaining) for each in five] == [
        (GRANTED, True, left) for left in (4, 3, 2, 1, 0)
    ]
    assert (last.outcome, last.meter.limit, last.meter.used) == (REFUSED, 6, 6)
    [copied] = [each for each in await views(metering, member) if each.copied]
    assert (copied.code, copied.granted_at_ms, copied.ends_at_ms) == ("1", seen.granted_at_ms, 0)
    assert await meter(metering, account(of(visitor))) == (5, 0, 5)  # a second registration


async def test_registered_without_a_guest(metering):
    assert await meter(metering, account()) == (5, 0, 5)


async def test_guests_grants_end_with_it_and_say_so(metering):
    visitor = guest()
    [seen] = await metering.consume(view(visitor))
    assert seen.ends_at_ms == (visitor.issued_at + 90 * 86400) * 1000
    assert [each.ends_at_ms for each in await views(metering, visitor)] == [seen.ends_at_ms]


async def test_windows_of_a_plan(metering):
    rolling = account(allowance=pb.Allowance(views=2, window=pb.WINDOW_ROLLING_DAYS, window_days=7))
    [seen] = await metering.consume(view(rolling))
    assert seen.ends_at_ms == seen.granted_at_ms + 7 * 86_400_000
    month = account(allowance=pb.Allowance(window=pb.WINDOW_CALENDAR_MONTH))
    [seen] = await metering.consume(view(month))
    ended = time.gmtime(seen.ends_at_ms / 1000)
    assert (ended.tm_mday, ended.tm_hour, ended.tm_min, ended.tm_sec) == (1, 0, 0, 0)
    assert not seen.meter.HasField("limit")
    assert [each.ends_at_ms for each in await views(metering, month)] == [seen.ends_at_ms]


async def test_receipts_to_keep(metering, settings):
    visitor = guest()
    member = account(of(visitor))
    await metering.consume(view(visitor, "1"), view(member, "2"))

    async def sign(subject: pb.Subject, code: str, system: str = "cpt") -> bytes:
        request = pb.SignReceiptRequest(subject=subject, system=system, code=code)
        return (await metering.stub.SignReceipt(request)).receipt

    listed = (await metering.stub.ListReceiptKeys(pb.ListReceiptKeysRequest())).keys
    keys = {key.id: key.public_key for key in listed}
    assert [key.current for key in listed] == [True]
    for subject, code, kind in ((member, "1", "account"), (member, "2", "account"), (visitor, "1", "guest")):
        receipt = await sign(subject, code)
        assert verify(receipt, keys, is_signed_by).genuine
        said = json.loads(receipt)
        assert (said["subject"], said["code"]) == ({"kind": kind, "id": subject.id}, code)
        assert (said["ends_at"] is None) == (kind == "account")
    for subject, code, system in ((visitor, "2", "cpt"), (member, "3", "cpt"), (member, "1", "hcpcs")):
        error = await failure(sign(subject, code, system))
        assert (type(error), error.reason) == (errors.NotFound, "NO_GRANT")
    assert (settings.state_dir / "metering" / "receipt-keys").is_dir()


async def test_network_of_guests(settings):
    async with running(settings.model_copy(update={"guest_grants_per_prefix_per_day": 2})) as metering:
        guests = [guest() for _ in range(3)]
        for each in guests:
            each.network = "a-network_of.today="
        first, second, third, again = await metering.consume(*map(view, [*guests, guests[0]]))
        assert [each.outcome for each in (first, second, again)] == [GRANTED] * 3
        assert third.outcome == pb.VIEW_OUTCOME_NETWORK_EXHAUSTED
        now = third.meter.as_of_ms // 1000
        assert (now + third.retry_after_seconds) % 86400 == 0
        assert 1 <= third.retry_after_seconds <= 86400
        assert first.retry_after_seconds == 0
        assert third.meter.used == 0


async def test_views_are_counted_by_kind_of_subject(metering):
    def counted(outcome: str) -> float:
        labels = {"outcome": outcome, "subject": "account"}
        return REGISTRY.get_sample_value("metering_views_total", labels)

    names = ("granted", "repeated", "refused", "not_yet", "expired", "erased", "network_exhausted")
    before, member = {name: counted(name) for name in names}, account(allowance=pb.Allowance(views=1))
    looking = view(member, check_only=True)
    await metering.consume(looking, view(member), view(member), view(member, "2"))
    assert {name: counted(name) - before[name] for name in names if counted(name) > before[name]} == {
        "granted": 1,
        "repeated": 1,
        "refused": 1,
        "not_yet": 1,
    }


@pytest.mark.parametrize(
    ("member", "field"),
    [
        (account(allowance=None), "subject.allowance"),
        (account(pb.Guest(id="short", issued_at=1)), "subject.registered_from.id"),
    ],
)
async def test_malformed_accounts(metering, member, field):
    for call in (
        metering.stub.GetMeter(pb.GetMeterRequest(subject=member)),
        metering.stub.ListViews(pb.ListViewsRequest(subject=member)),
        metering.stub.SignReceipt(pb.SignReceiptRequest(subject=member, system="cpt", code="1")),
    ):
        error = await failure(call)
        assert isinstance(error, errors.InvalidArgument)
        assert error.fields.keys() == {field}
