"""NCCI procedure-to-procedure edits: `ccipra-vNNNr0-fK.TXT` (practitioner) and `ccioph-...` (hospital), also as xlsx.

Layout (NCCI "PTP coding edits", Medicare): tab separated, seven columns, six header lines: notice, title, and the
column names wrapped over four lines. An edition comes in four files, f1 to f4. The version says the quarter: v32.0 is
the first of 2026, v32.3 its fourth.

This is the largest table by far (millions of rows), so a row costs a split, look-ups of codes and dates that were
checked when they first came up, and the tuple itself. What fails there is looked at again, slowly, for the reason.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import date
from itertools import chain

from services.catalog.domain.editions import DataSet, quarter
from services.catalog.domain.rows import Ptp, Row

from .base import FileError, Importer, Recognised, Rejected
from .file_names import is_cut
from .files import SourceFile
from .official_dates import CompactDates
from .rejections import Rejections, in_columns

PARTS = ("f1", "f2", "f3", "f4")
# The published tables hold some two to four million rows a setting; a whole one never comes near this few.
FLOOR = 1_000_000

_NAME = re.compile(
    r"cci(?P<setting>pra|oph)-v(?P<version>\d\d)(?P<quarter>[0-3])r\d+-(?P<part>f[1-4])\b.*\.(txt|xlsx)",
    re.IGNORECASE,
)
_DATA_SETS = {"pra": DataSet.PTP_PRACTITIONER, "oph": DataSet.PTP_HOSPITAL}
_FIRST_VERSION_YEAR = 1994  # v32 is 2026

_COLUMNS = 7
_HEADER_LINES = 6
_NO_DATE = ("*", "")
_BEFORE_1996 = {"": "", "*": "*"}
_INDICATORS = {"0": "0", "1": "1", "9": "9"}
_CODE = re.compile(r"[0-9A-Z]{5}")


def recognise(source: SourceFile) -> Recognised | None:
    name = _NAME.fullmatch(source.name)
    if name is None or not _has_ptp_header(source):
        return None
    year = _FIRST_VERSION_YEAR + int(name["version"])
    edition = quarter(_DATA_SETS[name["setting"].lower()], date(year, int(name["quarter"]) * 3 + 1, 1))
    return Recognised(edition, FLOOR, name["part"].lower(), PARTS, is_cut(source.name))


def _has_ptp_header(source: SourceFile) -> bool:
    if _is_sheet(source):
        return source.head(2) == b"PK"
    return b"column 1" in source.head(4096).lower()


def rows(source: SourceFile) -> Iterator[Row | Rejected]:
    """Yields `Ptp` in the file's order. Raises FileError where the header is not the PTP table's."""
    if _is_sheet(source):
        lines: Iterator[tuple[int, str]] = (
            (number, "\t".join(cells)) for number, cells in in_columns(source.xlsx_rows(), _COLUMNS)
        )
    else:
        lines = source.lines()
    return _parse(source.name, _after_header(source.name, lines))


def _is_sheet(source: SourceFile) -> bool:
    return source.name.lower().endswith(".xlsx")


def _after_header(file: str, lines: Iterator[tuple[int, str]]) -> Iterator[tuple[int, str]]:
    """The lines after the wrapped header, whose continuation lines have nothing in the first two columns."""
    for number, line in lines:
        names = line.split("\t")
        if [name.replace(" ", "").lower() for name in names[:2]] == ["column1", "column2"]:
            if len(names) != _COLUMNS:
                raise FileError(file, number, f"{len(names)} columns in the header instead of {_COLUMNS}")
            break
        if number >= _HEADER_LINES:
            raise FileError(file, number, f"no header line 'Column 1, Column 2, ...' in {_HEADER_LINES} lines")
    for number, line in lines:
        if number > _HEADER_LINES or not line.startswith("\t\t"):
            return chain([(number, line)], lines)
    raise FileError(file, 0, "ends within its header")


def _parse(file: str, lines: Iterable[tuple[int, str]]) -> Iterator[Row | Rejected]:
    rejections = Rejections(file)
    codes, begins, ends = _Codes(), CompactDates(), CompactDates(*_NO_DATE)
    marks, indicators = _BEFORE_1996, _INDICATORS
    new = tuple.__new__  # Ptp's own constructor takes twice as long
    number = accepted = 0
    for number, line in lines:
        try:
            one, two, mark, since, until, indicator, why = line.split("\t")
            columns = (
                codes[one],
                codes[two],
                marks[mark],
                begins[since],
                ends[until],
                indicators[indicator],
                why,
                number,
            )
        except (ValueError, KeyError):
            if not line.strip():
                continue
            careful = _carefully(number, line)
            accepted += isinstance(careful, Ptp)
            yield careful if isinstance(careful, Ptp) else rejections.add(number, careful)
        else:
            accepted += 1
            yield new(Ptp, columns)
    rejections.close(number, accepted)


class _Codes(dict[str, str]):
    """Every code is looked at once; its many repetitions share one string."""

    def __missing__(self, code: str) -> str:
        if not _CODE.fullmatch(code):
            raise ValueError
        self[code] = code
        return code


def _carefully(number: int, line: str) -> Ptp | str:
    """The row of a line with blanks around its columns, or the reason why the line is none."""
    columns = [column.strip() for column in line.split("\t")]
    if len(columns) != _COLUMNS:
        return f"{len(columns)} columns instead of {_COLUMNS}"
    one, two, before_1996, effective, deleted, indicator, rationale = columns
    for which, code in (("one", one), ("two", two)):
        if not _CODE.fullmatch(code):
            return f"column {which} {code!r} is no code"
    if before_1996 not in _BEFORE_1996:
        return f"{before_1996!r} in the column 'in existence prior to 1996'"
    if indicator not in _INDICATORS:
        return f"modifier indicator {indicator!r} is none of 0, 1, 9"
    try:
        dates = CompactDates()[effective], CompactDates(*_NO_DATE)[deleted]
    except ValueError as error:
        return str(error)
    return Ptp(one, two, before_1996, *dates, indicator, rationale, number)


IMPORTER = Importer("NCCI PTP edits", recognise, rows)
