"""The ICD-10-PCS order file: tables and codes in the layout of the order file."""

from __future__ import annotations

from pathlib import Path

import pytest

from services.catalog.domain.editions import DataSet, fiscal_year
from services.catalog.domain.rows import ProcedureCode
from services.catalog.importers import icd10pcs_order
from services.catalog.importers.base import FileError, Rejected
from services.catalog.importers.files import SourceFile, source_files
from services.catalog.importers.registry import recognise

NAME = "icd10pcs_order_2026.txt"


def line(number: int, code: str, valid: object, long: str) -> str:
    return f"{number:05} {code:7} {valid} {long[:60]:60} {long}"


LINES = [line(1, "0SR", 0, "Lower Joints, Replacement"), line(2, "0SR9019", 1, "Replacement of Right Hip Joint, Open")]


def source(folder: Path, content: str, name: str = NAME) -> SourceFile:
    (folder / name).write_text(content)
    (file,) = source_files(folder / name)
    return file


def rows(folder: Path, *lines: str) -> list:
    return list(icd10pcs_order.rows(source(folder, "\r\n".join(lines))))


def test_tables_and_codes(tmp_path):
    title = "Replacement of Right Hip Joint, Open"
    assert rows(tmp_path, *LINES, "") == [
        ProcedureCode("0SR", 1, 0, "Lower Joints, Replacement", "Lower Joints, Replacement", 1),
        ProcedureCode("0SR9019", 2, 1, title, title, 2),
    ]


@pytest.mark.parametrize(
    ("wrong", "reason"),
    [
        (LINES[1][:70], "not in the layout"),
        ("Add:        " + LINES[1][6:], "not in the layout"),
        (line(3, "0SRO", 1, "Hip"), "'0SRO' is no ICD-10-PCS code"),
        (line(3, "0SR901I", 1, "Hip"), "'0SR901I' is no ICD-10-PCS code"),
        (line(3, "0SR901", 1, "Hip"), "'0SR901' is no ICD-10-PCS code"),
        (line(3, "0SS", 1, "Hip"), "only codes of seven characters are billable"),
        (line(3, "0SR9029", 0, "Hip"), "only codes of seven characters are billable"),
        (line(3, "0SR9029", 1, " "), "0SR9029 has no long title"),
        (LINES[1], "a second row for 0SR9019; the first is on line 2"),
    ],
)
def test_a_line_that_is_no_code_is_left_out_with_its_number_and_the_reason(tmp_path, wrong, reason):
    found = rows(tmp_path, *LINES, wrong, line(4, "0SS", 0, "Lower Joints, Reposition"))
    (rejected,) = (row for row in found if isinstance(row, Rejected))
    assert rejected.line == 3
    assert reason in rejected.reason
    assert [row.code for row in found if isinstance(row, ProcedureCode)] == ["0SR", "0SR9019", "0SS"]


def test_a_file_of_other_lines_is_refused(tmp_path):
    with pytest.raises(FileError, match="rejected"):
        rows(tmp_path, LINES[0], *["0SR9019 Replacement"] * 100)
    with pytest.raises(FileError):
        rows(tmp_path, "", "")


@pytest.mark.parametrize(
    ("name", "year", "floor", "cut"),
    [
        (NAME, 2026, 79_500, False),
        ("ICD10PCS-ORDER-2018.TXT", 2018, 71_900, False),
        ("icd10pcs_order_2026.head300.txt", 2026, 79_500, True),
    ],
)
def test_recognised_by_name_and_first_line(tmp_path, name, year, floor, cut):
    importer, recognised = recognise(source(tmp_path, LINES[0], name)) or pytest.fail("not recognised")
    assert importer is icd10pcs_order.IMPORTER
    assert recognised.edition == fiscal_year(DataSet.ICD10PCS, year)
    assert (recognised.floor, recognised.cut) == (floor, cut)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("order_addenda_2026.txt", LINES[0]),
        ("icd10pcs_order_addenda_2026.txt", LINES[0]),
        ("icd10pcs_codes_2026.txt", "0SR9019 Replacement"),
        (NAME, "Add:        0SR9019"),
        (NAME, ""),
    ],
)
def test_not_recognised(tmp_path, name, content):
    assert recognise(source(tmp_path, content, name)) is None


def test_the_whole_file(official_data, has_official_data):
    """The 79,115 codes of FY2026 in 914 tables."""
    whole = [file for file in official_data.rglob("icd10pcs?order?2026.txt*") if "head" not in file.name]
    assert bool(whole) == has_official_data
    for path in whole:
        (file,) = source_files(path)
        _, recognised = recognise(file) or pytest.fail("not recognised")
        found = list(icd10pcs_order.rows(file))
        assert sum(row.valid for row in found) == 79_115
        assert len({row.code for row in found}) == len(found) == 79_115 + 914 >= recognised.floor
