"""What every search index promises of ICD-9-CM, its ways to ICD-10, and of ICD-10-PCS."""

from __future__ import annotations

from datetime import date

import pytest

from services.search.domain.documents import Equivalent, IndexedCode, MatchKind
from services.search.domain.filters import Status
from services.search.domain.query import understand
from services.search.domain.reasons import why
from tests.contract.search.asking import counts, displays, search, suggested

NOW, THEN = (date(2025, 10, 1), None), (date(2014, 10, 1), date(2015, 9, 30))


def current(system, display, description, *equivalents, terms=()):
    """A code that codes of ICD-9-CM lead to, each given as displayed and whether it is approximate."""
    known = tuple(Equivalent(shown.replace(".", ""), shown, rough) for shown, rough in equivalents)
    code = IndexedCode(system, display.replace(".", ""), display, description, True, terms, *NOW, "")
    return code._replace(equivalents=known)


def old(system, display, description):
    return IndexedCode(system, display.replace(".", ""), display, description, None, (), *THEN, "")


CODES = sorted(
    [
        current("cpt", "27250", "Hip put back in place"),
        current("icd10cm", "A00.0", "Cholera due to Vibrio cholerae", ("001.0", False)),
        current("icd10cm", "I15.9", "Secondary hypertension, unspecified", ("405.99", True), ("405.19", True)),
        current("icd10cm", "Z96.641", "Presence of right artificial hip joint", terms=("Right hip replacement",)),
        current("icd10pcs", "0SR90J9", "Replacement of Right Hip Joint with Synthetic Substitute", ("81.51", True)),
        current("icd10pcs", "3E00X05", "Introduction of Antineoplastic", ("00.10", True)),
        old("icd9cm", "001.0", "Cholera due to vibrio cholerae"),
        old("icd9cm", "405.19", "Other benign secondary hypertension"),
        old("icd9cm", "405.99", "Other unspecified secondary hypertension"),
        old("icd9cm", "272.50", "Lipids too low"),
        old("icd9proc", "00.10", "Implantation of chemotherapeutic agent"),
        old("icd9proc", "81.51", "Total hip replacement"),
    ]
)


@pytest.fixture(scope="module")
def indexed_codes():
    return CODES


async def test_a_code_of_icd9_leads_to_those_that_took_its_place(index):
    found = await search(index, "405.99")
    assert [(hit.display, hit.kind) for hit in found.hits] == [
        ("405.99", MatchKind.EXACT),
        ("I15.9", MatchKind.EQUIVALENT),
    ]
    assert why(understand("405.99"), found.hits[1]) == "from ICD-9-CM 405.99 by GEM, approximate"


async def test_the_way_is_open_within_a_system(index):
    within = await search(index, "40519", system="icd10cm")
    assert [why(understand("40519"), hit) for hit in within.hits] == ["from ICD-9-CM 405.19 by GEM, approximate"]


async def test_the_dot_tells_diagnoses_and_procedures_of_icd9_apart(index):
    assert await displays(index, "001.0") == ["001.0", "00.10", "A00.0"]
    assert await displays(index, "00.10") == ["00.10", "001.0", "3E00X05"]
    assert await displays(index, "0010") == ["001.0", "00.10", "A00.0", "3E00X05"]
    assert why(understand("001.0"), (await search(index, "001.0")).hits[2]) == "from ICD-9-CM 001.0 by GEM"


async def test_codes_of_icd9_come_last_by_prefix(index):
    assert await displays(index, "272") == ["27250", "272.50"]
    assert await displays(index, "405") == ["405.19", "405.99"]


async def test_codes_of_icd9_are_found_by_words_only_where_they_are_asked_for(index):
    assert await displays(index, "secondary hypertension") == ["I15.9"]
    assert set(await displays(index, "secondary hypertension", system="icd9cm")) == {"405.19", "405.99"}
    assert set(await displays(index, "secondary hypertension", on=date(2015, 1, 5))) == {"405.19", "405.99"}
    assert "81.51" not in await suggested(index, "total hip")


@pytest.mark.parametrize("typed", ["0SR", "0sr9", "0SR90J"])
async def test_procedures_are_found_by_the_beginning_of_their_code(index, typed):
    (hit,) = (await search(index, typed)).hits
    assert (hit.display, hit.kind) == ("0SR90J9", MatchKind.PREFIX)


async def test_who_names_a_procedure_finds_it_before_a_diagnosis_that_mentions_it(index):
    assert (await displays(index, "right hip replacement"))[:2] == ["0SR90J9", "Z96.641"]
    assert (await displays(index, "history of right hip replacement"))[0] == "Z96.641"


async def test_a_status_finds_as_many_codes_as_it_counts(index):
    today = date(2026, 1, 1)
    counted = (await counts(index, "secondary hypertension", today=today))["status"]
    for status in Status:
        found = await search(index, "secondary hypertension", today=today, status=status)
        assert found.total == counted.get(status, 0)
