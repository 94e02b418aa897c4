"""The account in JSON: making one, what it is, its password, deletion."""

from __future__ import annotations

from typing import Any

import orjson
from fastapi import APIRouter, Depends, Request
from medcodes.accounts.v1 import accounts_pb2
from starlette.responses import Response

from services.common.errors import InvalidArgument, NotFound, Unauthenticated

from .. import forms
from ..answers import JSON, NO_STORE, Answer, json_answer, nothing
from ..members.plans import Plan
from ..moments import iso
from ..problems import Problem
from . import account_models
from .parts import Parts, visitor_of
from .responses import problem_responses
from .sign_in_pages import begin_session, registration

WINDOWS = {
    accounts_pb2.WINDOW_UNSPECIFIED: "none",
    accounts_pb2.WINDOW_CALENDAR_MONTH: "calendar_month",
    accounts_pb2.WINDOW_ROLLING_DAYS: "rolling_days",
}
JSON_BODY = [Depends(forms.require_json)]
TAGS: list[Any] = ["account"]


def router(parts: Parts) -> APIRouter:
    routes = APIRouter(tags=TAGS)

    @routes.post(
        "/api/v1/accounts",
        status_code=201,
        response_model=account_models.NewSession,
        responses=problem_responses(400, 403, 409, 415, 422, 429, 500, 503),
        dependencies=JSON_BODY,
    )
    async def register(request: Request, credentials: account_models.Credentials) -> Response:
        """A new account and its first session, which is set as a cookie too. Views of the cookie's guest come along."""
        visitor = visitor_of(request)
        signed_in = await parts.accounts.register(registration(visitor, credentials.email, credentials.password))
        await begin_session(parts, visitor, signed_in)
        return new_session(signed_in)

    @routes.get(
        "/api/v1/account", response_model=account_models.Account, responses=problem_responses(401, 403, 500, 503)
    )
    async def account(request: Request) -> Response:
        """Whose session it is, and the plan."""
        member = visitor_of(request).with_session()
        return json_answer(orjson.dumps(_account(await parts.accounts.get_account(member.account_id))), private=True)

    @routes.delete(
        "/api/v1/account",
        status_code=202,
        response_model=account_models.Deletion,
        responses=problem_responses(400, 401, 403, 415, 422, 429, 500, 503),
        dependencies=JSON_BODY,
    )
    async def delete(request: Request, confirmation: account_models.Password) -> Response:
        """Erases the account and all that is its own, in every service. `/api/v1/deletions/{id}` says how far it is."""
        visitor = visitor_of(request)
        member = visitor.with_session()
        asked = accounts_pb2.DeleteAccountRequest(
            account_id=member.account_id, password=confirmation.password, client=visitor.client()
        )
        try:
            found = await parts.accounts.delete_account(asked)
        except Unauthenticated:
            raise wrong_password() from None
        parts.sessions.forget(member.account_id)
        if not visitor.is_bearer:
            visitor.cookies += [parts.session_cookies.clear(), parts.receipts.cleared]
        return json_answer(orjson.dumps(_deletion(found)), status=202, private=True)

    @routes.get(
        "/api/v1/deletions/{deletion_id}",
        response_model=account_models.Deletion,
        responses=problem_responses(401, 404, 422, 500, 503),
    )
    async def deletion(deletion_id: str) -> Response:
        """How far a deletion has come. Its id is all that is needed, and holds nothing of the person."""
        try:
            found = await parts.accounts.get_deletion(deletion_id)
        except (NotFound, InvalidArgument):
            raise Problem("not-found", "There is no deletion of this id.") from None
        return json_answer(orjson.dumps(_deletion(found)), private=True)

    @routes.post("/api/v1/account/verification", status_code=204, responses=problem_responses(401, 403, 429, 500, 503))
    async def send_verification(request: Request) -> Response:
        """Mails a new link to verify the e-mail address."""
        await parts.accounts.send_verification(visitor_of(request).with_session().account_id)
        return nothing()

    @routes.put(
        "/api/v1/account/password",
        status_code=204,
        responses=problem_responses(400, 401, 403, 415, 422, 429, 500, 503),
        dependencies=JSON_BODY,
    )
    async def change_password(request: Request, change: account_models.PasswordChange) -> Response:
        """Needs the present password; ends the other sessions."""
        visitor = visitor_of(request)
        member = visitor.with_session()
        try:
            await parts.accounts.change_password(
                accounts_pb2.ChangePasswordRequest(
                    account_id=member.account_id,
                    password=change.password,
                    new_password=change.new_password,
                    session_id=member.session_id,
                    client=visitor.client(),
                )
            )
        except Unauthenticated:
            raise wrong_password() from None
        parts.sessions.forget(member.account_id)
        return nothing()

    return routes


def new_session(signed_in: accounts_pb2.SignedIn) -> Response:
    document = {"token": signed_in.token, "expires_at": iso(signed_in.expires_at_ms)}
    return Answer(201, JSON, orjson.dumps(document), [NO_STORE]).response()


def wrong_password() -> Problem:
    """The session is valid, so that it is not who asks that is not known: a field is not accepted."""
    return Problem(
        "unacceptable",
        "password is not the present one",
        extra={"errors": [{"field": "password", "detail": "is not the present one"}]},
    )


def plan_document(plan: Plan) -> dict[str, Any]:
    return {
        "name": plan.name,
        "title": plan.title,
        "views": plan.views if plan.HasField("views") else None,
        "window": WINDOWS.get(plan.window, "none"),
        "window_days": plan.window_days or None,
    }


def _account(found: accounts_pb2.Account) -> dict[str, Any]:
    return {
        "id": found.id,
        "email": found.email,
        "email_verified": found.email_verified,
        "plan": plan_document(found.plan),
        "created_at": iso(found.created_at_ms),
    }


def _deletion(found: accounts_pb2.Deletion) -> dict[str, Any]:
    erased = (found.accounts_erased_at_ms, found.metering_erased_at_ms)
    return {
        "id": found.id,
        "requested_at": iso(found.requested_at_ms),
        "accounts_erased_at": iso(found.accounts_erased_at_ms),
        "metering_erased_at": iso(found.metering_erased_at_ms),
        "complete": all(erased),
    }
