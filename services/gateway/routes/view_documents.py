"""What an account has viewed, in JSON: its views, receipts of them, and the export of everything."""

from __future__ import annotations

import base64
from collections.abc import AsyncIterator, Sequence
from typing import Annotated, Any

import orjson
from fastapi import APIRouter, Query, Request
from medcodes.metering.v1 import metering_pb2
from starlette.responses import Response, StreamingResponse

from services.common.errors import NotFound

from .. import asks
from ..answers import json_answer
from ..members.member import Member
from ..moments import iso
from ..problems import Problem
from . import account_models
from .account_documents import TAGS
from .code_documents import Code, System
from .parts import Parts, visitor_of
from .responses import problem_responses

VIEWS_A_PIECE = 500


def router(parts: Parts) -> APIRouter:
    routes = APIRouter(tags=TAGS)

    @routes.get(
        "/api/v1/account/views",
        response_model=account_models.Views,
        responses=problem_responses(400, 401, 403, 422, 500, 503),
    )
    async def views(request: Request, cursor: str = "", limit: Annotated[int, Query(ge=1, le=500)] = 100) -> Response:
        """The code pages that the account holds, newest first."""
        member = visitor_of(request).with_scope("codes")
        asked = asks.text("cursor", cursor, asks.MAX_CURSOR_LENGTH)
        found = await parts.metering.list_views(member.subject, asked, limit)
        document = {"items": [_view(view) for view in found.views], "next_cursor": found.next_cursor or None}
        return json_answer(orjson.dumps(document), private=True)

    @routes.get(
        "/api/v1/account/views/{system}/{code}/receipt",
        response_model=account_models.SignedReceipt,
        responses=problem_responses(401, 403, 404, 422, 500, 503),
    )
    async def receipt(request: Request, system: System, code: Code) -> Response:
        """A receipt of a view that anybody can check with the public key, for instance `medcodes receipts verify`."""
        member = visitor_of(request).with_scope("codes")
        asked_system, asked_code = asks.system(system), asks.code(code)
        try:
            signed = await parts.metering.sign_receipt(member.subject, asked_system, asked_code)
        except NotFound:
            raise Problem("not-found", "This account holds no view of this code.") from None
        name = f'attachment; filename="medcodes-receipt-{asked_system}-{asked_code}.json"'
        return json_answer(signed, [(b"content-disposition", name.encode())], private=True)

    @routes.get(
        "/api/v1/receipt-keys", response_model=account_models.ReceiptKeys, responses=problem_responses(401, 500, 503)
    )
    async def receipt_keys() -> Response:
        """The public keys (Ed25519) that receipts are, or were, signed with."""
        found = await parts.metering.list_receipt_keys()
        return json_answer(orjson.dumps({"items": [_receipt_key(key) for key in found]}))

    @routes.get(
        "/api/v1/account/export",
        response_model=account_models.Export,
        responses=problem_responses(401, 403, 500, 503),
    )
    async def export(request: Request) -> Response:
        """All that is kept of the account, in every service, as one file."""
        member = visitor_of(request).with_session()
        views = await _all_views(parts, member)
        pieces = parts.accounts.export(member.account_id)
        # The first piece before the answer begins, so that what cannot be had is an error and no half of a file.
        first = await anext(pieces, b"{}")
        return StreamingResponse(
            _exported(first, pieces, views),
            media_type="application/json",
            headers={
                "Cache-Control": "private, no-store",
                "Content-Disposition": 'attachment; filename="medcodes-account.json"',
            },
        )

    return routes


def _view(found: metering_pb2.View) -> dict[str, Any]:
    return {
        "system": found.system,
        "code": found.code,
        "granted_at": iso(found.granted_at_ms),
        "ends_at": iso(found.ends_at_ms),
        "request_id": found.request_id,
        "as_guest": found.copied,
    }


def _receipt_key(found: metering_pb2.ReceiptKey) -> dict[str, Any]:
    return {
        "id": found.id,
        "public_key": base64.b64encode(found.public_key).decode(),
        "created_at": iso(found.created_at_ms),
        "current": found.current,
    }


async def _all_views(parts: Parts, member: Member) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    cursor = ""
    while True:
        piece = await parts.metering.list_views(member.subject, cursor, VIEWS_A_PIECE)
        found += [_view(view) for view in piece.views]
        if not piece.next_cursor:
            return found
        cursor = piece.next_cursor


async def _exported(
    first: bytes, pieces: AsyncIterator[bytes], views: Sequence[dict[str, Any]]
) -> AsyncIterator[bytes]:
    """One document around that of accounts, which is passed on as it comes."""
    yield b'{"accounts":' + first
    async for piece in pieces:
        yield piece
    yield b',"metering":' + orjson.dumps({"views": views}) + b"}"
