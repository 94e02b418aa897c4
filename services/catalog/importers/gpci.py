"""Geographic practice cost indices: `GPCIyyyy.csv` and `.txt` (Addendum E of the Physician Fee Schedule rule).

Layout: title, blank line, header, one line a locality, footnotes. Names carry footnote stars. The csv comes out of a
spreadsheet, which drops trailing zeros ("1" for "1.000"); both forms give the three decimals that CMS publishes.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from services.catalog.domain.editions import DataSet, calendar_year
from services.catalog.domain.rows import Gpci, Row

from .base import FileError, Importer, Recognised, Rejected
from .file_names import is_cut
from .files import SourceFile
from .rejections import checked

# 109 localities since the retirement of three in California (CY 2024).
FLOOR = 109

_NAME = re.compile(r"GPCI(?P<year>20\d\d)\b.*\.(csv|txt)", re.IGNORECASE)
_HEADER_WITHIN = 6
_HEADER = re.compile(r"medicare admi.*state.*locality.*pw gpci.*pe gpci.*mp gpci.*", re.IGNORECASE)
_TEXT_ROW = re.compile(r"(\d{5}) +([A-Z]{2}) +(\d\d) +(\S.*?) +([0-9.]+) +([0-9.]+) +([0-9.]+) *")
_INDEX = re.compile(r"(\d)(?:\.(\d{1,3}))?")


def recognise(source: SourceFile) -> Recognised | None:
    name = _NAME.fullmatch(source.name)
    if name is None or b"GPCI" not in source.head(2048):
        return None
    return Recognised(calendar_year(DataSet.GPCI, int(name["year"])), FLOOR, cut=is_cut(source.name))


def rows(source: SourceFile) -> Iterator[Row | Rejected]:
    """Yields `Gpci` in the file's order. Raises FileError where the header is another's."""
    if source.name.lower().endswith(".csv"):
        records = ((number, [cell.strip() for cell in cells]) for number, cells in source.csv_rows())
    else:
        records = ((number, _text_cells(line)) for number, line in source.lines())
    _skip_header(source.name, records)
    return checked(source.name, _without_footnotes(records), _gpci, key=lambda row: (row[0], row[2]))


def _text_cells(line: str) -> list[str]:
    found = _TEXT_ROW.fullmatch(line)
    return list(found.groups()) if found else [line.strip()]


def _skip_header(file: str, records: Iterator[tuple[int, list[str]]]) -> None:
    number = 0
    for number, cells in records:
        if _HEADER.fullmatch(" ".join(cells)):
            if len(cells) not in (1, 7):
                raise FileError(file, number, f"{len(cells)} columns in the header instead of 7")
            return
        if number >= _HEADER_WITHIN:
            break
    raise FileError(file, number, "no header 'Medicare Administrative Contractor (MAC), State, ...' in the first lines")


def _without_footnotes(records: Iterator[tuple[int, list[str]]]) -> Iterator[tuple[int, list[str]]]:
    """Lines that begin with a contractor number; the footnotes are text in the first column alone."""
    return ((number, cells) for number, cells in records if any(cells[1:]) or cells[0][:5].isdigit())


def _gpci(line: int, cells: list[str]) -> Gpci:
    if len(cells) != 7:
        raise ValueError(f"{len(cells)} columns instead of 7")
    mac, state, locality, name, *indices = cells
    # Only the txt is sure to keep the leading zeros that a spreadsheet drops.
    mac, locality = mac.zfill(5), locality.zfill(2)
    if not (mac.isdigit() and len(mac) == 5):
        raise ValueError(f"{mac!r} is no contractor number")
    if not (locality.isdigit() and len(locality) == 2):
        raise ValueError(f"{locality!r} is no locality number")
    work, pe, mp = map(_three_decimals, indices)
    return Gpci(mac, state, locality, name.rstrip("* "), work, pe, mp, line)


def _three_decimals(filed: str) -> str:
    found = _INDEX.fullmatch(filed)
    if found is None:
        raise ValueError(f"{filed!r} is no index with up to three decimals")
    return f"{found[1]}.{found[2] or '':0<3}"


IMPORTER = Importer("GPCI", recognise, rows)
