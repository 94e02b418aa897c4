"""What is refused before anybody else is asked, and with which name."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.gateway import asks
from services.gateway.problems import Problem


def test_a_page_and_its_json_are_the_same_ask_in_another_format():
    page, data = asks.code_ask("/codes/cpt/27250", b""), asks.code_ask("/api/v1/codes/cpt/27250", b"")
    assert (page.system, page.code, page.on, page.format) == ("cpt", "27250", "", "html")
    assert (data.system, data.code, data.on, data.format) == ("cpt", "27250", "", "json")


@pytest.mark.parametrize("spelling", ["S73.005A", "s73.005a", "s73005a", " S73 005A ", "S73.005A\u00a0"])
def test_any_spelling_is_one_code(spelling):
    assert asks.code_ask(f"/codes/ICD10CM/{spelling}", b"").code == "S73005A"


@pytest.mark.parametrize(
    "path",
    ["/codes/cpt", "/codes/cpt/", "/codes/cpt/27250/", "/codes/cpt/27250/sections/modifiers", "/", "", "/codesx/a/b"],
)
def test_other_paths_are_not_code_pages(path):
    assert asks.code_ask(path, b"") is None


@pytest.mark.parametrize("code", ["2725O" * 4, "x" * 5000])
def test_an_overlong_code_is_unacceptable(code):
    with pytest.raises(Problem) as raised:
        asks.code_ask(f"/codes/cpt/{code}", b"")
    assert raised.value.status == 422
    assert raised.value.extra["errors"] == [{"field": "code", "detail": "is longer than 16 characters"}]


@pytest.mark.parametrize("code", ["２７２５０", "2725\x00", "<script>", "27250;", "🦴", "\ufffd"])
def test_a_code_of_other_characters_is_unacceptable(code):
    with pytest.raises(Problem) as raised:
        asks.code_ask(f"/codes/cpt/{code}", b"")
    assert raised.value.status == 422
    assert raised.value.extra["errors"][0]["field"] == "code"


@pytest.mark.parametrize("system", ["", "CPT!", "a" * 17, "icd-10", "ＣＰＴ"])
def test_what_is_no_system_is_not_found(system):
    with pytest.raises(Problem) as raised:
        asks.system(system)
    assert raised.value.status == 404


@pytest.mark.parametrize(
    "given_date", ["yesterday", "2025-13-01", "2025-02-30", "20251101", "2025-1-1", "２０２５-01-01"]
)
def test_what_is_no_date_is_malformed(given_date):
    with pytest.raises(Problem) as raised:
        asks.on(given_date)
    assert raised.value.status == 400
    assert raised.value.extra["errors"][0]["field"] == "on"


@pytest.mark.parametrize("given_date", ["1969-12-31", "0001-01-01", "2100-01-01", "9999-12-31"])
def test_a_date_out_of_range_is_unacceptable(given_date):
    with pytest.raises(Problem) as raised:
        asks.on(given_date)
    assert raised.value.status == 422


def test_the_last_of_several_dates_counts_and_an_empty_one_is_none():
    assert asks.code_ask("/codes/cpt/27250", b"on=2025-01-01&on=2025-11-01").on == "2025-11-01"
    assert asks.code_ask("/codes/cpt/27250", b"on=&other=%FF").on == ""


@given(st.text(), st.binary(max_size=60))
def test_anything_is_an_ask_or_a_problem(code, query):
    try:
        asks.code_ask(f"/codes/cpt/{code}", query)
    except Problem as problem:
        assert problem.status in (400, 404, 422)


def test_text_is_bounded_and_has_no_control_characters():
    assert asks.text("q", "  hip ") == "hip"
    for bad in ("x" * 401, "a\x00b", "a\nb"):
        with pytest.raises(Problem) as raised:
            asks.text("q", bad)
        assert raised.value.status == 422
