"""What every reader of index terms does, over the file adapter and the one in memory that unit tests use."""

from __future__ import annotations

import pytest

from services.catalog.adapters.sqlite_release import SqliteRelease
from services.catalog.domain.editions import DataSet, fiscal_year
from services.catalog.domain.rows import IndexCode, IndexTerm
from tests.catalog_memory import MemoryRelease
from tests.unit.catalog.build import official_files as files

INDEX = fiscal_year(DataSet.ICD10CM_INDEX, 2026)
DRUGS = fiscal_year(DataSet.ICD10CM_DRUGS, 2026)
NOT_HERE = fiscal_year(DataSet.ICD10CM_INDEX, 2020)


@pytest.fixture(scope="module")
def sqlite(tmp_path_factory):
    folder = tmp_path_factory.mktemp("indexes")
    files.small_indexes(folder)
    built = files.build(tmp_path_factory.mktemp("release"), folder)
    reader = SqliteRelease(built.database, built.id)
    yield reader
    reader.close()


@pytest.fixture(scope="module")
def memory(sqlite):
    release = MemoryRelease(sqlite.release_id)
    for loaded in sqlite.editions:
        for row_type in (IndexTerm, IndexCode):
            release.filed += sqlite.rows(row_type, loaded.edition)
    return release


@pytest.fixture(params=["sqlite", "memory"])
def indexes(request):
    return request.getfixturevalue(request.param).indexes


def titles(entries) -> list[str]:
    return [entry.term.title for entry in entries]


def test_all_terms_in_batches(indexes):
    found, after = [], 0
    while batch := indexes.terms_after(INDEX, after, 2):
        found += batch
        after = batch[-1].term.number
    assert titles(found) == ["Hip, hips", "out of place", "left", "growth", "Hop", "Herb NEC"]
    assert [entry.has_children for entry in found] == [True, True, False, False, False, False]
    assert len(found) == indexes.count(INDEX)
    assert {entry.file for entry in found} == {"icd10cm-index-April-1-2026.xml"}


def test_codes_come_with_their_term_by_column(indexes):
    (herb,) = indexes.terms_after(DRUGS, 0, 10)
    assert [(code.column, code.code) for code in herb.codes] == [
        ("poisoning_accidental", "T510X1"),
        ("underdosing", "T510X6"),
    ]
    hop = indexes.named(INDEX, 0, "Hop")
    assert hop.codes == ()
    out = indexes.terms_after(INDEX, 1, 1)[0]
    assert [(code.code, code.manifestation, code.manifestation_more) for code in out.codes] == [("S73", "M905", 1)]


def test_terms_below_a_term_page_by_page(indexes):
    assert titles(indexes.below(INDEX, 0, "", 0, 10)) == ["Hip, hips", "Hop", "Herb NEC"]
    assert titles(indexes.below(INDEX, 0, "H", 1, 1)) == ["Hop"]
    assert titles(indexes.below(INDEX, 1, "", 0, 10)) == ["out of place", "growth"]
    assert indexes.below(INDEX, 0, "Q", 0, 10) == indexes.below(INDEX, 99, "", 0, 10) == []


def test_letters(indexes):
    assert (indexes.letters(INDEX), indexes.letters(DRUGS)) == (["H"], ["#"])


@pytest.mark.parametrize(
    ("parent", "title", "found"),
    [
        (0, "hop", "Hop"),
        (0, "HOP", "Hop"),
        (0, "herb", "Herb NEC"),
        (0, "Herb NEC", "Herb NEC"),
        (0, "Ho", None),
        (1, "out of place", "out of place"),
        (1, "Hop", None),
        (0, "", None),
        (0, "%", None),
    ],
)
def test_a_term_by_its_title(indexes, parent, title, found):
    entry = indexes.named(INDEX, parent, title)
    assert (entry.term.title if entry else None) == found


def test_a_title_that_goes_on_with_a_comma_is_found_by_its_beginning(indexes):
    neoplasms = fiscal_year(DataSet.ICD10CM_NEOPLASMS, 2026)
    assert indexes.named(neoplasms, 0, "neoplasm").term.title == "Neoplasm, neoplastic"
    assert indexes.named(neoplasms, 0, "neoplasm, neoplastic").term.title == "Neoplasm, neoplastic"


def test_an_edition_that_is_not_there_has_no_terms(indexes):
    assert indexes.count(NOT_HERE) == 0
    assert indexes.terms_after(NOT_HERE, 0, 10) == indexes.below(NOT_HERE, 0, "", 0, 10) == []
    assert indexes.letters(NOT_HERE) == []
    assert indexes.named(NOT_HERE, 0, "Hop") is None
