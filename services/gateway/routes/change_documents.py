"""What changed of the saved codes, in JSON and as a feed; and the feed's address."""

from __future__ import annotations

import hashlib
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from services.common.errors import Unauthenticated

from .. import asks
from ..answers import Answer, nothing
from ..members.changes import Change, SavedChanges
from ..members.member import member
from ..moments import iso
from ..problems import Problem
from ..rendering import atom, change_json
from . import account_models
from .parts import Parts, visitor_of
from .responses import problem_responses
from .shelf_documents import TAGS, private

FEED_PATH = "/api/v1/feed.atom"
MAX_TOKEN = 100
FEED_ENTRIES = 100
READ = problem_responses(401, 403, 500, 503)


def router(parts: Parts) -> APIRouter:
    routes = APIRouter(tags=TAGS)
    changes = SavedChanges(parts.shelf, parts.catalog, parts.metering)

    @routes.get(
        "/api/v1/account/changes",
        response_model=account_models.SavedChanges,
        responses=problem_responses(400, 401, 403, 422, 500, 503),
    )
    async def saved_changes(
        request: Request, cursor: str = "", limit: Annotated[int, Query(ge=1, le=500)] = 100
    ) -> Response:
        """What releases changed of the saved codes, newest first. Values of a section are there (`open`) where the
        account holds the code's page. An API key needs the scopes `shelf` and `codes`. Nothing is charged."""
        visitor = visitor_of(request)
        reader = visitor.with_scope("shelf")
        reader.check_scope("codes")
        found = await changes.page(reader, asks.text("cursor", cursor, asks.MAX_CURSOR_LENGTH), limit)
        return private({"items": [_change(one) for one in found.items], "next_cursor": found.next_cursor or None})

    @routes.get("/api/v1/account/feed", response_model=account_models.Feed, responses=READ)
    async def feed_state(request: Request) -> Response:
        """Whether there is a feed, and since when. Its address is shown when it is made, and never again."""
        made_ms = await parts.shelf.get_feed(visitor_of(request).with_session().account_id)
        return private({"created_at": iso(made_ms)})

    @routes.post("/api/v1/account/feed", status_code=201, response_model=account_models.NewFeed, responses=READ)
    async def make_feed(request: Request) -> Response:
        """Makes the address of the feed; one there was before opens nothing any more."""
        token, made_ms = await parts.shelf.create_feed(visitor_of(request).with_session().account_id)
        return private({"address": address(parts, token), "created_at": iso(made_ms)}, 201)

    @routes.delete("/api/v1/account/feed", status_code=204, responses=READ)
    async def revoke_feed(request: Request) -> Response:
        """The feed's address opens nothing any more."""
        await parts.shelf.revoke_feed(visitor_of(request).with_session().account_id)
        return nothing()

    @routes.get(
        FEED_PATH,
        response_class=Response,
        responses={200: {"content": {"application/atom+xml": {}}}, **problem_responses(401, 404, 422, 500, 503)},
    )
    async def feed(request: Request, token: str = "") -> Response:
        """The newest changes as Atom. The token in the address stands for the account, and opens nothing else."""
        try:
            if not token.isascii() or len(token) > MAX_TOKEN:
                raise Unauthenticated("no token")
            reader = member(await parts.shelf.resolve_feed(token))
        except Unauthenticated:
            raise Problem("not-found", "There is no such feed, or its address has been replaced.") from None
        found = await changes.page(reader, "", FEED_ENTRIES)
        feed_id = hashlib.sha256(reader.account_id.encode()).hexdigest()[:32]
        body = atom.feed(parts.settings.site_url, feed_id, found.items)
        etag = b'"' + hashlib.sha256(body).hexdigest()[:32].encode() + b'"'
        headers = [(b"cache-control", b"private, no-cache"), (b"etag", etag), (b"x-robots-tag", b"noindex")]
        if etag.decode() in request.headers.get("if-none-match", ""):
            return Answer(304, atom.CONTENT_TYPE, b"", headers).response()
        return Answer(200, atom.CONTENT_TYPE, body, headers).response()

    return routes


def address(parts: Parts, token: str) -> str:
    """In the query, which no log of this server has."""
    return f"{parts.settings.site_url}{FEED_PATH}?token={token}"


def _change(found: Change) -> dict[str, Any]:
    return {
        "release": found.found.release,
        "previous_release": found.found.previous_release,
        "published_at": iso(found.found.published_at_ms),
        **change_json.changed_code(found.found.changed),
        "open": found.is_open,
        "facts": [
            {
                "section": fact.section or None,
                "fact": fact.fact,
                "label": fact.label,
                "before": fact.before or None,
                "after": fact.after or None,
                "edition": fact.edition or None,
            }
            for fact in found.facts
        ],
    }
