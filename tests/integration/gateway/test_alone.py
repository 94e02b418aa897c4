"""A gateway with nothing behind it still answers everything, says so, and leaks nothing."""

from __future__ import annotations

import asyncio
import contextlib
import re

import pytest

PAGE, API_PAGE = "/codes/cpt/27250", "/api/v1/codes/cpt/27250"


async def test_it_lives_and_is_not_ready(alone):
    assert (await alone.get("/livez")).status_code == 200
    ready = await alone.get("/readyz")
    assert ready.status_code == 503
    assert ready.json() == {"ready": False, "failing": ["catalog", "accounts", "metering"]}


@pytest.mark.parametrize(
    "path",
    [
        PAGE,
        API_PAGE,
        "/codes/cpt",
        "/index",
        "/index/diseases",
        "/api/v1/index/diseases",
        "/releases",
        "/api/v1/releases",
        "/api/v1/meter",
        "/sitemap.xml",
        "/sitemaps/pages.xml",
    ],
)
async def test_what_needs_others_is_503_and_says_when_to_come_again(alone, path):
    answer = await alone.get(path)
    assert answer.status_code == 503
    assert int(answer.headers["Retry-After"]) >= 1
    assert answer.headers["Cache-Control"] == "no-store"
    for inner in ("127.0.0.1", "grpc", "Traceback", "UNAVAILABLE", "remaining"):
        assert inner not in answer.text


@pytest.mark.parametrize(
    "path",
    ["/", "/privacy", "/register", "/login", "/forgot", "/reset?token=x", "/verify?token=x",
     "/assistant", "/problems", "/problems/views-exhausted", "/api/docs",
             "/search", "/robots.txt"],
)  # fmt: skip
async def test_pages_that_need_nobody_are_there(alone, path):
    answer = await alone.get(path)
    assert answer.status_code == 200
    head = await alone.head(path)
    assert head.status_code == 200
    assert head.content == b""


async def test_a_note_stays_in_its_field_while_search_is_away(alone):
    page = await alone.post("/lookup", data={"text": "Assessment: <b>gout</b>", "setting": "inpatient"})
    assert (page.status_code, "Retry-After" in page.headers) == (503, True)
    assert "Assessment: &lt;b&gt;gout&lt;/b&gt;</textarea>" in page.text
    assert "send it again" in page.text
    document = await alone.post("/api/v1/case-lookup", json={"text": "Assessment: gout"})
    assert (document.status_code, "Retry-After" in document.headers) == (503, True)
    assert "gout" not in document.text


async def test_search_without_search_and_catalog_is_a_page_that_says_so(alone):
    answer = await alone.get("/search", params={"q": "hip"})
    assert answer.status_code == 503
    assert "not available at the moment" in answer.text


async def test_static_files_are_kept_for_ever_and_come_packed(alone):
    home = await alone.get("/")
    addresses = re.findall(r'"(/static/[^"]+)"', home.text)
    assert len(addresses) == 4
    for address in addresses:
        answer = await alone.get(address)
        assert answer.status_code == 200
        assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
        assert answer.headers["Content-Encoding"] == "gzip"
        assert "Set-Cookie" not in answer.headers
    assert (await alone.get("/static/medcodes.css")).status_code == 404


@pytest.mark.parametrize("path", ["/", PAGE, API_PAGE, "/nothing", "/api/v1/meter"])
async def test_every_answer_is_guarded(alone, path):
    answer = await alone.get(path)
    policy = answer.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["X-Frame-Options"] == "DENY"
    assert "Server" not in answer.headers
    assert re.fullmatch(r"[A-Za-z0-9._-]{1,64}", answer.headers["X-Request-Id"])


async def test_the_request_id_is_echoed(alone):
    for path in (PAGE, "/", "/nothing"):
        assert (await alone.get(path, headers={"X-Request-Id": "a.B-9_"})).headers["X-Request-Id"] == "a.B-9_"


@pytest.mark.parametrize(
    ("path", "is_set"),
    [("/", True), (PAGE, True), (API_PAGE, True), ("/api/v1/meter", True), ("/api/v1/search", False), ("/livez", False),
     ("/robots.txt", False)],
)  # fmt: skip
async def test_who_is_given_a_guest_cookie(alone, path, is_set):
    answer = await alone.get(path)
    assert ("medcodes_guest" in answer.cookies) is is_set
    again = await alone.get(path)
    assert "medcodes_guest" not in again.cookies


async def test_unknown_addresses_are_problems_for_programs_and_pages_for_people(alone):
    problem = await alone.get("/nothing")
    assert problem.status_code == 404
    assert problem.headers["Content-Type"] == "application/problem+json"
    page = await alone.get("/nothing", headers={"Accept": "text/html,*/*"})
    assert page.status_code == 404
    assert page.headers["Content-Type"].startswith("text/html")
    assert (await alone.get("/api/nothing", headers={"Accept": "text/html"})).json()["status"] == 404


async def test_other_methods_are_not_allowed(alone):
    for path in (PAGE, API_PAGE, "/", "/api/v1/search", "/account"):
        answer = await alone.post(path)
        assert answer.status_code == 405
        assert "GET" in answer.headers["Allow"]


async def test_a_body_too_large_is_refused(alone):
    async def chunks():
        for _ in range(40):
            yield b"x" * 4096

    assert (await alone.request("GET", "/api/v1/search", content=b"x" * 70_000)).status_code == 413
    answer = await alone.post("/api/v1/search", content=chunks())
    assert answer.status_code in (405, 413)


