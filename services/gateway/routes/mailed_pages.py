"""What the pages have in common that links in mails lead to.

A GET shows a button and takes nothing: programs that look at mailed links must not use them up. The token stands in the
address, so these pages send no referrer.
"""

from __future__ import annotations

from typing import Annotated

from fastapi import Query, Request
from starlette.responses import Response

from ..forms import Refusal
from .parts import Parts

Token = Annotated[str, Query(max_length=200)]
USED = "This link has been used, has expired, or is not complete."


def mailed_page(parts: Parts, request: Request, template: str, refusal: Refusal, **values: object) -> Response:
    response = parts.private_page(request, template, status=refusal.status, refusal=refusal, **values)
    response.headers["Referrer-Policy"] = "no-referrer"
    response.headers.update(refusal.headers)
    return response
