"""The sitemap's index and files."""

from __future__ import annotations

import gzip

from fastapi import APIRouter, Request
from starlette.responses import Response

from ..problems import Problem
from ..robots.sitemaps import Sitemaps
from .parts import Parts

XML = "application/xml; charset=utf-8"
HEADERS = {"Cache-Control": "public, max-age=3600", "Vary": "Accept-Encoding"}


def router(parts: Parts) -> APIRouter:
    routes = APIRouter(include_in_schema=False)
    sitemaps = Sitemaps(parts.catalog, parts.settings.site_url)

    @routes.get("/sitemap.xml")
    async def index(request: Request) -> Response:
        return _answer(request, (await sitemaps.current()).index)

    @routes.get("/sitemaps/{name}")
    async def file(request: Request, name: str) -> Response:
        found = (await sitemaps.current()).files.get(name)
        if found is None:
            raise Problem("not-found", "Nothing is served under this address.")
        return _answer(request, found)

    return routes


def _answer(request: Request, packed: bytes) -> Response:
    if "gzip" in request.headers.get("accept-encoding", ""):
        return Response(packed, media_type=XML, headers={**HEADERS, "Content-Encoding": "gzip"})
    return Response(gzip.decompress(packed), media_type=XML, headers=HEADERS)
