"""For machines that come by: health, robots, static files."""

from __future__ import annotations

import orjson
from fastapi import APIRouter
from starlette.responses import PlainTextResponse, Response

from ..answers import JSON, Answer
from .parts import Parts

NO_STORE = (b"cache-control", b"no-store")
# Everything but what has no end (searches, dates of service, parts of sections) and the API.
ROBOTS = """User-agent: *
Disallow: /api/
Disallow: /search
Disallow: /codes/*/*/sections/
Disallow: /*?on=
Allow: /
"""


def router(parts: Parts) -> APIRouter:
    routes = APIRouter(include_in_schema=False)
    public_url = parts.settings.site_url

    @routes.get("/livez")
    async def livez() -> Response:
        return PlainTextResponse("ok\n", headers={"Cache-Control": "no-store"})

    @routes.get("/readyz")
    async def readyz() -> Response:
        ready, failing = parts.ready.state()
        body = orjson.dumps({"ready": ready, "failing": failing})
        return Answer(200 if ready else 503, JSON, body, [NO_STORE]).response()

    @routes.get("/robots.txt")
    async def robots() -> Response:
        sitemap = f"Sitemap: {public_url}/sitemap.xml\n" if public_url else ""
        return PlainTextResponse(ROBOTS + sitemap)

    routes.add_route("/static/{name}", parts.static.serve)
    return routes
