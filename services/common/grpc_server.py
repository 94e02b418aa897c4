"""The gRPC server that every service runs: health, reflection, request ids, deadlines, metrics, one error family."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import grpc
import structlog
from grpc_health.v1 import health, health_pb2_grpc
from grpc_reflection.v1alpha import reflection
from grpc_status import rpc_status
from prometheus_client import Histogram

from . import telemetry
from .errors import Internal, InvalidArgument, ServiceError, Unavailable, to_status
from .health import Health

Register = Callable[[grpc.aio.Server], None]

MAX_MESSAGE_BYTES = 8 * 1024 * 1024
MAX_DEADLINE_SECONDS = 600.0
MAX_CALLS = 512
# To a client that would send the call again by its service config, and add to what is too much already (gRFC A6).
NO_RETRY = ("grpc-retry-pushback-ms", "-1")

log = structlog.get_logger(__name__)
_handled = Histogram("grpc_server_seconds", "Time to answer a call.", ["method", "code"])


class GrpcServer:
    """A component. `listen` may end in port 0; `port` is the one that was bound.

    Of more than `max_calls` calls at the same moment the last ones are refused (OVERLOADED), but for health's.
    """

    def __init__(
        self,
        *,
        domain: str,
        listen: str,
        register: Sequence[Register],
        names: Sequence[str],
        health: Health,
        drain_seconds: float = 5.0,
        max_calls: int = MAX_CALLS,
    ) -> None:
        self._max_calls = max_calls
        self._domain, self._listen, self._register = domain, listen, register
        self._names, self._health, self._drain_seconds = names, health, drain_seconds
        self._server: grpc.aio.Server | None = None
        self.port = 0

    async def start(self) -> None:
        server = grpc.aio.server(
            interceptors=[*_tracing(), CallInterceptor(self._domain, self._max_calls)],
            options=[
                ("grpc.max_receive_message_length", MAX_MESSAGE_BYTES),
                # Two processes on one port would answer in turn, each with half of the truth.
                ("grpc.so_reuseport", 0),
            ],
        )
        for register in self._register:
            register(server)
        health_pb2_grpc.add_HealthServicer_to_server(self._health.servicer, server)
        reflection.enable_server_reflection([*self._names, health.SERVICE_NAME, reflection.SERVICE_NAME], server)
        self.port = server.add_insecure_port(self._listen)
        await server.start()
        self._server = server
        await self._health.start(self._names)

    async def stop(self) -> None:
        """Refuses new calls, lets those in flight finish for at most `drain_seconds`."""
        if self._server:
            await self._server.stop(self._drain_seconds)
        await self._health.stop()


class CallInterceptor(grpc.aio.ServerInterceptor):
    """Around every call: request id in, error family out, time measured, and no more than `max_calls` at once."""

    def __init__(self, domain: str, max_calls: int = MAX_CALLS) -> None:
        self._domain, self._max_calls, self._under_way = domain, max_calls, 0
        self._handlers: dict[str, grpc.RpcMethodHandler[Any, Any]] = {}  # one for each of its methods

    async def intercept_service(
        self,
        continuation: Callable[[grpc.HandlerCallDetails], Awaitable[grpc.RpcMethodHandler[Any, Any] | None]],
        details: grpc.HandlerCallDetails,
    ) -> grpc.RpcMethodHandler[Any, Any] | None:
        if known := self._handlers.get(details.method):
            return known
        handler = await continuation(details)
        if handler is None or details.method.startswith("/grpc."):
            return handler
        found = self._handlers[details.method] = self._around(handler, details.method)
        return found

    def _around(self, handler: grpc.RpcMethodHandler[Any, Any], method: str) -> grpc.RpcMethodHandler[Any, Any]:
        if handler.response_streaming:
            return grpc.unary_stream_rpc_method_handler(
                self._around_stream(handler.unary_stream, method),
                handler.request_deserializer,
                handler.response_serializer,
            )
        return grpc.unary_unary_rpc_method_handler(
            self._around_unary(handler.unary_unary, method),
            handler.request_deserializer,
            handler.response_serializer,
        )

    def _around_unary(self, behaviour: Any, method: str) -> Any:
        async def call(request: Any, context: grpc.aio.ServicerContext[Any, Any]) -> Any:
            began = time.perf_counter()
            code = "OK"
            _take_request_id(context)
            self._under_way += 1
            try:
                self._check_room()
                _check_deadline(context)
                return await behaviour(request, context)
            except ServiceError as error:
                code = error.code.name
                await self._abort(context, error)
            except asyncio.CancelledError:
                code = "CANCELLED"
                raise
            except Exception:
                code = "INTERNAL"
                log.exception("call failed", method=method)
                await self._abort(context, Internal("internal error"))
            finally:
                self._under_way -= 1
                _handled.labels(method, code).observe(time.perf_counter() - began)

        return call

    def _around_stream(self, behaviour: Any, method: str) -> Any:
        async def call(request: Any, context: grpc.aio.ServicerContext[Any, Any]) -> Any:
            _take_request_id(context)
            self._under_way += 1
            try:
                self._check_room()
                async for response in behaviour(request, context):
                    yield response
            except ServiceError as error:
                await self._abort(context, error)
            except Exception:
                log.exception("stream failed", method=method)
                await self._abort(context, Internal("internal error"))
            finally:
                self._under_way -= 1

        return call

    def _check_room(self) -> None:
        if self._under_way > self._max_calls:
            raise Unavailable("too many calls at the same moment", reason="OVERLOADED")

    async def _abort(self, context: grpc.aio.ServicerContext[Any, Any], error: ServiceError) -> None:
        status = rpc_status.to_status(to_status(error, self._domain))
        trailing = status.trailing_metadata
        if error.reason == "OVERLOADED":
            trailing = (*trailing, NO_RETRY)
        await context.abort(status.code, status.details, trailing)


def _take_request_id(context: grpc.aio.ServicerContext[Any, Any]) -> None:
    given = None
    for key, value in context.invocation_metadata() or ():
        if key == telemetry.REQUEST_ID_HEADER:
            given = str(value)
            break
    telemetry.request_id.set(telemetry.accepted_request_id(given))


def _check_deadline(context: grpc.aio.ServicerContext[Any, Any]) -> None:
    remaining = context.time_remaining()
    if remaining is not None and remaining > MAX_DEADLINE_SECONDS:
        raise InvalidArgument(f"deadline is more than {MAX_DEADLINE_SECONDS:.0f} seconds away")


def _tracing() -> list[grpc.aio.ServerInterceptor]:
    if not telemetry.traced():
        return []
    from opentelemetry.instrumentation.grpc import aio_server_interceptor

    return [aio_server_interceptor()]
