"""Rows of an xlsx: every cell as the text that was filed, and what is refused."""

from __future__ import annotations

import gzip
import io
import subprocess
import sys
import zipfile
from datetime import date, datetime

import openpyxl
import pytest

from services.catalog.importers import sheets, unpacking
from services.catalog.importers.errors import FileError
from services.catalog.importers.files import source_files


def workbook(*rows: list[object]) -> bytes:
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    packed = io.BytesIO()
    book.save(packed)
    return packed.getvalue()


def changed(xlsx: bytes, member: str, change) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(xlsx)) as before, zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as after:
        for info in before.infolist():
            content = before.read(info)
            after.writestr(info.filename, change(content) if info.filename == member else content)
    return packed.getvalue()


SHARED = "application/vnd.openxmlformats-officedocument.spreadsheetml.sharedStrings+xml"


def with_shared_strings(strings: bytes) -> bytes:
    """A workbook whose one cell is the first of its shared strings, as Excel writes (openpyxl writes them inline)."""
    part = f'<Override PartName="/xl/sharedStrings.xml" ContentType="{SHARED}"/></Types>'.encode()
    xlsx = changed(workbook(["x"]), "[Content_Types].xml", lambda types: types.replace(b"</Types>", part))
    inline = b't="inlineStr"><is><t>x</t></is>'
    xlsx = changed(xlsx, "xl/worksheets/sheet1.xml", lambda sheet: sheet.replace(inline, b't="s"><v>0</v>'))
    packed = io.BytesIO(xlsx)
    with zipfile.ZipFile(packed, "a") as archive:
        archive.writestr("xl/sharedStrings.xml", strings)
    return packed.getvalue()


STRINGS = b'<sst xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><si><t>27250</t></si></sst>'


def rows(xlsx: bytes) -> list[tuple[int, tuple[str, ...]]]:
    return list(sheets.read_rows(io.BytesIO(xlsx), "table.xlsx"))


def test_cells_are_the_text_that_was_filed():
    filed = [27250, 3.82, 1.0, "00100", "   A1", True, None, date(2026, 4, 1), datetime(2026, 4, 1, 9, 30), 0.1 + 0.2]  # noqa: DTZ001 - a cell has no zone
    assert rows(workbook(["Code", "Value"], filed)) == [
        (1, ("Code", "Value")),
        (2, ("27250", "3.82", "1", "00100", "   A1", "TRUE", "", "2026-04-01", "2026-04-01T09:30:00", "0.3")),
    ]


def test_text_that_looks_like_markup_or_a_formula_stays_text():
    assert rows(workbook(["<b>hip</b> & thigh", "'=1+1"]))[0][1] == ("<b>hip</b> & thigh", "'=1+1")


def test_rows_keep_the_numbers_of_the_sheet():
    assert [(number, cells[:1]) for number, cells in rows(workbook(["a"], [], ["c"]))] == [
        (1, ("a",)),
        (2, ()),
        (3, ("c",)),
    ]


def test_a_sheet_that_states_a_wrong_dimension_is_read_whole():
    def one_cell(sheet: bytes) -> bytes:
        assert b'<dimension ref="A1:B3"' in sheet
        return sheet.replace(b'<dimension ref="A1:B3"', b'<dimension ref="A1"')

    wrong = changed(workbook(["a", "b"], ["c", "d"], ["e", "f"]), "xl/worksheets/sheet1.xml", one_cell)
    assert [cells for _, cells in rows(wrong)] == [("a", "b"), ("c", "d"), ("e", "f")]


@pytest.mark.parametrize("name", ["table.xlsx", "table.xlsx.gz", "release.zip"])
def test_however_it_is_packed(tmp_path, name):
    content = workbook(["Code"], [27250])
    if name.endswith(".gz"):
        content = gzip.compress(content)
    if name.endswith(".zip"):
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w") as archive:
            archive.writestr("table.xlsx", content)
        content = packed.getvalue()
    (tmp_path / name).write_bytes(content)
    (file,) = source_files(tmp_path / name)
    assert file.name == "table.xlsx"
    assert list(file.xlsx_rows()) == [(1, ("Code",)), (2, ("27250",))]


def test_strings_that_are_kept_apart():
    assert rows(with_shared_strings(STRINGS)) == [(1, ("27250",))]


ENTITIES = b'<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>'


@pytest.mark.parametrize(
    "hostile",
    [
        changed(workbook(["27250"]), "xl/worksheets/sheet1.xml", lambda xml: ENTITIES + xml.replace(b"27250", b"&b;")),
        with_shared_strings(ENTITIES + STRINGS.replace(b"27250", b"&b;")),
    ],
    ids=["in the sheet", "in the strings"],
)
def test_entities_inside_are_refused(hostile):
    with pytest.raises(FileError):
        rows(hostile)


def test_a_bomb_inside_is_refused():
    bomb = changed(
        workbook(["a"]), "xl/worksheets/sheet1.xml", lambda _: bytes(unpacking.RATIO_COUNTS_FROM + (1 << 20))
    )
    assert len(bomb) < 200_000
    with pytest.raises(FileError, match="decompression bomb"):
        rows(bomb)


def test_a_row_number_beyond_any_sheet_is_refused(monkeypatch):
    monkeypatch.setattr(sheets, "MAX_ROWS", 100)
    far = changed(workbook(["a"]), "xl/worksheets/sheet1.xml", lambda sheet: sheet.replace(b'r="1"', b'r="999999999"'))
    with pytest.raises(FileError, match="more than 100 rows"):
        rows(far)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"Code,Value\n27250,1\n",
        workbook(["a"])[:-200],
        changed(workbook(["a"]), "xl/workbook.xml", lambda _: b"<workbook/>"),
        changed(workbook(["a"]), "xl/worksheets/sheet1.xml", lambda sheet: sheet[:-40]),
        with_shared_strings(b"not xml"),
    ],
    ids=["empty", "csv", "truncated", "no sheets", "sheet not well-formed", "strings not well-formed"],
)
def test_what_is_no_workbook_says_so(content):
    with pytest.raises(FileError, match=r"table\.xlsx"):
        rows(content)


def test_importing_the_readers_does_not_load_openpyxl():
    code = "import sys, services.catalog.importers.files; print('openpyxl' in sys.modules)"
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert told.stdout.strip() == "False"
