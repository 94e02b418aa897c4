"""The titles of ICD-9-CM: diagnoses and procedures in files of one layout."""

from __future__ import annotations

from pathlib import Path

import pytest

from services.catalog.domain.editions import DataSet, fiscal_year
from services.catalog.domain.rows import Icd9Code
from services.catalog.importers import icd9cm_titles
from services.catalog.importers.base import FileError, Rejected
from services.catalog.importers.files import SourceFile, source_files
from services.catalog.importers.registry import recognise

DIAGNOSES, PROCEDURES = "CMS32_DESC_LONG_DX.txt", "CMS32_DESC_LONG_SG.txt"
LINES = ["83500 Closed dislocation of hip", "042   HIV disease", "E8859 Fall from slipping", "V4581 Bypass status"]


def source(folder: Path, content: str | bytes, name: str = DIAGNOSES) -> SourceFile:
    (folder / name).write_bytes(content.encode() if isinstance(content, str) else content)
    (file,) = source_files(folder / name)
    return file


def test_diagnoses_and_procedures(tmp_path):
    assert list(icd9cm_titles.rows(source(tmp_path, "\n".join(LINES)))) == [
        Icd9Code("83500", "Closed dislocation of hip", 1),
        Icd9Code("042", "HIV disease", 2),
        Icd9Code("E8859", "Fall from slipping", 3),
        Icd9Code("V4581", "Bypass status", 4),
    ]
    assert list(icd9cm_titles.rows(source(tmp_path, "8151 Total hip replacement\r\n", PROCEDURES))) == [
        Icd9Code("8151", "Total hip replacement", 1)
    ]


def test_letters_with_accents_as_cms_wrote_them(tmp_path):
    (row,) = icd9cm_titles.rows(source(tmp_path, "38600 Ménière's disease".encode("latin-1")))
    assert row.title == "Ménière's disease"


@pytest.mark.parametrize(
    ("wrong", "reason"),
    [
        ("835.01 Posterior dislocation", "not in the layout"),
        ("83501", "not in the layout"),
        ("S7300 Dislocation", "not in the layout"),
        ("83500 Closed dislocation of hip", "a second row for 83500; the first is on line 1"),
    ],
)
def test_a_line_that_is_no_code_is_left_out_with_line_and_reason(tmp_path, wrong, reason):
    found = list(icd9cm_titles.rows(source(tmp_path, "\n".join([*LINES, wrong]))))
    (rejected,) = (row for row in found if isinstance(row, Rejected))
    assert (rejected.line, len(found)) == (5, 5)
    assert reason in rejected.reason


def test_a_file_of_other_lines_is_refused(tmp_path):
    with pytest.raises(FileError, match="rejected"):
        list(icd9cm_titles.rows(source(tmp_path, "\n".join([LINES[0], *["Chapter 1"] * 100]))))


@pytest.mark.parametrize(
    ("name", "content", "data_set", "year", "cut"),
    [
        (DIAGNOSES, LINES[0], DataSet.ICD9CM, 2015, False),
        (PROCEDURES, "8151 Total hip replacement", DataSet.ICD9PROC, 2015, False),
        ("cms29_desc_long_dx.txt", LINES[2], DataSet.ICD9CM, 2012, False),
        ("CMS32_DESC_LONG_SG.head10.txt", "8151 Total hip replacement", DataSet.ICD9PROC, 2015, True),
    ],
)
def test_the_version_in_the_name_is_a_fiscal_year(tmp_path, name, content, data_set, year, cut):
    importer, recognised = recognise(source(tmp_path, content, name)) or pytest.fail("not recognised")
    assert importer is icd9cm_titles.IMPORTER
    assert (recognised.edition, recognised.cut) == (fiscal_year(data_set, year), cut)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("CMS32_DESC_SHORT_DX.txt", LINES[0]),
        ("CMS32_DESC_LONG_SHORT_DX.xlsx", LINES[0]),
        (DIAGNOSES, "Code  Title"),
        (DIAGNOSES, ""),
        (PROCEDURES, "V4581 Bypass status"),
    ],
)
def test_not_recognised(tmp_path, name, content):
    assert recognise(source(tmp_path, content, name)) is None


def test_the_whole_files(official_data, has_official_data):
    whole = {path.name.removesuffix(".gz"): path for path in official_data.rglob("CMS32_DESC_LONG_*.txt*")}
    assert bool(whole) == has_official_data
    counts = {DIAGNOSES: 14_567, PROCEDURES: 3_882}
    for name, path in whole.items():
        (file,) = source_files(path)
        _, recognised = recognise(file) or pytest.fail("not recognised")
        found = list(icd9cm_titles.rows(file))
        assert len({row.code for row in found}) == len(found) == counts[name] >= recognised.floor
