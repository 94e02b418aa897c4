"""Medicare localities and their counties: `yyLOCCO.txt` and `.csv` (locality/county crosswalk of the RVU files).

Layout: title, header, groups of localities by state (only the first line of a group names the state), a footnote. The
csv comes out of a spreadsheet and has lost the leading zeros of contractor and locality numbers; they are put back.
The txt of 2025 names no state for its California group; it stays empty, as filed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from services.catalog.domain.editions import DataSet, calendar_year
from services.catalog.domain.rows import Locality, Row

from .base import FileError, Importer, Recognised, Rejected
from .file_names import is_cut
from .files import SourceFile
from .rejections import checked

# As many as the GPCI file has; the crosswalk repeats those that two contractors serve.
FLOOR = 109

_NAME = re.compile(r"(?P<year>\d\d)LOCCO\b.*\.(csv|txt)", re.IGNORECASE)
_HEADER_WITHIN = 6
# Compared without blanks: the txt's header is not aligned with its columns.
_HEADER = re.compile(r"medicareadmi.*locality.*state.*feeschedulearea.*counties", re.IGNORECASE)
# Columns of the txt: contractor, locality, state, area, counties.
_STARTS = (0, 12, 22, 45, 143)


def recognise(source: SourceFile) -> Recognised | None:
    name = _NAME.fullmatch(source.name)
    if name is None or b"COUNTIES INCLUDED IN" not in source.head(2048).upper():
        return None
    return Recognised(calendar_year(DataSet.LOCALITY, 2000 + int(name["year"])), FLOOR, cut=is_cut(source.name))


def rows(source: SourceFile) -> Iterator[Row | Rejected]:
    """Yields `Locality` in the file's order. Raises FileError where the header is another's."""
    if source.name.lower().endswith(".csv"):
        records = ((number, [cell.strip() for cell in cells]) for number, cells in source.csv_rows())
    else:
        records = ((number, _text_cells(line)) for number, line in source.lines())
    _skip_header(source.name, records)
    return checked(source.name, _with_state(records), _locality)


def _text_cells(line: str) -> list[str]:
    return [line[start:end].strip() for start, end in zip(_STARTS, (*_STARTS[1:], None), strict=True)]


def _skip_header(file: str, records: Iterator[tuple[int, list[str]]]) -> None:
    number = 0
    for number, cells in records:
        if _HEADER.fullmatch("".join(cells).replace(" ", "")):
            if len(cells) != len(_STARTS):
                raise FileError(file, number, f"{len(cells)} columns in the header instead of {len(_STARTS)}")
            return
        if number >= _HEADER_WITHIN:
            break
    raise FileError(file, number, "no header 'Medicare Administrative Contractor, ...' in the first lines")


def _with_state(records: Iterator[tuple[int, list[str]]]) -> Iterator[tuple[int, list[str]]]:
    """The rows, each with its group's state; blank lines end a group, footnotes begin with a star."""
    state = ""
    for number, cells in records:
        if not any(cells):
            state = ""
        elif not cells[0].startswith("*"):
            if len(cells) == len(_STARTS):
                state = cells[2] = cells[2] or state
            yield number, cells


def _locality(line: int, cells: list[str]) -> Locality:
    if len(cells) != len(_STARTS):
        raise ValueError(f"{len(cells)} columns instead of {len(_STARTS)}")
    mac, locality, state, area, counties = cells
    if not (mac.isascii() and mac.isdigit() and len(mac) <= 5):
        raise ValueError(f"{mac!r} is no contractor number")
    if not (locality.isascii() and locality.isdigit() and len(locality) <= 2):
        raise ValueError(f"{locality!r} is no locality number")
    if not area:
        raise ValueError("no fee schedule area")
    return Locality(mac.zfill(5), locality.zfill(2), state, area.rstrip("* "), counties, line)


IMPORTER = Importer("Medicare localities", recognise, rows)
