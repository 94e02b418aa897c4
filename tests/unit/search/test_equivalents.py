"""Codes of ICD-9-CM as a way to those of ICD-10."""

from __future__ import annotations

from datetime import date

import pytest

from services.search.domain.documents import Equivalent, Hit, IndexedCode, MatchKind
from services.search.domain.equivalents import Equivalents, Mapped
from services.search.domain.filters import Filters, Status
from services.search.domain.query import understand
from services.search.domain.reasons import why

HIP = Equivalent("83500", "835.00", True)
TITLE = "Closed dislocation of hip"


def code(number, system="icd10cm", phrases=()):
    return IndexedCode(system, number, number, "x", True, (), None, None, "", phrases)


def lent(target, *rows):
    found = Equivalents()
    found.add(rows)
    return found.lent_to(target)


def test_a_code_gets_the_codes_that_lead_to_it_and_their_titles():
    found = lent(code("S73006A", phrases=("Dislocation, hip",)), Mapped("icd10cm", "S73006A", HIP, TITLE, True))
    assert found.equivalents == (HIP,)
    assert found.phrases == ("Dislocation, hip", TITLE)


def test_the_other_direction_lends_nothing():
    """Of ICD-10 many codes lead to one of ICD-9-CM, whose title says less than theirs."""
    assert lent(code("S73005A"), Mapped("icd10cm", "S73005A", HIP, TITLE, False)) == code("S73005A")


def test_a_title_that_an_index_has_too_is_one_phrase_and_none_is_none():
    assert lent(code("A", phrases=(TITLE,)), Mapped("icd10cm", "A", HIP, TITLE, True)).phrases == (TITLE,)
    assert lent(code("A"), Mapped("icd10cm", "A", HIP, "", True)).phrases == ()


def test_codes_of_two_systems_are_not_mixed():
    row = Mapped("icd10pcs", "0010070", Equivalent("0010", "00.10", True), "x", True)
    assert lent(code("0010070", "icd10cm"), row) == code("0010070", "icd10cm")


@pytest.mark.parametrize("one", [HIP, Equivalent("042", "042", False)])
def test_what_an_index_keeps_comes_back(one):
    assert Equivalent.unpacked(one.packed()) == one


@pytest.mark.parametrize(
    ("typed", "reason"),
    [
        ("835.00", "from ICD-9-CM 835.00 by GEM, approximate"),
        ("83500", "from ICD-9-CM 835.00 by GEM, approximate"),
        ("V45.81", "from ICD-9-CM V45.81 by GEM"),
    ],
)
def test_the_reason_names_the_code_that_was_typed(typed, reason):
    known = (Equivalent("V4581", "V45.81", False), HIP)
    hit = Hit("icd10cm", "S73006A", "S73.006A", "x", True, MatchKind.EQUIVALENT, equivalents=known)
    assert why(understand(typed), hit) == reason


@pytest.mark.parametrize("filters", [Filters(system="icd9cm"), Filters(on=date(2015, 1, 5))])
def test_icd9_is_set_aside_unless_it_is_asked_for(filters):
    assert understand("hip").set_aside == ("icd9cm", "icd9proc")
    assert understand("hip", Filters(system="cpt")).set_aside == ("icd9cm", "icd9proc")
    assert understand("hip", filters).set_aside == ()


def test_whoever_looks_for_what_is_retired_finds_no_icd9_unless_the_system_is_asked_for():
    today = date(2026, 11, 29)
    assert understand("hip", Filters(status=Status.RETIRED, today=today)).set_aside
    assert understand("hip", Filters(system="icd9cm", status=Status.RETIRED, today=today)).set_aside == ()
