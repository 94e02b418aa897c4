"""The indexes through a whole gateway: pages, JSON that is what OpenAPI says, and what is refused."""

from __future__ import annotations

import pytest

from services.gateway.routes import api_models

API = "/api/v1/index/diseases"


@pytest.fixture
async def client(gateway):
    return (await gateway())()


async def test_pages(client):
    answer = await client.get("/index")
    assert (answer.status_code, "/index/neoplasms" in answer.text) == (200, True)
    answer = await client.get("/index/diseases", params={"term": ["Hip"]})
    assert answer.status_code == 200
    assert "/index/neoplasms?term=Neoplasm%2C+any&amp;term=hip" in answer.text
    assert answer.headers["Cache-Control"] == "private, no-cache"


async def test_json_is_what_openapi_says(client):
    listed = (await client.get("/api/v1/index")).json()
    assert api_models.IndexList.model_validate(listed, strict=True).model_dump() == listed
    assert [one["index"] for one in listed["items"]] == ["diseases", "neoplasms"]
    found = (await client.get(API, params={"term": ["Hip"]})).json()
    assert api_models.IndexEntries.model_validate(found, strict=True).model_dump() == found
    paths = (await client.get("/api/openapi.json")).json()["paths"]
    assert {"/api/v1/index", "/api/v1/index/{index}"} <= set(paths)


@pytest.mark.parametrize(
    ("path", "params", "status", "kind"),
    [
        ("/api/v1/index/nope", {}, 404, "not-found"),
        (API, {"limit": 0}, 422, "unacceptable"),
        (API, {"limit": "many"}, 400, "malformed"),
        (API, {"term": ["a"] * 13}, 422, "unacceptable"),
        (API, {"term": "a" * 301}, 422, "unacceptable"),
        (API, {"term": " "}, 422, "unacceptable"),
        (API, {"letter": "ABCDE"}, 422, "unacceptable"),
        (API, {"letter": "\x01"}, 422, "unacceptable"),
    ],
)
async def test_what_is_refused(client, path, params, status, kind):
    answer = await client.get(path, params=params)
    assert (answer.status_code, answer.json()["type"]) == (status, f"/problems/{kind}")


async def test_an_unknown_index_is_a_page_for_people(client):
    answer = await client.get("/index/nope", headers={"Accept": "text/html"})
    assert answer.status_code == 404
    assert answer.headers["Content-Type"].startswith("text/html")


async def test_nothing_is_charged(client):
    answer = await client.get("/index/diseases")
    assert "RateLimit" not in answer.headers
    assert (await client.head("/index/diseases")).content == b""
