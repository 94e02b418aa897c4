"""The gRPC server and client of common, over a real socket."""

from __future__ import annotations

import asyncio

import grpc
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection_pb2, reflection_pb2_grpc
from medcodes.search.v1 import search_pb2, search_pb2_grpc

from services.common import errors, telemetry
from services.common.grpc_client import connect
from services.common.grpc_server import GrpcServer
from services.common.health import Health

NAME = "medcodes.search.v1.SearchService"


class Servicer(search_pb2_grpc.SearchServiceServicer):
    """Does what the query asks for."""

    def __init__(self) -> None:
        self.calls = 0

    async def Search(self, request, context):
        self.calls += 1
        if request.q == "refuse":
            raise errors.InvalidArgument("not like this", fields={"q": "is refused"})
        if request.q == "missing":
            raise errors.NotFound("nothing", reason="CODE_NOT_FOUND", metadata={"near": "A,B"})
        if request.q == "away":
            raise errors.Unavailable("later", reason="INDEX_NOT_READY")
        if request.q == "broken":
            raise RuntimeError("a secret detail")
        if request.q == "slow":
            await asyncio.sleep(30)
        return search_pb2.SearchResponse(release=telemetry.request_id.get())


@pytest.fixture
async def server():
    health, servicer = Health("test"), Servicer()
    server = GrpcServer(
        domain="search.medcodes",
        listen="127.0.0.1:0",
        register=[lambda into: search_pb2_grpc.add_SearchServiceServicer_to_server(servicer, into)],
        names=[NAME],
        health=health,
    )
    server.health, server.servicer = health, servicer
    await server.start()
    yield server
    await server.stop()


@pytest.fixture
async def channel(server):
    async with connect(f"127.0.0.1:{server.port}", idempotent=[NAME], timeout=20) as channel:
        yield channel


@pytest.fixture
def search(channel):
    return search_pb2_grpc.SearchServiceStub(channel)


async def raised(call) -> errors.ServiceError:
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await call
    return errors.from_rpc(caught.value)


async def test_refused_fields_arrive_by_name(search):
    error = await raised(search.Search(search_pb2.SearchRequest(q="refuse")))
    assert isinstance(error, errors.InvalidArgument)
    assert error.message == "not like this"
    assert error.fields == {"q": "is refused"}


async def test_reason_and_metadata_arrive(search):
    error = await raised(search.Search(search_pb2.SearchRequest(q="missing")))
    assert isinstance(error, errors.NotFound)
    assert (error.reason, error.metadata) == ("CODE_NOT_FOUND", {"near": "A,B"})


async def test_an_unforeseen_error_says_nothing_internal(search):
    error = await raised(search.Search(search_pb2.SearchRequest(q="broken")))
    assert isinstance(error, errors.Internal)
    assert "secret" not in error.message


async def test_an_idempotent_call_is_tried_again(server, search):
    error = await raised(search.Search(search_pb2.SearchRequest(q="away")))
    assert isinstance(error, errors.Unavailable)
    assert server.servicer.calls == 3


async def test_every_call_has_a_deadline(search):
    error = await raised(search.Search(search_pb2.SearchRequest(q="slow"), timeout=0.2))
    assert isinstance(error, errors.DeadlineExceeded)


async def test_the_request_id_travels(search):
    token = telemetry.request_id.set("given-1")
    try:
        assert (await search.Search(search_pb2.SearchRequest(q="x"))).release == "given-1"
    finally:
        telemetry.request_id.reset(token)
    assert len((await search.Search(search_pb2.SearchRequest(q="x"))).release) == 32


async def test_health_follows_the_checks_and_the_drain(server, channel):
    stub = health_pb2_grpc.HealthStub(channel)

    async def state():
        return (await stub.Check(health_pb2.HealthCheckRequest(service=NAME))).status

    assert await state() == health_pb2.HealthCheckResponse.SERVING
    up = False

    async def check():
        return up

    server.health.add_check("dependency", check)
    await server.health.refresh()
    assert await state() == health_pb2.HealthCheckResponse.NOT_SERVING
    assert server.health.failing == ("dependency",)
    up = True
    await server.health.refresh()
    assert await state() == health_pb2.HealthCheckResponse.SERVING
    await server.health.drain()
    assert await state() == health_pb2.HealthCheckResponse.NOT_SERVING


async def test_reflection_lists_the_service(channel):
    stub = reflection_pb2_grpc.ServerReflectionStub(channel)
    call = stub.ServerReflectionInfo(iter([reflection_pb2.ServerReflectionRequest(list_services="*")]))
    async for answer in call:
        assert NAME in [service.name for service in answer.list_services_response.service]
        break


async def test_an_oversized_message_is_refused(search):
    error = await raised(search.Search(search_pb2.SearchRequest(q="x" * 9_000_000)))
    assert isinstance(error, errors.ResourceExhausted)


async def test_a_malformed_message_is_an_error_of_the_call_only(channel, search):
    call = channel.unary_unary(f"/{NAME}/Search")
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await call(b"\xff\xff\xff\xff", timeout=20)
    assert caught.value.code() in {grpc.StatusCode.INTERNAL, grpc.StatusCode.UNKNOWN}
    assert (await search.Search(search_pb2.SearchRequest(q="x"))).release


async def until_taken(stub) -> None:
    """A server hears a little later that a call was given up."""
    async with asyncio.timeout(30):
        while True:
            try:
                await stub.Search(search_pb2.SearchRequest(q="again"))
                return
            except grpc.aio.AioRpcError as error:
                assert errors.from_rpc(error).reason == "OVERLOADED"
                await asyncio.sleep(0.02)


async def test_more_calls_than_a_server_takes_are_refused_and_not_sent_again_but_for_health(server):
    server.servicer.calls = 0
    await server.stop()
    small = GrpcServer(
        domain="search.medcodes",
        listen="127.0.0.1:0",
        register=[lambda into: search_pb2_grpc.add_SearchServiceServicer_to_server(server.servicer, into)],
        names=[NAME],
        health=Health("small"),
        max_calls=2,
    )
    await small.start()
    async with connect(f"127.0.0.1:{small.port}", idempotent=[NAME], timeout=20) as channel:
        stub = search_pb2_grpc.SearchServiceStub(channel)
        slow = [asyncio.ensure_future(stub.Search(search_pb2.SearchRequest(q="slow"))) for _ in range(2)]
        while server.servicer.calls < 2:
            await asyncio.sleep(0.01)
        with pytest.raises(grpc.aio.AioRpcError) as raised:
            await stub.Search(search_pb2.SearchRequest(q="one more"))
        found = errors.from_rpc(raised.value)
        assert isinstance(found, errors.Unavailable)
        assert found.reason == "OVERLOADED"
        assert server.servicer.calls == 2
        health = health_pb2_grpc.HealthStub(channel)
        assert (await health.Check(health_pb2.HealthCheckRequest())).status == health_pb2.HealthCheckResponse.SERVING
        for call in slow:
            call.cancel()
        await asyncio.gather(*slow, return_exceptions=True)
        await until_taken(stub)
    await small.stop()
