"""Physician Fee Schedule relative values: `PPRRVUyyyy_Mon.csv` (31 columns, 32 from 2026 on) and `.txt` (fixed width).

The csv has a title and a wrapped header; its last header line begins with `HCPCS,MOD,DESCRIPTION`. Columns are read
by position; the 32 columns of 2026 have the price indicator ("PRIC" over "IND") after the team surgery column. The
txt's positions are those of the record layout that comes with the release (RVUyyx, "National Physician Fee Schedule
Relative Value File").

From 2026 on there are two files a quarter that differ in the conversion factor. `_nonQPP` is the edition's table;
`_QPP` (for participants of qualifying alternative payment models) is left not known.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from services.catalog.domain.editions import DataSet
from services.catalog.domain.rows import Row, Rvu

from .base import FileError, Importer, Recognised, Rejected
from .file_names import MONTH, is_cut, quarter_of_month
from .files import SourceFile
from .rejections import checked

# 19,090 rows in October 2025; the file has grown for years.
FLOOR = 17_000

_NAME = re.compile(rf"PPRRVU(?P<year>(20)?\d\d)_(?P<month>{MONTH})([_.-].*)?\.(csv|txt)", re.IGNORECASE)
_QPP = re.compile(r"_QPP", re.IGNORECASE)

_HEADER_BEGINS = ["HCPCS", "MOD", "DESCRIPTION"]
_HEADER_WITHIN = 15
_COLUMNS = 31
_PRICE_INDICATOR = 23  # its position, counted from 0, where there are 32 columns
_FIELDS = len(Rvu._fields) - 1

# Positions of the txt, 1-based and both included, in the order of Rvu's fields.
_POSITIONS = (
    (1, 5),
    (6, 7),
    (8, 57),
    (58, 58),
    (59, 59),
    (60, 65),
    (67, 72),
    (73, 74),
    (76, 81),
    (82, 83),
    (85, 89),
    (91, 96),
    (97, 102),
    (103, 103),
    (104, 106),
    (107, 109),
    (110, 112),
    (113, 115),
    (116, 116),
    (117, 117),
    (118, 118),
    (119, 119),
    (120, 120),
    (128, 132),
    (133, 140),
    (142, 143),
    (144, 144),
    (146, 147),
)
_SLICES = tuple(slice(first - 1, last) for first, last in _POSITIONS)
_LAST_POSITION = _POSITIONS[-1][1]

_CODE = re.compile(r"[0-9A-Z]{5}")
_FIGURE = re.compile(r"\d{0,4}\.\d+")
_DECIMALS = tuple(
    Rvu._fields.index(name)
    for name in (
        *("work", "pe_non_facility", "pe_facility", "mp", "total_non_facility", "total_facility"),
        *("pre_op", "intra_op", "post_op", "conversion_factor"),
    )
)
_INDICATORS = tuple(
    Rvu._fields.index(name)
    for name in ("status", "pc_tc", "multiple", "bilateral", "assistant", "co_surgeon", "team", "calculation_flag")
)
_GLOBAL_DAYS = Rvu._fields.index("global_days")


def recognise(source: SourceFile) -> Recognised | None:
    name = _NAME.fullmatch(source.name)
    if name is None or _QPP.search(source.name) or not _has_pfs_content(source):
        return None
    return Recognised(quarter_of_month(DataSet.PFS, name["year"], name["month"]), FLOOR, cut=is_cut(source.name))


def _has_pfs_content(source: SourceFile) -> bool:
    head = source.head(8192)
    return b"\nHCPCS,MOD," in head if source.name.lower().endswith(".csv") else head.startswith(b"HDR")


def rows(source: SourceFile) -> Iterator[Row | Rejected]:
    """Yields `Rvu` in the file's order. Raises FileError where the header has other columns.

    The txt writes shares of the global package as ".10", the csv as "0.10"; both give "0.10".
    """
    if source.name.lower().endswith(".csv"):
        records = _csv_records(source)
    else:
        records = ((number, _text_fields(line)) for number, line in source.lines() if not _is_frame(line))
    return checked(source.name, records, _rvu, key=lambda row: (row[0], row[1]))


def _csv_records(source: SourceFile) -> Iterator[tuple[int, list[str]]]:
    records = source.csv_rows()
    columns = _read_header(source.name, records)
    for number, cells in records:
        if any(cells):
            fields = [cell.strip() for cell in cells]
            if len(fields) != columns:
                fields = fields[: _FIELDS - 1]  # too few for a row, so that it is rejected for it
            elif columns > _COLUMNS:
                del fields[_PRICE_INDICATOR]
            yield number, fields[:_FIELDS]


def _read_header(file: str, records: Iterator[tuple[int, list[str]]]) -> int:
    """The number of columns, from the last line of the wrapped header."""
    above: list[str] = []
    number = 0
    for number, cells in records:
        if cells[:3] == _HEADER_BEGINS:
            break
        above = cells
        if number >= _HEADER_WITHIN:
            raise FileError(file, number, "no header line 'HCPCS,MOD,DESCRIPTION,...' in the first lines")
    else:
        raise FileError(file, number, "ends before its header")
    if len(cells) == _COLUMNS:
        return _COLUMNS
    if len(cells) == _COLUMNS + 1 and [line[_PRICE_INDICATOR].strip() for line in (above, cells)] == ["PRIC", "IND"]:
        return _COLUMNS + 1
    raise FileError(file, number, f"{len(cells)} columns in the header instead of 31, or 32 with PRIC IND")


def _is_frame(line: str) -> bool:
    """Header and trailer records, blank lines."""
    return line.startswith(("HDR", "TRL")) or not line.strip()


def _text_fields(line: str) -> list[str]:
    if len(line) < _LAST_POSITION:
        return []
    return [line[part].strip() for part in _SLICES]


def _rvu(line: int, fields: list[str]) -> Rvu:
    if len(fields) != _FIELDS:
        raise ValueError("not as many columns as the header" if fields else f"shorter than {_LAST_POSITION} characters")
    if not _CODE.fullmatch(fields[0]):
        raise ValueError(f"{fields[0]!r} is no code")
    for position in _DECIMALS:
        figure = fields[position]
        if not _FIGURE.fullmatch(figure):
            raise ValueError(f"{figure!r} in {Rvu._fields[position]} is no figure")
        if figure[0] == ".":
            fields[position] = "0" + figure
    for position in _INDICATORS:
        if len(fields[position]) > 1:
            raise ValueError(f"{fields[position]!r} in {Rvu._fields[position]} is no indicator of one character")
    if len(fields[_GLOBAL_DAYS]) != 3:
        raise ValueError(f"{fields[_GLOBAL_DAYS]!r} is no global days indicator")
    return Rvu._make((*fields, line))


IMPORTER = Importer("PFS relative values", recognise, rows)
