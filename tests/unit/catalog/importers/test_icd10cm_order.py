"""The ICD-10-CM order file: fixed width, one line a code, headers included."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.catalog.domain.editions import DataSet, fiscal_year
from services.catalog.domain.rows import OrderCode
from services.catalog.importers import icd10cm_order
from services.catalog.importers.base import FileError, Rejected
from services.catalog.importers.files import SourceFile, source_files
from services.catalog.importers.registry import recognise

NAME = "icd10cm_order_2026.txt"


def line(number: int, code: str, valid: object, short: str, long: str) -> str:
    return f"{number:05} {code:7} {valid} {short:60} {long}"


LINES = [
    line(1, "S73", 0, "Hip out", "Hip out of its place"),
    line(2, "S73005A", 1, "Left hip", "Left hip, first visit"),
]


def source(folder: Path, content: str | bytes, name: str = NAME) -> SourceFile:
    (folder / name).write_bytes(content.encode() if isinstance(content, str) else content)
    (file,) = source_files(folder / name)
    return file


def rows(folder: Path, content: str | bytes) -> list:
    return list(icd10cm_order.rows(source(folder, content)))


@pytest.mark.parametrize("end", ["\r\n", "\n"])
def test_headers_and_billable_codes(tmp_path, end):
    assert rows(tmp_path, end.join([*LINES, "", ""])) == [
        OrderCode("S73", 1, 0, "Hip out", "Hip out of its place", 1),
        OrderCode("S73005A", 2, 1, "Left hip", "Left hip, first visit", 2),
    ]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "latin-1"])
def test_positions_are_characters_in_either_encoding(tmp_path, encoding):
    content = line(1, "H8101", 1, "Ménière's, right", "Ménière's of the right ear").encode(encoding)
    assert rows(tmp_path, content) == [OrderCode("H8101", 1, 1, "Ménière's, right", "Ménière's of the right ear", 1)]


def test_markup_in_titles_stays_text(tmp_path):
    (row,) = rows(tmp_path, line(1, "S73", 0, "<b>Hip</b>", "<script>&amp;</script>"))
    assert (row.short_title, row.long_title) == ("<b>Hip</b>", "<script>&amp;</script>")


@pytest.mark.parametrize(
    ("wrong", "reason"),
    [
        ("", "not in the layout"),
        (LINES[1][:70], "not in the layout"),
        (LINES[1].replace(" ", "\t"), "not in the layout"),
        ("Add:        " + LINES[1][6:], "not in the layout"),
        (line(3, "S73.005", 1, "Left hip", "Left hip"), "not in the layout"),
        (line(3, "s73005A", 1, "Left hip", "Left hip"), "not in the layout"),
        (line(3, "S7", 1, "Left hip", "Left hip"), "'S7' is no ICD-10-CM code"),
        (line(3, "0SRB0J9", 1, "Left hip", "Left hip"), "'0SRB0J9' is no ICD-10-CM code"),
        (line(3, "S7 005A", 1, "Left hip", "Left hip"), "'S7 005A' is no ICD-10-CM code"),
        (line(3, "S730", 2, "Left hip", "Left hip"), "'2' in column 15"),
        (line(3, "S730", 1, "Left hip", " "), "S730 has no long title"),
        (LINES[1], "a second row for S73005A; the first is on line 2"),
    ],
)
def test_a_line_that_is_no_code_is_left_out_with_its_number_and_the_reason(tmp_path, wrong, reason):
    wrong = wrong or "x"
    found = rows(tmp_path, "\n".join([*LINES, wrong, line(4, "T07", 0, "Many", "Many injuries")]))
    (rejected,) = (row for row in found if isinstance(row, Rejected))
    assert rejected.line == 3
    assert reason in rejected.reason
    assert [row.code for row in found if isinstance(row, OrderCode)] == ["S73", "S73005A", "T07"]


def test_a_file_of_other_lines_is_refused(tmp_path):
    with pytest.raises(FileError, match="rejected"):
        rows(tmp_path, "\n".join([LINES[0], *["A00 Cholera"] * 100]))
    with pytest.raises(FileError):
        rows(tmp_path, "\n\n")


def test_wrong_encodings_and_truncated_downloads_are_refused(tmp_path):
    with pytest.raises(FileError, match="UTF-16"):
        rows(tmp_path, "\n".join(LINES).encode("utf-16"))
    with pytest.raises(FileError, match="byte 0x81") as raised:
        rows(tmp_path, LINES[0].encode() + b"\n" + LINES[1].encode() + b"\x81\n")
    assert raised.value.line == 2
    (tmp_path / f"{NAME}.gz").write_bytes(gzip.compress("\n".join(LINES * 500).encode())[:-9])
    (file,) = source_files(tmp_path / f"{NAME}.gz")
    with pytest.raises(FileError, match="truncated"):
        list(icd10cm_order.rows(file))


TITLES = st.text(st.characters(min_codepoint=32, codec="latin-1", exclude_categories=["Cc"]), min_size=1).map(str.strip)


@given(
    st.from_regex(r"[A-Z][0-9A-Z]{2,6}", fullmatch=True),
    st.integers(0, 99_999),
    st.integers(0, 1),
    TITLES.map(lambda title: title[:60].strip()),
    TITLES.filter(bool),
)
def test_what_was_filed_comes_back(code, number, valid, short, long):
    found = icd10cm_order._order_code(7, line(number, code, valid, short, long))
    assert found == OrderCode(code, number, valid, short, long, 7)


@pytest.mark.parametrize(
    ("name", "year", "cut"),
    [
        ("icd10cm_order_2026.txt", 2026, False),
        ("icd10cm-order-2026.txt", 2026, False),
        ("ICD10CM_ORDER_2026.TXT", 2026, False),
        ("icd10cm-order-April-2026.txt", 2026, False),
        ("icd10cm-order-April-1-2026.txt", 2026, False),
        ("icd10cm-order-October-1-2026.txt", 2027, False),
        ("icd10cm_order_2026.head300.txt", 2026, True),
    ],
)
def test_recognised_by_name_and_first_line(tmp_path, name, year, cut):
    importer, recognised = recognise(source(tmp_path, LINES[0], name)) or pytest.fail("not recognised")
    assert importer is icd10cm_order.IMPORTER
    assert recognised.edition == fiscal_year(DataSet.ICD10CM, year)
    assert (recognised.part, recognised.parts, recognised.cut) == ("order", ("order",), cut)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("icd10cm_order_addenda_2026.txt", LINES[0]),
        ("icd10cm-order-addenda-April-1-2026.txt", LINES[0]),
        ("icd10cm_codes_2026.txt", "S73005A Left hip"),
        (NAME, "Add:        S73005A"),
        (NAME, ""),
        (NAME, line(1, "0SRB0J9", 1, "Replace", "Replace")),
    ],
)
def test_not_recognised(tmp_path, name, content):
    assert recognise(source(tmp_path, content, name)) is None


def test_the_whole_file(official_data, has_official_data):
    """The 98,186 codes of FY2026, 74,719 billable."""
    if not has_official_data:
        print("MEDCODES_TEST_DATA is not set, and the sample set has no order file: nothing to count")
        assert not list(official_data.rglob("icd10cm?order*"))
        return
    orders = [file for file in official_data.rglob("icd10cm?order?2026.txt*") if "head" not in file.name]
    (file,) = source_files(orders[0])
    _, recognised = recognise(file) or pytest.fail("not recognised")
    found = list(icd10cm_order.rows(file))
    assert all(isinstance(row, OrderCode) for row in found)
    assert len({row.code for row in found}) == len(found) == 98_186 >= recognised.floor
    assert sum(row.valid for row in found) == 74_719
    assert [row.order_number for row in found] == [row.line for row in found]
