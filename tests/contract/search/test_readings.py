"""What every search index tells of how words were read (services/search/ports.py, Found)."""

from __future__ import annotations

import pytest

from services.search.domain.documents import Correction
from services.search.domain.query import ENOUGH, Strictness, understand
from tests.contract.search.asking import search


async def test_results_with_all_words_are_counted(index):
    found = await search(index, "broken collarbone pair", limit=100)
    assert found.strictness > Strictness.ALL
    assert (found.complete, found.total > 0) == (0, True)
    found = await search(index, "hip fracture", limit=100)
    assert (found.complete, found.hits[0].display) == (1, "27254")
    assert found.total > ENOUGH
    # A later page counts them again.
    plan = understand("hip fracture")
    later = await index.search(plan, (found.strictness,), offset=1, limit=5)
    assert (later.complete, later.total) == (found.complete, found.total)


async def test_what_a_word_was_read_as_is_told(index):
    found = await search(index, "hypertention")
    assert found.corrections == [Correction("hypertention", ("hypertension",), True)]
    assert (await search(index, "hypertension")).corrections == []


async def test_a_word_that_no_code_has_is_told(index):
    (told,) = (await search(index, "walker xylophone")).corrections
    assert told == Correction("xylophone", (), True)


@pytest.mark.parametrize("typed", ["S73.009X", "27251", "E0999", "hip s73999z", "9921", "hypertens"])
async def test_codes_figures_and_what_is_still_typed_are_not_read_as_others(index, typed):
    assert (await search(index, typed)).corrections == []


async def test_a_word_meant_as_it_is_spelled_is_not_read_as_another(index):
    plan = understand("hypertention", as_typed=True)
    found = await index.search(plan, plan.attempts, offset=0, limit=5)
    assert (found.total, list(found.corrections)) == (0, [])
