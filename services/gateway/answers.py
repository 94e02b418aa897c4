"""An HTTP answer before it is sent, and the header fields that every answer has."""

from __future__ import annotations

from dataclasses import dataclass, field

from starlette.responses import Response

Header = tuple[bytes, bytes]

HTML = b"text/html; charset=utf-8"
JSON = b"application/json"

PRIVATE = (b"cache-control", b"private, no-cache")
# About an account: not even its own browser keeps it.
NO_STORE = (b"cache-control", b"private, no-store")

CONTENT_SECURITY_POLICY = (
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)


def security_headers(*, https: bool) -> list[Header]:
    found = [
        (b"content-security-policy", CONTENT_SECURITY_POLICY.encode()),
        (b"x-content-type-options", b"nosniff"),
        (b"x-frame-options", b"DENY"),
        (b"referrer-policy", b"same-origin"),
        (b"cross-origin-opener-policy", b"same-origin"),
        (b"cross-origin-resource-policy", b"same-origin"),
        (b"permissions-policy", b"camera=(), geolocation=(), microphone=(), payment=()"),
    ]
    if https:
        found.append((b"strict-transport-security", b"max-age=31536000"))
    return found


@dataclass(slots=True)
class Answer:
    """`headers` are those beside content type and length."""

    status: int
    content_type: bytes
    body: bytes
    headers: list[Header] = field(default_factory=list)

    def response(self) -> Response:
        """The same for the framework."""
        response = Response(self.body, self.status, media_type=None)
        response.raw_headers.append((b"content-type", self.content_type))
        response.raw_headers += self.headers
        return response


def json_answer(
    body: bytes,
    headers: list[Header] | None = None,
    *,
    status: int = 200,
    private: bool = False,
    keeping: Header = PRIVATE,
) -> Response:
    """`private`: about an account, to be kept nowhere; else `keeping` says for how long it is."""
    return Answer(status, JSON, body, [NO_STORE if private else keeping, *(headers or [])]).response()


def html_answer(body: bytes, status: int = 200, *, private: bool = False) -> Response:
    return Answer(status, HTML, body, [NO_STORE if private else PRIVATE]).response()


def redirect(path: str) -> Response:
    """To another page of this server, after a form has been taken."""
    return Answer(303, HTML, b"", [NO_STORE, (b"location", path.encode("ascii"))]).response()


def nothing() -> Response:
    return Response(status_code=204, headers={"Cache-Control": "private, no-store"})
