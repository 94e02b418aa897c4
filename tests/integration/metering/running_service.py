"""The whole service in this process, and a client of it over gRPC."""

from __future__ import annotations

import contextlib
import secrets
import time

import grpc
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc
from medcodes.metering.v1 import metering_pb2 as pb
from medcodes.metering.v1.metering_pb2_grpc import MeteringServiceStub

from services.common import errors
from services.common.grpc_client import connect
from services.metering.app import build
from services.metering.settings import MeteringSettings
from tests.metering_stores import until

SERVING = health_pb2.HealthCheckResponse.SERVING
NAME = "medcodes.metering.v1.MeteringService"
FIVE = pb.Allowance(views=5)
# More than the store has for its answer.
CALL_SECONDS = 30.0


def guest(age: int = 60) -> pb.Subject:
    return pb.Subject(kind=pb.SUBJECT_KIND_GUEST, id=secrets.token_urlsafe(16), issued_at=int(time.time()) - age)


def account(registered_from: pb.Guest | None = None, allowance: pb.Allowance | None = FIVE) -> pb.Subject:
    return pb.Subject(
        kind=pb.SUBJECT_KIND_ACCOUNT,
        id=secrets.token_urlsafe(16),
        allowance=allowance,
        registered_from=registered_from,
    )


def of(guest: pb.Subject) -> pb.Guest:
    return pb.Guest(id=guest.id, issued_at=guest.issued_at)


def view(subject: pb.Subject, code: str = "27250", request_id: str = "", **fields) -> pb.ViewRequest:
    return pb.ViewRequest(
        subject=subject, system="cpt", code=code, request_id=request_id or secrets.token_hex(8), **fields
    )


class Client:
    """A client of a running service."""

    def __init__(self, channel: grpc.aio.Channel) -> None:
        self.stub = MeteringServiceStub(channel)
        self._health = health_pb2_grpc.HealthStub(channel)

    async def consume(self, *items: pb.ViewRequest) -> list[pb.ViewResult]:
        return list((await self.stub.ConsumeViews(pb.ConsumeViewsRequest(items=items), timeout=CALL_SECONDS)).results)

    async def serving(self) -> bool:
        answer = await self._health.Check(health_pb2.HealthCheckRequest(service=NAME), timeout=CALL_SECONDS)
        return answer.status == SERVING


@contextlib.asynccontextmanager
async def running(settings: MeteringSettings):
    service = build(settings)
    await service.start()
    channel = connect(f"127.0.0.1:{service.components[-1].port}", timeout=CALL_SECONDS)
    try:
        client = Client(channel)
        await until(client.serving)
        yield client
    finally:
        await channel.close()
        await service.stop()


async def failure(call) -> errors.ServiceError:
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await call
    return errors.from_rpc(caught.value)