@pytest.mark.parametrize("authorization", ["Basic b25lOnR3bw==", "Bearer", "Bearer \xe9", "Bearer " + "x" * 300, ""])
async def test_what_is_no_credential_is_refused_without_asking_anybody(alone, authorization):
    for path in (PAGE, API_PAGE, "/api/v1/meter", "/", "/api/v1/codes/cpt/27250/sections/modifiers"):
        answer = await alone.get(path, headers={"Authorization": authorization.encode("latin-1")})
        assert answer.status_code == 401
        assert answer.headers["WWW-Authenticate"].startswith("Bearer")
        assert "Set-Cookie" not in answer.headers


async def test_while_accounts_is_away_nobody_with_a_credential_is_taken_as_a_guest(alone):
    bearer = {"Authorization": "Bearer mck_nothing"}
    cookie = {"Cookie": "medcodes_session=something"}
    for headers in (bearer, cookie):
        for path in (PAGE, API_PAGE, "/api/v1/meter", "/account", "/api/v1/account", API_PAGE + "/sections/modifiers"):
            answer = await alone.get(path, headers=headers)
            assert answer.status_code == 503, path
            assert int(answer.headers["Retry-After"]) >= 1
        # What is the same for everybody is there, without saying that nobody is logged in.
        page = await alone.get("/privacy", headers=headers)
        assert page.status_code == 200
        assert "/login" not in page.text
        assert "medcodes_session=;" not in str(page.headers)


async def test_nothing_is_taken_from_the_host_header(alone):
    for path in ("/", "/sitemap.xml", "/robots.txt", "/nothing", PAGE):
        answer = await alone.get(path, headers={"Host": "evil.example"})
        assert "evil.example" not in answer.text + str(answer.headers)


async def test_sections_that_are_locked_say_so_before_anybody_is_asked(alone):
    answer = await alone.get("/api/v1/codes/cpt/27250/sections/modifiers")
    assert answer.status_code == 403
    assert answer.json()["type"] == "/problems/registration-required"
    assert (await alone.get("/api/v1/codes/cpt/27250/sections/nothing")).status_code == 422


async def test_the_openapi_document(alone):
    document = (await alone.get("/api/openapi.json")).json()
    assert set(document["paths"]) == {
        "/api/v1/codes/{system}/{code}",
        "/api/v1/codes/{system}/{code}/sections/{section}",
        "/api/v1/codes/{system}",
        "/api/v1/index",
        "/api/v1/index/{index}",
        "/api/v1/search",
        "/api/v1/suggest",
        "/api/v1/case-lookup",
        "/api/v1/releases",
        "/api/v1/releases/{before}/diff/{after}",
        "/api/v1/feed.atom",
        "/api/v1/meter",
        "/api/v1/accounts",
        "/api/v1/account",
        "/api/v1/account/password",
        "/api/v1/account/verification",
        "/api/v1/account/views",
        "/api/v1/account/views/{system}/{code}/receipt",
        "/api/v1/account/export",
        "/api/v1/account/sessions",
        "/api/v1/account/sessions/{session_id}",
        "/api/v1/account/lists",
        "/api/v1/account/lists/{list_id}",
        "/api/v1/account/lists/{list_id}/codes/{system}/{code}",
        "/api/v1/account/notes",
        "/api/v1/account/notes/{system}/{code}",
        "/api/v1/account/history",
        "/api/v1/account/changes",
        "/api/v1/account/feed",
        "/api/v1/account/preferences",
        "/api/v1/api-keys",
        "/api/v1/api-keys/{api_key_id}",
        "/api/v1/sessions",
        "/api/v1/sessions/current",
        "/api/v1/deletions/{deletion_id}",
        "/api/v1/receipt-keys",
    }
    kinds = document["components"]["schemas"]["Kind"]["enum"]
    assert {"rvu_work", "global_days", "mue_practitioner", "modifier", "excludes1", "no_data"} <= set(kinds)
    assert "HTTPValidationError" not in str(document)
    for path, methods in document["paths"].items():
        document_type = "application/atom+xml" if path.endswith(".atom") else "application/json"
        for operation in methods.values():
            for status, response in operation["responses"].items():
                if status == "204":
                    assert "content" not in response
                    continue
                expected = document_type if status < "300" else "application/problem+json"
                assert list(response["content"]) == [expected]


async def test_a_connection_goes_on_after_large_bodies_and_ends_at_an_endless_head(alone):
    host, port = alone.base_url.host, alone.base_url.port
    reader, writer = await asyncio.open_connection(host, port)
    for _ in range(3):
        writer.write(b"GET /livez HTTP/1.1\r\nHost: x\r\nContent-Length: 200000\r\n\r\n" + b"x" * 200_000)
        head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 5)
        assert head.startswith(b"HTTP/1.1 413")
        await reader.readexactly(int(re.search(rb"content-length: (\d+)", head)[1]))
    with contextlib.suppress(ConnectionError):
        for _ in range(200):
            writer.write(b"GET /livez HTTP/1.1\r\nX: " + b"x" * 10_000)
            await writer.drain()
            await asyncio.sleep(0)
    with contextlib.suppress(ConnectionError):
        assert not (await asyncio.wait_for(reader.read(), 5)).startswith(b"HTTP/1.1 2")
