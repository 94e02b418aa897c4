"""Sessions and API keys in JSON."""

from __future__ import annotations

from typing import Any

import orjson
from fastapi import APIRouter, Request
from medcodes.accounts.v1 import accounts_pb2
from starlette.responses import Response

from ..answers import json_answer, nothing
from ..moments import iso
from . import account_models
from .account_documents import JSON_BODY, new_session
from .parts import Parts, visitor_of
from .responses import problem_responses
from .sign_in_pages import begin_session, end_session

TAGS: list[Any] = ["sessions and API keys"]


def router(parts: Parts) -> APIRouter:
    routes = APIRouter(tags=TAGS)

    @routes.post(
        "/api/v1/sessions",
        status_code=201,
        response_model=account_models.NewSession,
        responses=problem_responses(400, 401, 403, 415, 422, 429, 500, 503),
        dependencies=JSON_BODY,
    )
    async def log_in(request: Request, credentials: account_models.Credentials) -> Response:
        """Logs in. The token goes into `Authorization: Bearer`, or stays in the cookie that is set."""
        visitor = visitor_of(request)
        signed_in = await parts.accounts.log_in(
            accounts_pb2.LogInRequest(email=credentials.email, password=credentials.password, client=visitor.client())
        )
        await begin_session(parts, visitor, signed_in)
        return new_session(signed_in)

    @routes.delete("/api/v1/sessions/current", status_code=204, responses=problem_responses(401, 403, 500, 503))
    async def log_out(request: Request) -> Response:
        """Ends the session that the request came with."""
        visitor = visitor_of(request)
        visitor.with_session()
        await end_session(parts, visitor)
        return nothing()

    @routes.get(
        "/api/v1/account/sessions",
        response_model=account_models.Sessions,
        responses=problem_responses(401, 403, 500, 503),
    )
    async def list_sessions(request: Request) -> Response:
        """Where the account is logged in."""
        member = visitor_of(request).with_session()
        found = await parts.accounts.list_sessions(member.account_id)
        document = {"items": [_session(one, member.session_id) for one in found]}
        return json_answer(orjson.dumps(document), private=True)

    @routes.delete("/api/v1/account/sessions", status_code=204, responses=problem_responses(401, 403, 500, 503))
    async def end_others(request: Request) -> Response:
        """Ends every session but this one."""
        member = visitor_of(request).with_session()
        await parts.accounts.end_other_sessions(member.account_id, member.session_id)
        parts.sessions.forget(member.account_id)
        return nothing()

    @routes.delete(
        "/api/v1/account/sessions/{session_id}",
        status_code=204,
        responses=problem_responses(401, 403, 404, 422, 500, 503),
    )
    async def end_one(request: Request, session_id: str) -> Response:
        """Ends one session."""
        member = visitor_of(request).with_session()
        await parts.accounts.end_session(member.account_id, session_id)
        parts.sessions.forget(member.account_id, session_id)
        return nothing()

    @routes.post(
        "/api/v1/api-keys",
        status_code=201,
        response_model=account_models.NewApiKey,
        responses=problem_responses(400, 401, 403, 409, 415, 422, 500, 503),
        dependencies=JSON_BODY,
    )
    async def create_api_key(request: Request, wanted: account_models.WantedApiKey) -> Response:
        """A new API key; the answer holds the key itself, this once."""
        member = visitor_of(request).with_session()
        created = await parts.accounts.create_api_key(
            accounts_pb2.CreateApiKeyRequest(
                account_id=member.account_id,
                name=wanted.name,
                scopes=[str(scope) for scope in wanted.scopes],
                expires_in_days=wanted.expires_in_days or 0,
            )
        )
        document = {"key": created.key, **_api_key(created.api_key)}
        return json_answer(orjson.dumps(document), status=201, private=True)

    @routes.get(
        "/api/v1/api-keys", response_model=account_models.ApiKeys, responses=problem_responses(401, 403, 500, 503)
    )
    async def list_api_keys(request: Request) -> Response:
        """The API keys, by what they begin with; a key itself is never shown again."""
        member = visitor_of(request).with_session()
        found = await parts.accounts.list_api_keys(member.account_id)
        return json_answer(orjson.dumps({"items": [_api_key(key) for key in found]}), private=True)

    @routes.delete(
        "/api/v1/api-keys/{api_key_id}",
        status_code=204,
        responses=problem_responses(401, 403, 404, 422, 500, 503),
    )
    async def revoke_api_key(request: Request, api_key_id: str) -> Response:
        """Revokes an API key at once."""
        member = visitor_of(request).with_session()
        await parts.accounts.revoke_api_key(member.account_id, api_key_id)
        parts.sessions.forget(member.account_id, api_key_id)
        return nothing()

    return routes


def _session(found: accounts_pb2.Session, current: str) -> dict[str, Any]:
    return {
        "id": found.id,
        "current": found.id == current,
        "created_at": iso(found.created_at_ms),
        "last_used_at": iso(found.last_used_at_ms),
        "expires_at": iso(found.expires_at_ms),
        "user_agent": found.user_agent,
    }


def _api_key(found: accounts_pb2.ApiKey) -> dict[str, Any]:
    return {
        "id": found.id,
        "name": found.name,
        "prefix": found.prefix,
        "scopes": list(found.scopes),
        "created_at": iso(found.created_at_ms),
        "expires_at": iso(found.expires_at_ms),
        "last_used_at": iso(found.last_used_at_ms),
    }
