"""NCCI add-on codes: `AOC_VyyyyQn[-NN|-F]-MCR.xlsx`, and the same sheet as txt or csv.

Layout: a notice in the first row, the header in the second, eight columns, dates as YYYYDDD (day of the year). Type 1
rows list the primary codes, type 2 and 3 leave some or all of them to the contractor ("CCCCC"). NCCI Policy Manual,
chapter I.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import date
from functools import partial

from services.catalog.domain.editions import DataSet, quarter
from services.catalog.domain.rows import AddOn, Row

from .base import FileError, Importer, Recognised, Rejected
from .file_names import is_cut
from .files import SourceFile
from .official_dates import DayOfYearDates
from .rejections import checked, in_columns

# 9,000 rows in 2026 Q2; rows stay in the table after their deletion date, so it hardly shrinks.
FLOOR = 8_500

_NAME = re.compile(r"AOC_V(?P<year>\d{4})Q(?P<quarter>[1-4])(-\w+)?-MCR\b.*\.(xlsx|csv|txt)", re.IGNORECASE)
_HEADER = (
    "AOC_Edit_Type",
    "Add-On_Code",
    "AOC_DelDT",
    "Primary_Code",
    "Primary_Code_DelDT",
    "AOC_Edit_EffDT",
    "AOC_Edit_DelDT",
    "Special_Instruction_Notes",
)
_HEADER_WITHIN = 25  # lines: the notice has several in one cell
_CODE = re.compile(r"[0-9A-Z]{5}")


def recognise(source: SourceFile) -> Recognised | None:
    name = _NAME.fullmatch(source.name)
    if name is None or not _has_add_on_content(source):
        return None
    begins = date(int(name["year"]), int(name["quarter"]) * 3 - 2, 1)
    return Recognised(quarter(DataSet.ADD_ON, begins), FLOOR, cut=is_cut(source.name))


def _has_add_on_content(source: SourceFile) -> bool:
    if source.name.lower().endswith(".xlsx"):
        return source.head(2) == b"PK"
    return b"AOC_Edit_Type" in source.head(8192)


def rows(source: SourceFile) -> Iterator[Row | Rejected]:
    """Yields `AddOn` in the file's order. Raises FileError where the header has other columns."""
    records = ((number, [cell.strip() for cell in cells]) for number, cells in _records(source))
    _skip_header(source.name, records)
    filled = ((number, cells) for number, cells in records if any(cells))
    return checked(source.name, filled, partial(_add_on, DayOfYearDates("")))


def _records(source: SourceFile) -> Iterator[tuple[int, Sequence[str]]]:
    if source.name.lower().endswith(".xlsx"):
        return in_columns(source.xlsx_rows(), len(_HEADER))
    return source.csv_rows("\t" if b"AOC_Edit_Type\t" in source.head(8192) else ",")


def _skip_header(file: str, records: Iterator[tuple[int, list[str]]]) -> None:
    number = 0
    for number, cells in records:
        if cells[:1] == [_HEADER[0]]:
            if tuple(cells) != _HEADER:
                raise FileError(file, number, f"the header's columns are not {', '.join(_HEADER)}")
            return
        if number > _HEADER_WITHIN:
            break
    raise FileError(file, number, f"no header that begins with {_HEADER[0]}")


def _add_on(iso: DayOfYearDates, line: int, cells: list[str]) -> AddOn:
    if len(cells) != len(_HEADER):
        raise ValueError(f"{len(cells)} columns instead of {len(_HEADER)}")
    edit_type, add_on, add_on_deleted, primary, primary_deleted, effective, deleted, note = cells
    if edit_type not in ("1", "2", "3"):
        raise ValueError(f"edit type {edit_type!r} is none of 1, 2, 3")
    for column, code in (("add-on", add_on), ("primary", primary)):
        if not _CODE.fullmatch(code):
            raise ValueError(f"{column} code {code!r} is no code")
    if not effective:
        raise ValueError("no effective date")
    return AddOn(
        edit_type,
        add_on,
        iso[add_on_deleted],
        primary,
        iso[primary_deleted],
        iso[effective],
        iso[deleted],
        note.strip('"'),  # the sheet quotes some notes once more
        line,
    )


IMPORTER = Importer("NCCI add-on codes", recognise, rows)
