"""For machines that come by: health, robots, the sitemap, static files."""

from __future__ import annotations

from urllib.parse import quote
from xml.sax.saxutils import escape

import orjson
from fastapi import APIRouter
from medcodes.catalog.v1 import catalog_pb2
from starlette.responses import PlainTextResponse, Response

from services.common.errors import ServiceError

from ..answers import JSON, Answer
from .parts import Parts

NO_STORE = (b"cache-control", b"no-store")
PAGES = ("/", "/codes", "/releases", "/privacy", "/api/docs")


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
        return PlainTextResponse(f"User-agent: *\nDisallow: /api/\nDisallow: /search\nAllow: /\n{sitemap}")

    @routes.get("/sitemap.xml")
    async def sitemap() -> Response:
        paths = [*PAGES, *await _browse_paths(parts)]
        urls = "".join(f"<url><loc>{escape(public_url + path)}</loc></url>" for path in paths)
        body = f'<?xml version="1.0" encoding="UTF-8"?><urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">{urls}</urlset>'
        return Response(body, media_type="application/xml; charset=utf-8")

    routes.add_route("/static/{name}", parts.static.serve)
    return routes


async def _browse_paths(parts: Parts) -> list[str]:
    """Each code system and its top groups, from where links lead to every code; none while the catalog is away."""
    found: list[str] = []
    try:
        for system in (await parts.catalog.list_code_systems()).systems:
            top = await parts.catalog.list_codes(catalog_pb2.ListCodesRequest(system=system.system, limit=500))
            base = f"/codes/{quote(system.system)}"
            found += [base, *(f"{base}?parent={quote(ref.code)}" for ref in top.items if ref.has_children)]
    except ServiceError:
        return found
    return found
