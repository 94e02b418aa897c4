"""Search through the gateway: what narrows it, what it says of how it was read, and its pages."""

from __future__ import annotations

import pytest

from tests.contract.search.codes import CODES, DRUGS, INJURY


async def search(get_search, q, **given):
    answer = await get_search("/api/v1/search", params={"q": q, **given})
    assert answer.status_code == 200, answer.text
    return answer.json()


def counts(found, facet):
    return {each["value"]: each["count"] for each in found["facets"].get(facet, ())}


async def test_results_are_counted_by_every_facet(get_search):
    found = await search(get_search, "injection walker dislocation left", limit=100)
    assert set(found["facets"]) == {"system", "chapter", "billable", "status"}
    assert sum(counts(found, "system").values()) == found["total"]
    assert {DRUGS, INJURY} <= set(counts(found, "chapter"))


@pytest.mark.parametrize(
    ("facet", "value"),
    [("system", "hcpcs"), ("chapter", DRUGS), ("billable", "true"), ("billable", "false"), ("status", "retired")],
)
async def test_a_value_of_a_facet_finds_as_many_as_it_counts(get_search, facet, value):
    every = await search(get_search, "injection walker dislocation left")
    narrowed = await search(get_search, "injection walker dislocation left", **{facet: value})
    assert narrowed["total"] == counts(every, facet)[value] > 0
    assert counts(narrowed, facet) == counts(every, facet)


async def test_on_a_date_what_was_in_force_is_found_and_the_rest_counted(get_search):
    found = await search(get_search, "injection", on="2025-06-01")
    assert {result["status"] for result in found["results"]} == {"active"}
    assert counts(found, "status") == {"active": 1, "future": 1, "retired": 1}
    (result,) = (await search(get_search, "injection", on="2025-06-01", status="retired"))["results"]
    assert (result["code"], result["status"]) == ("J0120", "retired")


@pytest.mark.parametrize(
    ("given", "status"),
    [
        ({"status": "gone"}, 422),
        ({"status": "ACTIVE"}, 422),
        ({"billable": "perhaps"}, 400),
        ({"chapter": "x" * 201}, 422),
        ({"chapter": "a\x00b"}, 422),
        ({"as_typed": "perhaps"}, 400),
    ],
)
async def test_a_filter_that_is_none_is_named(get_search, given, status):
    answer = await get_search("/api/v1/search", params={"q": "hip", **given})
    assert answer.status_code == status
    assert [error["field"] for error in answer.json()["errors"]] == list(given)


async def test_a_misspelt_word_is_read_as_another_unless_it_is_meant_so(get_search):
    found = await search(get_search, "hypertention")
    word = {"typed": "hypertention", "read_as": ["hypertension"]}
    assert found["spelling"] == {"query": "hypertension", "applied": True, "words": [word]}
    assert [result["display"] for result in found["results"]] == ["I10"]
    assert (await search(get_search, "hypertension"))["spelling"] is None
    kept = await search(get_search, "hypertention", as_typed="true")
    assert (kept["total"], kept["spelling"]) == (0, None)


@pytest.mark.parametrize("code", ["S73.009X", "27251", "E0999"])
async def test_a_code_is_never_read_as_another(get_search, code):
    found = await search(get_search, code)
    assert (found["results"], found["spelling"]) == ([], None)


async def test_how_many_of_the_words_match_is_told(get_search):
    assert (await search(get_search, "hip dislocation"))["words_matched"] == "all"
    some = await search(get_search, "hip fracture")
    assert (some["words_matched"], some["total_all_words"]) == ("some", 1)
    assert some["total"] > 1
    assert (await search(get_search, "E0143, E0114"))["total"] == 2


async def test_narrowed_results_are_paged(get_search):
    given, seen = {"q": "hip dislocation", "billable": "true", "limit": 5}, []
    found = await search(get_search, **given)
    while True:
        seen += [result["code"] for result in found["results"]]
        if not found["next_cursor"]:
            break
        found = await search(get_search, **given, cursor=found["next_cursor"])
    assert len(seen) == len(set(seen)) == found["total"]
    answer = await get_search("/api/v1/search", params={**given, "billable": "false", "cursor": "AQADABAAAAAAAAAAAA"})
    assert answer.status_code == 422


async def test_suggestions_say_the_system_in_words_and_may_be_kept_for_a_minute(get_search):
    answer = await get_search("/api/v1/suggest", params={"q": "2725"})
    assert answer.headers["Cache-Control"] == "private, max-age=60"
    first = answer.json()["suggestions"][0]
    assert (first["code"], first["system_name"]) == ("27250", "CPT")
    assert first["description"] == next(code.description for code in CODES if code.code == "27250")


async def test_a_refused_suggestion_is_not_kept(get_search):
    answer = await get_search("/api/v1/suggest", params={"q": "x" * 401})
    assert (answer.status_code, answer.headers["Cache-Control"]) == (422, "private, no-cache")


async def test_an_exact_code_opens_its_page_unless_results_are_narrowed(get_search):
    answer = await get_search("/search", params={"q": "27250"})
    assert (answer.status_code, answer.headers["Location"]) == (303, "/codes/cpt/27250")
    assert (await get_search("/search", params={"q": "27250", "status": "active"})).status_code == 200


@pytest.mark.parametrize("accept", ["*/*", "", "text/html"])
@pytest.mark.parametrize("path", ["/index/nothing", "/codes/cpt/27250/nothing", "/search/nothing"])
async def test_below_pages_what_is_not_there_is_a_page(get_search, path, accept):
    answer = await get_search(path, headers={"Accept": accept})
    assert answer.status_code == 404
    assert answer.headers["Content-Type"].startswith("text/html")


async def test_elsewhere_what_is_not_there_is_a_document(get_search):
    for path, accept in (
        ("/nothing", "*/*"),
        ("/api/v1/nothing", "text/html"),
        ("/search/nothing", "application/json"),
    ):
        answer = await get_search(path, headers={"Accept": accept})
        assert answer.status_code == 404
        assert answer.headers["Content-Type"] == "application/problem+json"
