"""gRPC in and out of metering."""

from __future__ import annotations

from typing import Any

import grpc
from medcodes.metering.v1 import metering_pb2 as pb
from medcodes.metering.v1 import metering_pb2_grpc

from .domain.views import Subject, ViewRequest, remaining
from .service import Metering, MeterReading

SERVICE_NAME = "medcodes.metering.v1.MeteringService"
Context = grpc.aio.ServicerContext[Any, Any]


class MeteringServicer(metering_pb2_grpc.MeteringServiceServicer):
    def __init__(self, metering: Metering) -> None:
        self._metering = metering

    async def ConsumeViews(self, request: pb.ConsumeViewsRequest, context: Context) -> pb.ConsumeViewsResponse:  # noqa: N802
        requests = [
            ViewRequest(_subject(item.subject), item.system, item.code, item.request_id, item.check_only)
            for item in request.items
        ]
        as_of_ms, decisions = await self._metering.consume(requests)
        response = pb.ConsumeViewsResponse()
        meters: dict[tuple[int | None, int], pb.Meter] = {}  # few differ in a batch, and copying one is cheap
        for view, (outcome, charged, used, granted_at_ms) in zip(requests, decisions, strict=True):
            limit = self._metering.limit(view.subject)
            meter = meters.get((limit, used))
            if meter is None:
                meter = meters[limit, used] = _meter(MeterReading(limit, used, as_of_ms))
            result = response.results.add()
            result.outcome = outcome  # type: ignore[assignment]
            result.charged = charged
            result.granted_at_ms = granted_at_ms
            result.meter.CopyFrom(meter)
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
                )
                for view in page.views
            ],
            next_cursor=page.next_cursor,
        )


def _subject(subject: pb.Subject) -> Subject:
    return Subject(subject.kind, subject.id, subject.issued_at)


def _meter(reading: MeterReading) -> pb.Meter:
    limit, used, as_of_ms = reading
    return pb.Meter(limit=limit, used=used, remaining=remaining(limit, used), as_of_ms=as_of_ms)
