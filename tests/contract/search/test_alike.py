"""What every search index promises of codes that mean what is asked and say it in other words."""

from __future__ import annotations

import asyncio
from collections import Counter
from datetime import date

import pytest

from services.search.adapters.ranking.opinion import ALIKE, WINDOW
from services.search.domain.documents import IndexedCode, MatchKind
from services.search.domain.filters import Filters
from services.search.domain.query import Strictness, understand
from services.search.domain.reasons import why
from tests.contract.search.asking import counts, displays, search, suggested

ASKED = "physician visit"
OFFICE, ELSEWHERE = "Office", "Elsewhere"
# More results by words than are put in order.
BY_WORDS = WINDOW + ALIKE + 30


def code(system, name, description, chapter=OFFICE, *, billable=True, ends=None, phrases=()):
    return IndexedCode(system, name, name, description, billable, (), date(2020, 1, 1), ends, chapter, phrases)


def by_words(number):
    """Its words are those asked for, and so many others that it means something else."""
    system = "cpt" if number % 3 else "hcpcs"
    name = f"{10000 + number}" if system == "cpt" else f"V{1000 + number}"
    tail = "zebra" if number < 9 else "lizard"
    return code(system, name, f"Physician visit, hammer garden bicycle violin {tail} {number}")


MEANING_IT = (
    code("cpt", "20001", "Doctor appointment"),
    code("hcpcs", "G0002", "Staff time", ELSEWHERE, billable=False, phrases=("Clinician encounter",)),
    code("hcpcs", "G0003", "Doctor appointments", ends=date(2022, 12, 31)),
)
NEITHER = (
    code("cpt", "20004", "Walker, folding, wheeled"),
    code("hcpcs", "G0005", "Snow shovel", ends=date(2022, 12, 31)),
    code("hcpcs", "G0006", "Snow shovel, each, any type"),
)
CODES = sorted([*map(by_words, range(BY_WORDS)), *MEANING_IT, *NEITHER])
MEANT = {each.display for each in MEANING_IT}


@pytest.fixture(scope="module")
def indexed_codes():
    return CODES


async def alike(index, text, **options):
    return {hit.display: hit for hit in (await search(index, text, limit=200, **options)).hits if hit.alike}


async def test_what_means_the_same_is_a_result_and_says_by_which_text(index):
    found = await alike(index, ASKED)
    assert {display: hit.alike for display, hit in found.items()} == {
        "20001": "Doctor appointment",
        "G0002": "Clinician encounter",
        "G0003": "Doctor appointments",
    }
    assert why(understand(ASKED), found["G0002"]) == "close in meaning: “Clinician encounter”"
    assert all((hit.kind, hit.words, hit.highlights) == (MatchKind.WORDS, (), ()) for hit in found.values())


@pytest.mark.parametrize(
    ("today", "first"), [(date(2022, 12, 31), ["G0005", "G0006"]), (date(2023, 1, 1), ["G0006", "G0005"])]
)
async def test_what_has_ended_comes_behind_what_is_in_force_and_says_as_much(index, today, first):
    assert (await displays(index, "snow shovel", today=today))[:2] == first
    assert await suggested(index, "snow sho", today=today) == first


async def test_it_is_among_the_first_results(index):
    assert set(await displays(index, ASKED, limit=WINDOW + ALIKE)) >= MEANT


async def test_what_words_found_says_which_words(index):
    found = await search(index, ASKED, limit=200)
    said = [hit for hit in found.hits if not hit.alike]
    assert len(said) == BY_WORDS
    assert all(why(understand(ASKED), hit) == "matches 'physician', 'visit'" for hit in said)


async def test_it_is_counted_but_not_as_one_that_matches_all_words(index):
    found = await search(index, ASKED)
    assert (found.total, found.complete) == (BY_WORDS + len(MEANT), BY_WORDS)


async def test_it_is_counted_by_every_facet(index):
    systems = Counter(each.system for each in CODES if each not in NEITHER)
    found = await counts(index, ASKED)
    assert found["system"] == systems
    assert found["chapter"] == {OFFICE: BY_WORDS + 2, ELSEWHERE: 1}
    assert found["billable"] == {"true": BY_WORDS + 2, "false": 1}


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        ({"system": "cpt"}, {"20001"}),
        ({"system": "hcpcs"}, {"G0002", "G0003"}),
        ({"chapter": OFFICE}, {"20001", "G0003"}),
        ({"billable": False}, {"G0002"}),
        ({"on": date(2024, 5, 1)}, {"20001", "G0002"}),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else "",
)
async def test_filters_narrow_it(index, filters, expected):
    found = await search(index, ASKED, limit=200, **filters)
    assert {hit.display for hit in found.hits if hit.alike} == expected
    assert found.total == len(found.hits)
    assert found.total - found.complete == len(expected)


async def test_whether_enough_is_found_is_told_by_words_alone(index):
    found = await search(index, f"{ASKED} zebra", limit=200)
    assert found.complete == 9
    assert any(hit.alike for hit in found.hits)
    assert found.strictness > Strictness.ALL


@pytest.mark.parametrize("size", [7, WINDOW, WINDOW + ALIKE])
async def test_pages_on_both_sides_of_the_window_hold_every_result_once(index, size):
    whole = await search(index, ASKED, limit=200)
    pages = [await search(index, ASKED, offset=start, limit=size) for start in range(0, whole.total, size)]
    assert [hit for page in pages for hit in page.hits] == list(whole.hits)
    assert len({(hit.system, hit.code) for hit in whole.hits}) == whole.total
    assert all(
        (page.total, page.complete, list(page.facets)) == (whole.total, whole.complete, list(whole.facets))
        for page in pages
    )


async def test_a_page_that_begins_near_the_border_goes_on_where_the_one_before_ended(index):
    whole = await displays(index, ASKED, limit=200)
    for offset in range(WINDOW - 2, WINDOW + ALIKE + 2):
        assert await displays(index, ASKED, offset=offset, limit=3) == whole[offset : offset + 3]


async def test_the_order_is_the_same_each_time(index):
    orders = await asyncio.gather(*(displays(index, ASKED, limit=200) for _ in range(5)))
    assert all(order == orders[0] for order in orders)


@pytest.mark.parametrize("typed", ["20004", "20004 physician visit", "G0005, 20004", "V10", "20001-20004"])
async def test_a_code_that_is_typed_is_joined_by_none(index, typed):
    found = await search(index, typed, limit=200)
    assert found.hits[0].kind is not MatchKind.WORDS
    assert not any(hit.alike for hit in found.hits)


async def test_a_code_outside_the_filters_was_not_found(index):
    found = await search(index, f"20004 {ASKED}", limit=200, system="hcpcs")
    assert {hit.display for hit in found.hits if hit.alike} == {"G0002", "G0003"}
    assert found.total == len(found.hits) == len({hit.display for hit in found.hits})


async def test_suggestions_are_what_is_typed(index):
    assert not MEANT & set(await suggested(index, ASKED, limit=10))
    plan = understand(ASKED, Filters())
    assert not any(hit.alike for hit in await index.suggest(plan, limit=10))


async def test_words_that_no_code_has_find_what_they_mean(index):
    found = await search(index, "doctors appointment booking", limit=200)
    assert found.hits[0].display in {"20001", "G0003"}
