"""Channels to other services: a deadline on every call, retries for idempotent calls only, request id passed on."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import Any

import grpc

from . import telemetry

DEFAULT_TIMEOUT_SECONDS = 5.0
MAX_MESSAGE_BYTES = 64 * 1024 * 1024


def connect(
    address: str, *, idempotent: Sequence[str] = (), timeout: float = DEFAULT_TIMEOUT_SECONDS
) -> grpc.aio.Channel:
    """A channel to `address`. It connects when first used and again whenever it has to.

    `idempotent` names whole services (`medcodes.catalog.v1.CatalogService`) or methods (`.../GetMeter`) whose calls may
    be sent again when the server was not reached. `timeout` is the deadline of calls that state none.
    """
    return grpc.aio.insecure_channel(
        address,
        options=[
            ("grpc.service_config", _service_config(idempotent)),
            ("grpc.enable_retries", 1),
            ("grpc.max_receive_message_length", MAX_MESSAGE_BYTES),
            ("grpc.initial_reconnect_backoff_ms", 100),
            ("grpc.max_reconnect_backoff_ms", 1000),
            # Each channel has its own connections, so that one that is closed takes no other with it.
            ("grpc.use_local_subchannel_pool", 1),
        ],
        interceptors=[*_tracing(), _CallDefaults(timeout), _StreamDefaults()],
    )


def _service_config(idempotent: Sequence[str]) -> str:
    names = [dict(zip(("service", "method"), name.split("/"), strict=False)) for name in idempotent]
    if not names:
        return "{}"
    policy = {
        "maxAttempts": 3,
        "initialBackoff": "0.05s",
        "maxBackoff": "0.5s",
        "backoffMultiplier": 2,
        "retryableStatusCodes": ["UNAVAILABLE"],
    }
    return json.dumps({"methodConfig": [{"name": names, "retryPolicy": policy}]})


def _with_request_id(details: grpc.aio.ClientCallDetails, timeout: float | None) -> grpc.aio.ClientCallDetails:
    metadata = grpc.aio.Metadata(*(details.metadata or ()))
    if current := telemetry.request_id.get():
        metadata.add(telemetry.REQUEST_ID_HEADER, current)
    return grpc.aio.ClientCallDetails(
        details.method,
        details.timeout if details.timeout is not None else timeout,
        metadata,
        details.credentials,
        details.wait_for_ready,
    )


class _CallDefaults(grpc.aio.UnaryUnaryClientInterceptor):
    def __init__(self, timeout: float) -> None:
        self._timeout = timeout

    async def intercept_unary_unary(
        self, continuation: Callable[..., Any], client_call_details: grpc.aio.ClientCallDetails, request: Any
    ) -> Any:
        return await continuation(_with_request_id(client_call_details, self._timeout), request)


class _StreamDefaults(grpc.aio.UnaryStreamClientInterceptor):
    async def intercept_unary_stream(
        self, continuation: Callable[..., Any], client_call_details: grpc.aio.ClientCallDetails, request: Any
    ) -> Any:
        return await continuation(_with_request_id(client_call_details, None), request)


def _tracing() -> list[Any]:
    if not telemetry.traced():
        return []
    from opentelemetry.instrumentation.grpc import aio_client_interceptors

    return list(aio_client_interceptors())
