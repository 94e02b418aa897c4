"""Problem documents (RFC 9457): every error that a visitor sees, and how the services' errors become one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import grpc
import orjson
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException

from services.common.errors import ServiceError

CONTENT_TYPE = b"application/problem+json"
RETRY_SECONDS = 2


@dataclass(frozen=True, slots=True)
class ProblemType:
    """A kind of problem; `/problems/<name>` is its `type` and a page that explains it."""

    name: str
    status: int
    title: str
    explanation: str


TYPES = {
    kind.name: kind
    for kind in (
        ProblemType(
            "malformed",
            400,
            "The request cannot be read",
            "A part of the request has not the form that it must have. `errors` names each one and says why.",
        ),
        ProblemType(
            "unauthorized",
            401,
            "Who asks is not known",
            "The Authorization header holds no valid API key or session, which is never taken as a guest's; or there "
            "is none, and this needs an account; or e-mail and password do not belong together.",
        ),
        ProblemType(
            "views-exhausted",
            403,
            "No code page views are left",
            "All code pages that this visitor may view have been used. Pages viewed before stay open. `meter` says how "
            "many there were. Nothing was charged.",
        ),
        ProblemType(
            "registration-required",
            403,
            "The section needs an account",
            "The six sections of a code page are for registered users on this server. Nothing was charged.",
        ),
        ProblemType(
            "scope-missing",
            403,
            "The API key may not do this",
            "An API key may do what its scopes say: `codes`, `search`, `shelf`. What concerns the account itself needs "
            "a session. Nothing was charged.",
        ),
        ProblemType(
            "cross-site",
            403,
            "The request came from elsewhere",
            "What changes something under a cookie is only taken from pages of this server (`Sec-Fetch-Site`, or "
            "`Origin`). Programs send an API key or a session's token as `Authorization: Bearer` instead. Nothing was "
            "changed.",
        ),
        ProblemType(
            "limit-reached",
            409,
            "There is no room for more",
            "An account may have so many lists, codes, notes or API keys and no more. `limit` says how many.",
        ),
        ProblemType(
            "account-exists",
            409,
            "The e-mail has an account",
            "There is an account of this e-mail address already. Log in, or set a new password.",
        ),
        ProblemType("not-found", 404, "There is no such page", "Nothing is served under this address."),
        ProblemType(
            "code-not-found",
            404,
            "There is no such code",
            "The code system has no code of this name, on any date. `near` lists codes that look like it. "
            "Nothing was charged.",
        ),
        ProblemType(
            "system-not-found",
            404,
            "There is no such code system",
            "The current release holds no code system of this name. `/codes` lists those there are.",
        ),
        ProblemType(
            "date-not-covered",
            404,
            "The date is not covered",
            "The code system has no edition in force on the date asked for. Nothing was charged.",
        ),
        ProblemType("method-not-allowed", 405, "The method is not allowed", "`Allow` lists the methods there are."),
        ProblemType(
            "content-too-large", 413, "The body is too large", "Requests to this server have small bodies or none."
        ),
        ProblemType(
            "unsupported-media-type",
            415,
            "The body has another form",
            "The API reads `application/json`, forms are `application/x-www-form-urlencoded`.",
        ),
        ProblemType(
            "unacceptable",
            422,
            "The request cannot be accepted",
            "The request is well formed, but a value is not accepted. `errors` names each one and says why.",
        ),
        ProblemType(
            "too-many-requests",
            429,
            "Too many requests",
            "The server refuses to do more for now. `Retry-After` says when to ask again.",
        ),
        ProblemType(
            "internal-error",
            500,
            "Something went wrong",
            "The fault is the server's. It has been logged under the request id. Nothing was charged.",
        ),
        ProblemType(
            "unavailable",
            503,
            "Not available at the moment",
            "A part of the server cannot be reached, or more is asked of it than it can answer soon. Nothing was "
            "charged. Ask again after `Retry-After` seconds.",
        ),
        ProblemType(
            "meter-unavailable",
            503,
            "The meter cannot be reached",
            "Whether a view is left cannot be told at the moment, so the page is not shown. It is not known to be used "
            "up, and nothing is charged twice: ask again after `Retry-After` seconds.",
        ),
        ProblemType(
            "no-prefetch",
            503,
            "Not fetched ahead",
            "The page would cost a view, so it is not handed out before somebody asks for it. Nothing was charged.",
        ),
    )
}


class Problem(Exception):
    """An answer other than the one asked for. `extra` are further members of the document."""

    def __init__(
        self,
        name: str,
        detail: str,
        *,
        extra: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(detail)
        self.type = TYPES[name]
        self.detail = detail
        self.extra = dict(extra or {})
        self.headers = dict(headers or {})
        if self.status in (429, 503):
            self.headers.setdefault("Retry-After", str(RETRY_SECONDS))
            self.headers["Cache-Control"] = "no-store"

    @property
    def status(self) -> int:
        return self.type.status

    def document(self) -> dict[str, Any]:
        return {
            "type": f"/problems/{self.type.name}",
            "title": self.type.title,
            "status": self.status,
            "detail": self.detail,
            **self.extra,
        }

    def body(self) -> bytes:
        return orjson.dumps(self.document())


def refused(name: str, fields: Mapping[str, str]) -> Problem:
    """`malformed` or `unacceptable`, naming each field."""
    detail = "; ".join(f"{field} {why}" for field, why in fields.items())
    return Problem(name, detail, extra={"errors": [{"field": field, "detail": why} for field, why in fields.items()]})


_BY_REASON = {
    "NO_RELEASE": ("unavailable", "No release of the codes has been published on this server yet."),
    "INDEX_NOT_READY": ("unavailable", "The search index is still being built."),
    "OVERLOADED": ("unavailable", "More is asked of this server at the moment than it can answer."),
    "NOTE_TAKES_TOO_LONG": ("unavailable", "This note takes too long to look up at the moment. Try a part of it."),
    "METER_UNAVAILABLE": ("meter-unavailable", "Whether a view is left cannot be told at the moment."),
}


def from_service(error: ServiceError) -> Problem:
    """What another service said, without what is only for the operator's eyes."""
    if error.code is grpc.StatusCode.NOT_FOUND:
        return _not_found(error)
    if error.code is grpc.StatusCode.INVALID_ARGUMENT:
        return refused("unacceptable", error.fields) if error.fields else Problem("unacceptable", error.message)
    if error.reason in _BY_REASON:
        return Problem(*_BY_REASON[error.reason])
    if error.code is grpc.StatusCode.RESOURCE_EXHAUSTED:
        return _throttled(error)
    if error.code is grpc.StatusCode.UNAUTHENTICATED:
        return Problem("unauthorized", error.message)
    if error.code is grpc.StatusCode.ALREADY_EXISTS:
        return _exists(error)
    if error.code is grpc.StatusCode.FAILED_PRECONDITION:
        limit = error.metadata.get("limit", "")
        extra = {"limit": int(limit)} if limit.isdigit() else {}
        return Problem("limit-reached", error.message, extra=extra)
    if error.code in (grpc.StatusCode.INTERNAL, grpc.StatusCode.UNKNOWN):
        return Problem("internal-error", "The request could not be answered.")
    return Problem("unavailable", "A part of the server cannot be reached at the moment.")


