"""Metering over gRPC."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

import grpc
from grpc_health.v1 import health_pb2, health_pb2_grpc
from medcodes.metering.v1 import metering_pb2, metering_pb2_grpc

from services.common.errors import from_rpc
from services.common.grpc_client import connect

from .view_batcher import ViewBatcher

NAME = "medcodes.metering.v1.MeteringService"
IDEMPOTENT = [
    f"{NAME}/{method}" for method in ("GetMeter", "ListViews", "SignReceipt", "ListReceiptKeys", "RecordUsage")
]
HEALTH_TIMEOUT_SECONDS = 1.0


class MeteringClient:
    """A component that fills the port `Metering`: `calls` batches of views under way, `queue` views waiting, none of
    them for longer than `patience` seconds."""

    def __init__(self, address: str, timeout: float, *, calls: int, queue: int, patience: float) -> None:
        self._address, self._timeout = address, timeout
        self._batcher = ViewBatcher(self._consume_views, calls=calls, queue=queue, patience=patience)

    async def start(self) -> None:
        # Views are sent again by the batcher, which knows that their request ids make that safe.
        self._channel = connect(self._address, idempotent=IDEMPOTENT, timeout=self._timeout)
        self._stub: metering_pb2_grpc.MeteringServiceAsyncStub = metering_pb2_grpc.MeteringServiceStub(self._channel)
        self._health: Any = health_pb2_grpc.HealthStub(self._channel)

    async def stop(self) -> None:
        await self._batcher.drain()
        await self._channel.close(None)

    async def answers(self) -> bool:
        """The service's own health."""
        request = health_pb2.HealthCheckRequest(service=NAME)
        found = await self._health.Check(request, timeout=HEALTH_TIMEOUT_SECONDS)
        return bool(found.status == health_pb2.HealthCheckResponse.SERVING)

    def is_behind(self) -> bool:
        """Whether a view that comes now would be refused, or have to wait for long."""
        return self._batcher.is_behind()

    def consume(self, view: metering_pb2.ViewRequest) -> asyncio.Future[metering_pb2.ViewResult]:
        return self._batcher.consume(view)

    async def get_meter(self, subject: metering_pb2.Subject) -> metering_pb2.Meter:
        try:
            return (await self._stub.GetMeter(metering_pb2.GetMeterRequest(subject=subject))).meter
        except grpc.aio.AioRpcError as error:
            raise from_rpc(error) from None

    async def list_views(
        self, subject: metering_pb2.Subject, cursor: str, limit: int
    ) -> metering_pb2.ListViewsResponse:
        try:
            return await self._stub.ListViews(
                metering_pb2.ListViewsRequest(subject=subject, cursor=cursor, limit=limit)
            )
        except grpc.aio.AioRpcError as error:
            raise from_rpc(error) from None

    async def sign_receipt(self, subject: metering_pb2.Subject, system: str, code: str) -> bytes:
        try:
            request = metering_pb2.SignReceiptRequest(subject=subject, system=system, code=code)
            return (await self._stub.SignReceipt(request)).receipt
        except grpc.aio.AioRpcError as error:
            raise from_rpc(error) from None

    async def record_usage(self, report: metering_pb2.RecordUsageRequest) -> None:
        try:
            await self._stub.RecordUsage(report)
        except grpc.aio.AioRpcError as error:
            raise from_rpc(error) from None

    async def list_receipt_keys(self) -> Sequence[metering_pb2.ReceiptKey]:
        try:
            return (await self._stub.ListReceiptKeys(metering_pb2.ListReceiptKeysRequest())).keys
        except grpc.aio.AioRpcError as error:
            raise from_rpc(error) from None

    async def _consume_views(self, views: Sequence[metering_pb2.ViewRequest]) -> Sequence[metering_pb2.ViewResult]:
        try:
            return (await self._stub.ConsumeViews(metering_pb2.ConsumeViewsRequest(items=views))).results
        except grpc.aio.AioRpcError as error:
            raise from_rpc(error) from None
