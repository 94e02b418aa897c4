"""The framework's application: all routes, and the one way in which their errors become answers."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import Response

from services.common.errors import ServiceError

from .problem_answers import ProblemAnswers
from .problems import Problem
from .routes import (
    account_documents,
    account_pages,
    api_key_pages,
    browse,
    change_documents,
    change_pages,
    code_documents,
    code_shelf_pages,
    deletion_pages,
    dev_mail,
    docs,
    history_documents,
    history_pages,
    index_pages,
    machines,
    meter,
    pages,
    password_reset_pages,
    releases,
    search,
    search_pages,
    security_pages,
    session_documents,
    shelf_documents,
    shelf_pages,
    sign_in_pages,
    sitemap,
    verification_pages,
    view_documents,
)
from .routes.api_models import ProblemDocument
from .routes.parts import Parts, visitor_of

ABOUT = (
    "US medical codes, each fact with the file and edition that it came from. A code page costs one view, once for "
    "each code; everything else is free. Errors are problem documents (RFC 9457)."
)

CODES = (code_documents, browse, index_pages, search, releases, meter)
ACCOUNTS = (account_documents, view_documents, session_documents, shelf_documents, change_documents, history_documents)
PAGES = (
    pages, sign_in_pages, password_reset_pages, verification_pages, account_pages, security_pages, api_key_pages,
    deletion_pages, shelf_pages, change_pages, code_shelf_pages, history_pages, dev_mail, machines,
    search_pages, sitemap,
)  # fmt: skip


def web_app(parts: Parts, problems: ProblemAnswers) -> FastAPI:
    app = FastAPI(
        title="Medcodes",
        version="1",
        description=ABOUT,
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
    )
    for noun in (*CODES, *ACCOUNTS, *PAGES):
        app.include_router(noun.router(parts))
    app.include_router(docs.router(parts, lambda: _openapi(app)))

    async def answer(request: Request, error: Exception) -> Response:
        return problems.answer(error, request.scope["path"], visitor_of(request)).response()

    for kind in (Problem, ServiceError, HTTPException, RequestValidationError, Exception):
        app.add_exception_handler(kind, answer)
    return app


def _openapi(app: FastAPI) -> dict[str, Any]:
    """The framework's document, with problem documents in place of its own validation errors."""
    if app.openapi_schema is None:
        schemas = app.openapi()["components"]["schemas"]
        for name in ("HTTPValidationError", "ValidationError"):
            schemas.pop(name, None)
        schemas["ProblemDocument"] = ProblemDocument.model_json_schema()
    return app.openapi()
