"""What every search index promises of filters and facets (services/search/ports.py, Found)."""

from __future__ import annotations

from datetime import date

import pytest

from services.search.domain.documents import FacetCount
from services.search.domain.filters import Facet, Status
from services.search.domain.query import ENOUGH, Strictness
from tests.contract.search.asking import counts, displays, search
from tests.contract.search.codes import DRUGS, EQUIPMENT, INJURY


async def test_system_filter_and_facets(index):
    everywhere = await search(index, "hip dislocation")
    cpt = await search(index, "hip dislocation", system="cpt")
    assert {hit.system for hit in cpt.hits} == {"cpt"}
    systems = [facet for facet in everywhere.facets if facet.field == "system"]
    assert FacetCount(Facet.SYSTEM, "cpt", cpt.total) in systems
    assert sum(facet.count for facet in systems) == everywhere.total
    # The other systems stay visible, so that the choice can be changed.
    assert [facet for facet in cpt.facets if facet.field == "system"] == systems


async def test_billable_facet_counts_the_results(index):
    found = await search(index, "S73.0", limit=100)
    expected = [hit.billable for hit in found.hits]
    assert (await counts(index, "S73.0"))["billable"] == {"true": expected.count(True), "false": expected.count(False)}


@pytest.mark.parametrize("billable", [True, False])
async def test_only_billable_codes_or_only_headers(index, billable):
    found = await search(index, "S73.0", limit=100, billable=billable)
    assert {hit.billable for hit in found.hits} == {billable}
    both = await counts(index, "S73.0")
    assert found.total == both["billable"][str(billable).lower()]
    assert (await counts(index, "S73.0", billable=billable))["billable"] == both["billable"]


async def test_chapters_are_counted_and_chosen(index):
    found = await counts(index, "injection walker dislocation left")
    assert set(found["chapter"]) == {INJURY, EQUIPMENT, DRUGS}
    drugs = await search(index, "injection walker dislocation left", chapter=DRUGS)
    assert {hit.code for hit in drugs.hits} == {"J0120", "J0121", "J0122"}
    assert drugs.total == found["chapter"][DRUGS]


async def test_each_facet_is_counted_as_if_nothing_had_been_chosen_in_it(index):
    text, chosen = "dislocation hip left", {"system": "icd10cm", "chapter": INJURY, "billable": True}
    narrowed = await counts(index, text, **chosen)
    for facet in chosen:
        others = {name: value for name, value in chosen.items() if name != facet}
        assert narrowed[facet] == (await counts(index, text, **others))[facet]
    assert narrowed["billable"]["true"] == (await search(index, text, **chosen)).total


async def test_a_choice_does_not_change_how_the_words_are_read(index):
    wide = await search(index, "hip dislocation")
    day = date(2026, 10, 1)
    for chosen in ({"system": "cpt"}, {"billable": False}, {"status": Status.ACTIVE}):
        narrow = await search(index, "hip dislocation", today=day, **chosen)
        assert wide.strictness is narrow.strictness is Strictness.ALL
        assert 0 < narrow.total < ENOUGH


@pytest.mark.parametrize(
    ("day", "expected"),
    [
        (date(2024, 12, 31), {"active": 2, "future": 1}),
        (date(2025, 1, 1), {"active": 1, "future": 1, "retired": 1}),
        (date(2027, 1, 1), {"active": 2, "retired": 1}),
    ],
)
async def test_codes_are_counted_by_how_they_stand_on_a_day(index, day, expected):
    assert (await counts(index, "injection", today=day))["status"] == expected
    # Only those in force on a given day are results; the others are counted, so that they can be chosen.
    assert (await counts(index, "injection", on=day))["status"] == expected
    assert (await search(index, "injection", on=day)).total == expected["active"]
    for status in Status:
        found = await search(index, "injection", today=day, status=status)
        assert found.total == expected.get(status, 0)
        assert {hit.status for hit in found.hits} <= {status}
        assert (await counts(index, "injection", today=day, status=status))["status"] == expected


async def test_what_has_ended_stays_first_where_nothing_in_force_says_as_much(index):
    assert (await displays(index, "tetracycline injection", today=date(2025, 1, 1)))[0] == "J0120"


async def test_without_a_day_nothing_is_said_of_a_status(index):
    assert "status" not in await counts(index, "injection")


@pytest.mark.parametrize("chapter", ["Nothing", INJURY.lower(), "*", INJURY + " OR 1=1"])
async def test_a_chapter_that_is_none_has_no_codes(index, chapter):
    assert (await search(index, "hip", chapter=chapter)).total == 0


@pytest.mark.parametrize(
    ("on", "found"), [(date(2024, 12, 31), True), (date(2025, 1, 1), False), (None, True), (date(1900, 1, 1), True)]
)
async def test_only_codes_in_force_on_the_day(index, on, found):
    assert ("J0120" in await displays(index, "tetracycline", on=on)) is found


async def test_a_day_before_the_first_is_not_in_force(index):
    assert await displays(index, "crutches", on=date(1985, 12, 31)) == []
    assert await displays(index, "crutches", on=date(1986, 1, 1)) == ["E0114"]
