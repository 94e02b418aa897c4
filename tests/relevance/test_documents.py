"""What reaches a scored index: the catalog's codes, without the phrases that are scored."""

from __future__ import annotations

from pathlib import Path

import pytest

from services.search.domain.documents import IndexedCode
from tests.relevance.documents import BATCH, Documents, without
from tests.relevance.engines import ENGINES
from tests.relevance.queries import words
from tests.relevance.scoring import Code


def code(number, description, *terms, system="icd10cm"):
    return IndexedCode(system, number, number, description, True, terms, None, None, "")


PALSY = code("G510", "Bell's palsy", "Facial palsy", "Palsy, facial, peripheral")
BROKEN = code("S420", "Fracture of clavicle")
WALKER = code("E0143", "Walker, folding, wheeled", system="hcpcs")


def test_a_scored_phrase_is_left_out_unless_the_tabular_list_holds_it():
    left_out = frozenset({words("palsy facial peripheral"), words("facial palsy")})
    assert without(PALSY, left_out, kept=()).terms == ()
    assert without(PALSY, left_out, kept=("Facial palsy",)).terms == ("Facial palsy",)
    assert without(PALSY, frozenset({words("palsy facial")}), kept=()) == PALSY


async def test_all_codes_come_in_batches_that_tell_their_number():
    codes = [code(f"A{number:04d}", "x") for number in range(BATCH + 1)]
    batches = [batch async for batch in Documents("r" * 64, codes, {}).batches()]
    assert [len(batch.codes) for batch in batches] == [BATCH, 1]
    assert {batch.total for batch in batches} == {BATCH + 1}


def test_a_prefix_is_held_by_the_system_of_its_code():
    held = Documents("r" * 64, [PALSY, WALKER], {})
    assert held.holds("icd10cm", "G51")
    assert held.holds("icd10cm", "G510")
    assert held.holds("hcpcs", "E014")
    assert not held.holds("icd10cm", "E014")
    assert not held.holds("icd10cm", "G5100")
    assert not held.holds("icd10pcs", "0SR")


FIRST = {
    "fractured clavicle": Code("icd10cm", "S420"),
    "peripheral facial palsies": Code("icd10cm", "G510"),
    'walker "wheeled" AND NOT (': Code("hcpcs", "E0143"),
}


@pytest.mark.parametrize("engine", sorted(ENGINES))
async def test_every_engine_answers_from_what_it_is_given(engine, tmp_path):
    held = Documents("r" * 64, [PALSY, BROKEN, WALKER], {"G510": ("Peripheral facial palsy",)})
    async with ENGINES[engine](held, Path(tmp_path)) as opened:
        assert {text: (await opened.search(text, 10))[0] for text in FIRST} == FIRST
        assert list(await opened.search("?!", 10)) == []
