"""Forms: reading what was filled in, and saying beside the fields what was wrong with it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import parse_qsl

from starlette.requests import ClientDisconnect, Request

from services.common.errors import (
    AlreadyExists,
    FailedPrecondition,
    InvalidArgument,
    ResourceExhausted,
    ServiceError,
    Unauthenticated,
)

from .problems import Problem, from_service, refused

FORM, JSON = "application/x-www-form-urlencoded", "application/json"
MAX_FIELDS = 50

REFUSALS = (AlreadyExists, FailedPrecondition, InvalidArgument, ResourceExhausted, Unauthenticated)
"""What a service may answer to a form that can be filled in better."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a form was not taken: an HTTP status, a sentence for each field, and one for the whole."""

    status: int = 200
    fields: Mapping[str, str] = field(default_factory=dict)
    whole: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)


async def read(request: Request) -> dict[str, str]:
    """The fields of a form. Raises a Problem where the body is none."""
    if _media_type(request) != FORM:
        raise Problem("unsupported-media-type", f"Forms are {FORM}.")
    try:
        body = await request.body()
    except ClientDisconnect:
        # Nobody reads the answer; it is only no error of ours.
        raise refused("malformed", {"body": "was broken off"}) from None
    try:
        text = body.decode("utf-8")
        pairs = parse_qsl(text, keep_blank_values=True, max_num_fields=MAX_FIELDS, errors="strict")
    except ValueError:
        raise refused("malformed", {"body": "is not a form that can be read"}) from None
    return dict(pairs)


def require_json(request: Request) -> None:
    """A dependency of operations that read JSON: browsers send other forms across sites without asking first."""
    if _media_type(request) != JSON:
        raise Problem("unsupported-media-type", f"The body must be {JSON}.")


def refusal(error: ServiceError, known: Mapping[str, str]) -> Refusal:
    """What a service had against a form; `known` are the form's fields and what they are called on the page."""
    problem = from_service(error)
    fields = {name: f"{known[name]} {why}." for name, why in error.fields.items() if name in known}
    others = [f"{name} {why}" for name, why in error.fields.items() if name not in known]
    whole = "" if fields and not others else "; ".join(others) or error.message
    return Refusal(problem.status, fields, _sentence(whole), problem.headers)


def only_text(name: str, given: str, limit: int, *, lines: bool = False) -> str:
    """Free text, trimmed; with `lines` it may have several. Raises a Problem where it is too long or not text."""
    text = given.strip().replace("\r\n", "\n").replace("\r", "\n")
    if len(text) > limit:
        raise refused("unacceptable", {name: f"is longer than {limit} characters"})
    if any((ord(one) < 32 and not (lines and one in "\n\t")) or ord(one) == 127 for one in text):
        raise refused("unacceptable", {name: "has control characters"})
    return text


def _media_type(request: Request) -> str:
    return request.headers.get("content-type", "").partition(";")[0].strip().lower()


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:].rstrip(".") + "." if text else ""
