"""Every error becomes a problem document that names what was wrong and nothing of the inside."""

from __future__ import annotations

import httpx
import pytest
from fastapi import FastAPI, Query
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel

from services.common import errors
from services.gateway import problems
from services.gateway.answers import Answer

SECRET = "failed to connect to all addresses; last error: ipv4:10.1.2.3:50051"


@pytest.mark.parametrize(
    ("error", "name", "status"),
    [
        (errors.NotFound("no such code", reason="CODE_NOT_FOUND"), "code-not-found", 404),
        (errors.NotFound("no such system", reason="SYSTEM_NOT_FOUND"), "system-not-found", 404),
        (errors.NotFound("no edition", reason="DATE_NOT_COVERED"), "date-not-covered", 404),
        (errors.InvalidArgument("bad", fields={"code": "is too long"}), "unacceptable", 422),
        (errors.Unavailable(SECRET), "unavailable", 503),
        (errors.Unavailable(SECRET, reason="NO_RELEASE"), "unavailable", 503),
        (errors.Unavailable(SECRET, reason="METER_UNAVAILABLE"), "meter-unavailable", 503),
        (errors.Unavailable(SECRET, reason="OVERLOADED"), "unavailable", 503),
        (errors.DeadlineExceeded(SECRET), "unavailable", 503),
        (errors.Internal(SECRET), "internal-error", 500),
        (errors.ServiceError(SECRET), "internal-error", 500),
    ],
)
def test_errors_of_services(error, name, status):
    problem = problems.from_service(error)
    assert problem.document()["type"] == f"/problems/{name}"
    assert problem.status == status
    assert b"10.1.2.3" not in problem.body()
    if status == 503:
        assert int(problem.headers["Retry-After"]) >= 1
        assert problem.headers["Cache-Control"] == "no-store"


def test_near_matches_are_listed():
    error = errors.NotFound("none", reason="CODE_NOT_FOUND", metadata={"near": "S73.005A, S73.005D"})
    assert problems.from_service(error).document()["near"] == [
        {"code": "S73005A", "display": "S73.005A"},
        {"code": "S73005D", "display": "S73.005D"},
    ]


def test_refused_fields_are_named():
    problem = problems.refused("malformed", {"on": "is not a date"})
    assert problem.status == 400
    assert problem.document()["errors"] == [{"field": "on", "detail": "is not a date"}]
    assert problem.detail == "on is not a date"


class Claim(BaseModel):
    setting: str
    units: int


@pytest.fixture
async def client():
    """A small application with the gateway's handling of what the framework refuses."""
    app = FastAPI()

    @app.exception_handler(RequestValidationError)
    async def refuse(_, error):
        problem = problems.from_validation(error)
        return Answer(problem.status, problems.CONTENT_TYPE, problem.body()).response()

    @app.post("/claims")
    async def claims(claim: Claim):
        return claim

    @app.get("/list")
    async def listed(limit: int = Query(20, ge=1, le=100)):
        return limit

    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://test") as client:
        yield client


@pytest.mark.parametrize("body", [b"{", b"nothing", b'{"setting": "x", "units": 1', b"\xff\xfe"])
async def test_broken_json_is_malformed(client, body):
    answer = await client.post("/claims", content=body, headers={"content-type": "application/json"})
    assert answer.status_code == 400
    assert answer.json()["type"] == "/problems/malformed"
    assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize(("body", "field"), [({"units": 1}, "setting"), ({"setting": "x", "units": "many"}, "units")])
async def test_a_field_of_another_form_is_malformed(client, body, field):
    answer = await client.post("/claims", json=body)
    assert answer.status_code == 400
    assert [error["field"] for error in answer.json()["errors"]] == [field]


@pytest.mark.parametrize(("limit", "status"), [("0", 422), ("101", 422), ("many", 400), ("1.5", 400)])
async def test_a_number_out_of_bounds_is_unacceptable_and_none_at_all_malformed(client, limit, status):
    answer = await client.get("/list", params={"limit": limit})
    assert answer.status_code == status
    assert [error["field"] for error in answer.json()["errors"]] == ["limit"]


def test_every_type_has_a_page_of_its_own():
    for name, kind in problems.TYPES.items():
        assert name == kind.name
        assert kind.explanation.endswith(".")
        assert 400 <= kind.status < 600
