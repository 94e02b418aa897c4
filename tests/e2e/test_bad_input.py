"""Bad input through HTTP: a clear problem document that names the field, never a 5xx, never a charge."""

from __future__ import annotations

import socket
import time
from urllib.parse import quote

import httpx
import pytest

from services.gateway.visitors.guests import LIFETIME_SECONDS, GuestCookies, load_key


@pytest.fixture
def client(medcodes):
    with medcodes.client() as client:
        yield client


def problem(answer: httpx.Response, status: int) -> dict:
    assert answer.status_code == status, answer.text
    assert answer.headers["Content-Type"] == "application/problem+json"
    found = answer.json()
    assert found["status"] == status
    assert found["title"]
    assert found["type"].startswith(("/problems/", "http"))
    assert "Traceback" not in answer.text
    return found


@pytest.mark.parametrize("system", ["nothing", "CPT27250", "icd10cm%2e%2e", "%00", "é", "a" * 300])
def test_an_unknown_system(client, system):
    problem(client.get(f"/api/v1/codes/{system}/27250"), 404)


def test_an_unknown_code_has_near_matches(client):
    found = problem(client.get("/api/v1/codes/icd10cm/S73.999"), 404)
    assert found["type"].endswith("/problems/code-not-found")
    assert any(near["display"].startswith("S73") for near in found["near"])


@pytest.mark.parametrize(
    "code", ["2" * 17, "2" * 5000, "27250é", "２７２５０", "27250\u202e", "'; drop table code;--", "<b>"]
)
def test_an_overlong_or_odd_code(client, code):
    answer = client.get("/api/v1/codes/cpt/" + quote(code, safe=""))
    found = problem(answer, answer.status_code)
    assert answer.status_code in {400, 404, 414, 422}
    assert "<b>" not in answer.text or found["type"].endswith("code-not-found")


@pytest.mark.parametrize(
    "on", ["yesterday", "2025-02-30", "2025-13-01", "20251101", "1500-01-01", "9999-01-01", "٢٠٢٥-١١-٠١"]
)
def test_a_date_that_is_none_or_out_of_range(client, on):
    answer = client.get("/api/v1/codes/cpt/27250", params={"on": on})
    found = problem(answer, answer.status_code)
    assert answer.status_code in {400, 422}
    assert "on" in str(found["errors"])


def test_a_date_that_no_edition_covers(client):
    found = problem(client.get("/api/v1/codes/icd10cm/S73005A", params={"on": "1999-01-01"}), 404)
    assert found["type"].endswith("/problems/date-not-covered")


@pytest.mark.parametrize(
    "query",
    [
        {"limit": "many"},
        {"limit": "-1"},
        {"limit": "100000"},
        {"cursor": "nonsense"},
        {"cursor": "A" * 5000},
        {"system": "nothing"},
        {"on": "never"},
    ],
)
def test_a_search_that_cannot_be(client, query):
    answer = client.get("/api/v1/search", params={"q": "hip", **query})
    found = problem(answer, answer.status_code)
    assert answer.status_code in {400, 422}
    assert next(iter(query)) in str(found["errors"])


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH"])
def test_a_method_that_is_not_offered(client, method):
    answer = client.request(method, "/api/v1/codes/cpt/27250", content=b'{"broken": ')
    problem(answer, 405)
    assert "GET" in answer.headers["Allow"]


def test_an_oversized_body_is_refused_without_reading_it(medcodes):
    host, port = "127.0.0.1", medcodes.port
    with socket.create_connection((host, port), timeout=10) as connection:
        connection.sendall(
            b"POST /api/v1/search HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
            b"Content-Length: 999999999\r\n\r\n{"
        )
        answer = connection.recv(65536)
    assert answer.split()[1] in {b"405", b"413"}


@pytest.mark.parametrize(
    "raw",
    [
        b"GET / HTTP/9.9\r\n\r\n",
        b"\x00\x01\x02\x03\r\n\r\n",
        b"GET /" + b"a" * 200_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\nX: " + b"a" * 200_000 + b"\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        b"GET /%ff%fe/%c0%ae HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
    ],
)
def test_bytes_that_are_no_request_harm_nothing(medcodes, client, raw):
    with socket.create_connection(("127.0.0.1", medcodes.port), timeout=10) as connection:
        connection.settimeout(5)
        try:
            connection.sendall(raw)
            answer = connection.recv(65536)
        except (TimeoutError, ConnectionError):
            answer = b""
    assert not answer.startswith(b"HTTP/1.1 5")
    assert client.get("/livez").status_code == 200


def test_markup_in_a_query_is_shown_as_text(client):
    attack = "<script>alert(1)</script>\"'><img src=x onerror=alert(1)>"
    answer = client.get("/search", params={"q": attack})
    assert answer.status_code == 200
    assert "<script>alert(1)" not in answer.text
    assert "<img src=x" not in answer.text
    assert "script-src 'self'" in answer.headers["Content-Security-Policy"]
    assert "unsafe-inline" not in answer.headers["Content-Security-Policy"]


@pytest.mark.parametrize("header", ["X-Request-Id"])
@pytest.mark.parametrize("value", ["a b", "x" * 65, "<b>", "é".encode()])
def test_a_malformed_request_id_is_replaced(client, header, value):
    answer = client.get("/api/v1/meter", headers={header: value})
    assert answer.status_code == 200
    assert answer.headers[header] not in (value, "")


@pytest.mark.parametrize("age", [LIFETIME_SECONDS + 60, -3600])
def test_a_cookie_that_is_expired_or_from_the_future_is_treated_as_absent(medcodes, age):
    cookies = GuestCookies(load_key("", medcodes.state_dir), secure=False)
    _, header = cookies.issue(time.time() - age)
    name, _, value = header.decode().partition(";")[0].partition("=")
    with medcodes.client(cookies={name: value}) as client:
        answer = client.get("/api/v1/codes/cpt/27250")
        assert answer.status_code == 200
        assert name in answer.cookies
        assert answer.cookies[name] != value


def test_what_is_not_there(client):
    problem(client.get("/api/v1/nothing"), 404)
    page = client.get("/nothing", headers={"Accept": "text/html"})
    assert page.status_code == 404
    assert page.headers["Content-Type"].startswith("text/html")
