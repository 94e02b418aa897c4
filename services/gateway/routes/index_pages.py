"""Browsing the ICD-10-CM indexes: main terms by letter, and from there down."""

from __future__ import annotations

from typing import Annotated

import orjson
from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse
from medcodes.catalog.v1 import catalog_pb2
from starlette.responses import Response

from .. import asks
from ..answers import json_answer
from ..problems import refused
from ..rendering import index_view
from . import api_models
from .parts import Parts
from .responses import problem_responses

Letter = Annotated[str, Query(description="Main terms of one letter: A, or # for digits. Not together with term.")]
Terms = Annotated[
    list[str],
    Query(
        alias="term",
        description="The titles that lead to a term, from the main term down, the parameter once for each; "
        "the terms directly below it are listed. Without it the main terms.",
    ),
]
MAX_INDEX_LENGTH, MAX_TITLE_LENGTH, MAX_LETTER_LENGTH, MAX_LEVELS = 40, 300, 4, 12
PAGE_ITEMS = 100  # a page of a table stays below 100 kB


def router(parts: Parts) -> APIRouter:
    routes = APIRouter()

    @routes.get(
        "/api/v1/index",
        response_model=api_models.IndexList,
        responses=problem_responses(401, 500, 503),
        tags=["index"],
    )
    async def list_indexes() -> Response:
        """The ICD-10-CM indexes that the current release holds. Not metered."""
        return json_answer(orjson.dumps(index_view.index_list(await parts.catalog.list_indexes())))

    @routes.get(
        "/api/v1/index/{index}",
        response_model=api_models.IndexEntries,
        responses=problem_responses(400, 401, 404, 422, 500, 503),
        tags=["index"],
    )
    async def list_terms(
        index: str,
        terms: Terms = [],  # noqa: B006 - the framework copies it
        letter: Letter = "",
        cursor: str = "",
        limit: Annotated[int, Query(ge=1, le=500)] = 100,
    ) -> Response:
        """The terms of an index below a term, with their codes and references. Not metered."""
        found = await parts.catalog.get_index_entries(_ask(index, terms, letter, cursor, limit))
        return json_answer(orjson.dumps(index_view.entries(found)))

    @routes.get("/index", response_class=HTMLResponse, include_in_schema=False)
    async def indexes_page(request: Request) -> Response:
        found = await parts.catalog.list_indexes()
        return parts.page(request, "indexes.html", indexes=found.indexes)

    @routes.get("/index/{index}", response_class=HTMLResponse, include_in_schema=False)
    async def index_page(
        request: Request,
        index: str,
        terms: Terms = [],  # noqa: B006 - the framework copies it
        letter: Letter = "",
        cursor: str = "",
    ) -> Response:
        asked = _ask(index, terms, letter, cursor, PAGE_ITEMS)
        found = await parts.catalog.get_index_entries(asked)
        return parts.page(
            request,
            "index.html",
            index=found.index,
            path=found.path,
            items=found.items,
            letter=asked.letter,
            known=index_view.by_code(found.codes),
            next_cursor=found.next_cursor,
        )

    return routes


def _ask(index: str, terms: list[str], letter: str, cursor: str, limit: int) -> catalog_pb2.GetIndexEntriesRequest:
    if len(terms) > MAX_LEVELS:
        raise refused("unacceptable", {"term": f"is given more than {MAX_LEVELS} times"})
    path = [asks.text("term", title, MAX_TITLE_LENGTH) for title in terms]
    if not all(path):
        raise refused("unacceptable", {"term": "is empty"})
    return catalog_pb2.GetIndexEntriesRequest(
        index=asks.text("index", index, MAX_INDEX_LENGTH),
        path=path,
        letter=asks.text("letter", letter, MAX_LETTER_LENGTH),
        cursor=asks.text("cursor", cursor, asks.MAX_CURSOR_LENGTH),
        limit=limit,
    )
