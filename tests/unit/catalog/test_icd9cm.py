"""ICD-9-CM: where a code stands, and what the mappings from and to it say in words."""

from __future__ import annotations

from datetime import date

import pytest

from services.catalog.domain.codes import display
from services.catalog.domain.editions import DataSet, fiscal_year
from services.catalog.domain.facts import Equivalences
from services.catalog.domain.filed import Filed, LoadedEdition
from services.catalog.domain.icd9cm import category, chapter
from services.catalog.domain.on_date import Chosen
from services.catalog.domain.rows import Gem
from services.catalog.domain.sections import equivalences

GEMS = fiscal_year(DataSet.GEM_DIAGNOSES, 2018)


def found(*rows, complete=True, of="icd9cm"):
    filed = [Filed(row, "2018_I9gem.txt", GEMS) for row in rows]
    return Equivalences(
        Chosen(DataSet.GEM_DIAGNOSES, LoadedEdition(GEMS, complete, 1), date(2018, 9, 30)),
        leads_to=[one for one in filed if one.row.system == of],
        led_from=[one for one in filed if one.row.system != of],
    )


def gem(other, flags, code="83500"):
    return Gem("icd9cm", code, "icd10cm", other, flags, 1)


@pytest.mark.parametrize(
    ("system", "code", "shown"),
    [
        ("icd9cm", "83500", "835.00"),
        ("icd9cm", "042", "042"),
        ("icd9cm", "V4581", "V45.81"),
        ("icd9cm", "E8859", "E885.9"),
        ("icd9cm", "E030", "E030"),
        ("icd9proc", "8151", "81.51"),
        ("icd9proc", "640", "64.0"),
        ("icd10pcs", "0SR9019", "0SR9019"),
    ],
)
def test_where_the_dot_stands(system, code, shown):
    assert display(system, code) == shown


@pytest.mark.parametrize(
    ("system", "code", "group"),
    [
        ("icd9cm", "83500", "800-999"),
        ("icd9cm", "042", "001-139"),
        ("icd9cm", "V4581", "V01-V91"),
        ("icd9cm", "E8859", "E000-E999"),
        ("icd9proc", "0010", "00-00"),
        ("icd9proc", "8151", "76-84"),
    ],
)
def test_every_code_has_a_chapter(system, code, group):
    placed = chapter(system, category(system, code))
    assert placed
    assert placed[1].group_id == group


def test_a_code_outside_of_all_chapters_has_none():
    assert chapter("icd9cm", "V999") is None


@pytest.mark.parametrize(
    ("flags", "words"),
    [
        ("00000", "Equivalent: the two say the same."),
        ("10000", "Approximate: the two do not say exactly the same."),
        ("10123", "Approximate, and only together with others"),
        ("00123", "Equivalent, but only together with others"),
    ],
)
def test_the_digits_in_words(flags, words):
    (entry,) = equivalences.entries(found(gem("S73006A", flags)))
    assert entry.text.startswith(words)
    assert (entry.value, entry.related) == (flags, ("icd10cm", "S73006A"))


def test_a_combination_names_scenario_and_list():
    (entry,) = equivalences.entries(found(gem("S73006A", "10123")))
    assert "scenario 2" in entry.text
    assert "list 3" in entry.text


def test_a_code_without_an_equivalent_says_so():
    none = found(gem("", "11000"))
    (entry,) = equivalences.entries(none)
    assert (entry.text, entry.related) == ("No code of ICD-10-CM is equivalent.", None)
    assert "no equivalent code" in equivalences.summary("icd9cm", none)


@pytest.mark.parametrize(
    ("rows", "complete", "summary"),
    [
        ([gem("S73006A", "10000")], True, "ICD-10-CM: one equivalent code, approximate (GEMs, diagnoses FY2018)."),
        ([gem("S73006A", "00000")], True, "ICD-10-CM: one equivalent code, the same (GEMs, diagnoses FY2018)."),
        (
            [gem("A", "10111"), gem("B", "10112")],
            True,
            "ICD-10-CM: 2 codes to choose from, some only together (GEMs, diagnoses FY2018).",
        ),
        (
            [Gem("icd10cm", "S73006A", "icd9cm", "83500", "10000", 1)],
            True,
            "ICD-10-CM: one code leads to this code (GEMs, diagnoses FY2018).",
        ),
        ([], True, "GEMs, diagnoses FY2018 does not hold this code: it is a header, or is younger."),
        ([], False, ""),
    ],
)
def test_the_answer_in_one_line(rows, complete, summary):
    assert equivalences.summary("icd9cm", found(*rows, complete=complete)) == summary
