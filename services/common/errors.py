"""One error family for all services. It crosses gRPC as google.rpc.Status; only the gateway renders it for people."""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast

import grpc
from google.protobuf.any_pb2 import Any as AnyMessage
from google.rpc.code_pb2 import Code
from google.rpc.error_details_pb2 import BadRequest, ErrorInfo
from google.rpc.status_pb2 import Status
from grpc_status import rpc_status


class ServiceError(Exception):
    """What a service tells its caller when it cannot do what was asked.

    `message` is safe to show; `reason` is a fixed upper-case name; `metadata` are short facts about it; `fields` names
    the request fields that were refused, with why.
    """

    code = grpc.StatusCode.UNKNOWN
    default_reason = "UNKNOWN"

    def __init__(
        self,
        message: str,
        *,
        reason: str = "",
        metadata: Mapping[str, str] | None = None,
        fields: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.reason = reason or self.default_reason
        self.metadata = dict(metadata or {})
        self.fields = dict(fields or {})


class NotFound(ServiceError):
    code, default_reason = grpc.StatusCode.NOT_FOUND, "NOT_FOUND"


class InvalidArgument(ServiceError):
    code, default_reason = grpc.StatusCode.INVALID_ARGUMENT, "INVALID_ARGUMENT"


class Unauthenticated(ServiceError):
    """The credentials given are not, or no longer, valid."""

    code, default_reason = grpc.StatusCode.UNAUTHENTICATED, "UNAUTHENTICATED"


class PermissionDenied(ServiceError):
    """The credentials given are valid, and not enough."""

    code, default_reason = grpc.StatusCode.PERMISSION_DENIED, "PERMISSION_DENIED"


class AlreadyExists(ServiceError):
    code, default_reason = grpc.StatusCode.ALREADY_EXISTS, "ALREADY_EXISTS"


class FailedPrecondition(ServiceError):
    code, default_reason = grpc.StatusCode.FAILED_PRECONDITION, "FAILED_PRECONDITION"


class ResourceExhausted(ServiceError):
    code, default_reason = grpc.StatusCode.RESOURCE_EXHAUSTED, "RESOURCE_EXHAUSTED"


class Unavailable(ServiceError):
    """The service cannot answer now; the same request may be sent again later."""

    code, default_reason = grpc.StatusCode.UNAVAILABLE, "UNAVAILABLE"


class DeadlineExceeded(ServiceError):
    code, default_reason = grpc.StatusCode.DEADLINE_EXCEEDED, "DEADLINE_EXCEEDED"


class Internal(ServiceError):
    code, default_reason = grpc.StatusCode.INTERNAL, "INTERNAL"


_BY_CODE: dict[grpc.StatusCode, type[ServiceError]] = {
    error.code: error
    for error in (
        NotFound,
        InvalidArgument,
        Unauthenticated,
        PermissionDenied,
        AlreadyExists,
        FailedPrecondition,
        ResourceExhausted,
        Unavailable,
        DeadlineExceeded,
        Internal,
    )
}


def to_status(error: ServiceError, domain: str) -> Status:
    """The google.rpc.Status of an error, with ErrorInfo and, for refused fields, BadRequest."""
    details = [_packed(ErrorInfo(reason=error.reason, domain=domain, metadata=error.metadata))]
    if error.fields:
        violations = [BadRequest.FieldViolation(field=name, description=why) for name, why in error.fields.items()]
        details.append(_packed(BadRequest(field_violations=violations)))
    return Status(code=Code.Value(error.code.name), message=error.message, details=details)


def from_rpc(error: grpc.aio.AioRpcError) -> ServiceError:
    """The error that a call failed with, as its server raised it."""
    code = error.code()
    kind = _BY_CODE.get(code, Internal)
    # An AioRpcError answers the questions of a grpc.Call about itself, without being one.
    status = rpc_status.from_call(cast(grpc.Call, error))
    if status is None:
        return kind(error.details() or code.name)
    info, bad_request = ErrorInfo(), BadRequest()
    for detail in status.details:
        if not detail.Unpack(info):
            detail.Unpack(bad_request)
    fields = {violation.field: violation.description for violation in bad_request.field_violations}
    return kind(status.message, reason=info.reason, metadata=dict(info.metadata), fields=fields)


def _packed(message: ErrorInfo | BadRequest) -> AnyMessage:
    packed = AnyMessage()
    packed.Pack(message)
    return packed