def _throttled(error: ServiceError) -> Problem:
    seconds = error.metadata.get("retry_after_seconds", "")
    headers = {"Retry-After": str(max(1, int(seconds)))} if seconds.isdigit() else {}
    return Problem("too-many-requests", error.message, headers=headers)


def _exists(error: ServiceError) -> Problem:
    """An account of this e-mail, or a list of this name."""
    if error.reason == "ACCOUNT_EXISTS":
        return Problem("account-exists", error.message)
    return refused("unacceptable", error.fields or {"name": "is taken already"})


def _not_found(error: ServiceError) -> Problem:
    if error.reason == "DATE_NOT_COVERED":
        return Problem("date-not-covered", error.message)
    if error.reason == "SYSTEM_NOT_FOUND":
        return Problem("system-not-found", error.message)
    if error.reason != "CODE_NOT_FOUND":
        return Problem("not-found", error.message)
    displays = [display.strip() for display in error.metadata.get("near", "").split(",") if display.strip()]
    near = [{"code": display.replace(".", ""), "display": display} for display in displays]
    return Problem("code-not-found", error.message, extra={"near": near})


def from_http(error: HTTPException) -> Problem:
    """What the framework's router says."""
    if error.status_code == 405:
        return Problem("method-not-allowed", "This address has no such method.", headers=error.headers)
    if error.status_code == 404:
        return Problem("not-found", "Nothing is served under this address.")
    if error.status_code == 413:
        return Problem("content-too-large", "The body is larger than this server reads.")
    return Problem("malformed", "The request cannot be read.")


# Errors of the framework that mean a value has not the form of its type; all others mean a value out of bounds.
_MALFORMED = ("_parsing", "_type", "json_invalid", "missing", "_from_date_parsing", "datetime")


def from_validation(error: RequestValidationError) -> Problem:
    found = error.errors()
    fields = {_field(item["loc"]): _why(item) for item in found}
    malformed = any(mark in item["type"] for item in found for mark in _MALFORMED)
    return refused("malformed" if malformed else "unacceptable", fields)


def _field(location: tuple[Any, ...]) -> str:
    names = [str(part) for part in location[1:] if not isinstance(part, int)]
    return ".".join(names) or str(location[0])


def _why(item: Mapping[str, Any]) -> str:
    if item["type"] == "json_invalid":
        return "is not JSON"
    if item["type"] == "missing":
        return "is missing"
    message = str(item["msg"])
    return "is not accepted: " + message[:1].lower() + message[1:]
