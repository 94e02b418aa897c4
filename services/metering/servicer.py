"""gRPC in and out of metering."""

from __future__ import annotations

from typing import Any

import grpc
from medcodes.metering.v1 import metering_pb2 as pb
from medcodes.metering.v1 import metering_pb2_grpc

from .domain.usage import Count, Report
from .domain.views import (
    ACCOUNT,
    Allowance,
    Guest,
    Outcome,
    Reading,
    Subject,
    ViewRequest,
    remaining,
    seconds_until_next_day,
)
from .receipts import Receipts
from .service import Metering
from .usage import Usage

SERVICE_NAME = "medcodes.metering.v1.MeteringService"
Context = grpc.aio.ServicerContext[Any, Any]


class MeteringServicer(metering_pb2_grpc.MeteringServiceServicer):
    def __init__(self, metering: Metering, receipts: Receipts, usage: Usage) -> None:
        self._metering, self._receipts, self._usage = metering, receipts, usage

    async def ConsumeViews(self, request: pb.ConsumeViewsRequest, context: Context) -> pb.ConsumeViewsResponse:  # noqa: N802
        requests = [
            ViewRequest(_subject(item.subject), item.system, item.code, item.request_id, item.check_only)
            for item in request.items
        ]
        as_of_ms, decisions, retried = await self._metering.consume(requests)
        response = pb.ConsumeViewsResponse()
        retry_after = seconds_until_next_day(as_of_ms)
        meters: dict[tuple[int | None, int], pb.Meter] = {}  # few differ in a batch, and copying one is cheap
        for outcome, charged, used, granted_at_ms, limit, ends_at_ms in decisions:
            meter = meters.get((limit, used))
            if meter is None:
                meter = meters[limit, used] = _meter(Reading(used, limit, as_of_ms))
            result = response.results.add()
            result.outcome = outcome  # type: ignore[assignment]
            result.charged = charged
            result.granted_at_ms = granted_at_ms
            result.ends_at_ms = ends_at_ms
            result.meter.CopyFrom(meter)
            if outcome == Outcome.NETWORK_EXHAUSTED:
                result.retry_after_seconds = retry_after
        for at in retried:
            response.results[at].retried = True
        return response

    async def GetMeter(self, request: pb.GetMeterRequest, context: Context) -> pb.GetMeterResponse:  # noqa: N802
        return pb.GetMeterResponse(meter=_meter(await self._metering.meter(_subject(request.subject))))

    async def ListViews(self, request: pb.ListViewsRequest, context: Context) -> pb.ListViewsResponse:  # noqa: N802
        page = await self._metering.views(_subject(request.subject), request.cursor, request.limit)
        return pb.ListViewsResponse(
            views=[
                pb.View(
                    system=view.system,
                    code=view.code,
                    granted_at_ms=view.granted_at_ms,
                    request_id=view.request_id,
                    ends_at_ms=view.ends_at_ms,
                    copied=view.copied,
                )
                for view in page.views
            ],
            next_cursor=page.next_cursor,
        )

    async def SignReceipt(self, request: pb.SignReceiptRequest, context: Context) -> pb.SignReceiptResponse:  # noqa: N802
        subject = _subject(request.subject)
        grants = await self._metering.grants(subject)
        return pb.SignReceiptResponse(receipt=await self._receipts.sign(subject, grants, request.system, request.code))

    async def ListReceiptKeys(  # noqa: N802
        self, request: pb.ListReceiptKeysRequest, context: Context
    ) -> pb.ListReceiptKeysResponse:
        keys = await self._receipts.public_keys()
        return pb.ListReceiptKeysResponse(keys=[pb.ReceiptKey(**key._asdict()) for key in keys])

    async def RecordUsage(self, request: pb.RecordUsageRequest, context: Context) -> pb.RecordUsageResponse:  # noqa: N802
        counts = [Count(each.hour, each.plan, each.kind, each.views) for each in request.counts]
        await self._usage.record(Report(request.reporter, request.sequence, counts))
        return pb.RecordUsageResponse()


def _subject(subject: pb.Subject) -> Subject:
    if subject.kind != ACCOUNT:
        return Subject(subject.kind, subject.id, subject.issued_at, network=subject.network)
    guest = subject.registered_from
    return Subject(
        subject.kind,
        subject.id,
        allowance=_allowance(subject.allowance) if subject.HasField("allowance") else None,
        registered_from=Guest(guest.id, guest.issued_at) if subject.HasField("registered_from") else None,
        network=subject.network,
    )


def _allowance(allowance: pb.Allowance) -> Allowance:
    views = allowance.views if allowance.HasField("views") else None
    return Allowance(views, allowance.window, allowance.window_days)


def _meter(reading: Reading) -> pb.Meter:
    used, limit, as_of_ms = reading
    return pb.Meter(limit=limit, used=used, remaining=remaining(limit, used), as_of_ms=as_of_ms)
