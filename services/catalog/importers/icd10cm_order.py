"""ICD-10-CM order file: `icd10cm_order_2026.txt` (CMS), `icd10cm-order-2026.txt` or `-order-April-2026.txt` (NCHS).

Its layout is that of `order_file`. Addenda (`*_order_addenda_*`) list changes, and `icd10cm_codes_*` is a part of this
file; both are left not known.

The edition is complete with this file or with the tabular list; see there.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from services.catalog.domain.editions import DataSet, fiscal_year
from services.catalog.domain.rows import OrderCode, Row

from .base import Importer, Recognised, Rejected
from .file_names import MONTH, is_cut
from .files import SourceFile
from .order_file import ordered
from .rejections import checked

PART = "order"
# FY2026 has 98,186 codes, FY2016 had 91,700; from year to year the list only grew.
FLOOR = 98_000
FLOOR_BEFORE_2026 = 91_000

_NAME = re.compile(
    rf"icd10cm[-_]order[-_](?P<month>({MONTH})[a-z]*[-_](\d{{1,2}}[-_])?)?(?P<year>20\d\d)(\.\w+)?\.txt", re.IGNORECASE
)
_FIRST_LINE = re.compile(rb"(\xef\xbb\xbf)?\d{5} [A-Z][0-9A-Z]{2,6} {1,5}[01] \S")
_CODE = re.compile(r"[A-Z][0-9A-Z]{2,6}")


def recognise(source: SourceFile) -> Recognised | None:
    name = _NAME.fullmatch(source.name)
    if name is None or not _FIRST_LINE.match(source.head(128)):
        return None
    # A name like "October-1-2025" tells the day that the fiscal year begins, all others the fiscal year.
    begins = (name["month"] or "")[:3].lower() in {"oct", "nov", "dec"}
    year = int(name["year"]) + begins
    floor = FLOOR if year >= 2026 else FLOOR_BEFORE_2026
    return Recognised(fiscal_year(DataSet.ICD10CM, year), floor, PART, (PART,), is_cut(source.name))


def rows(source: SourceFile) -> Iterator[Row | Rejected]:
    """Yields `OrderCode` in the file's order."""
    lines = ((number, line) for number, line in source.lines() if line.strip())
    return checked(source.name, lines, _order_code, _code)


def _order_code(number: int, line: str) -> OrderCode:
    return OrderCode(*ordered(line, _CODE, "ICD-10-CM"), number)


def _code(row: Row) -> str:
    assert isinstance(row, OrderCode)  # noqa: S101 - for the type checker
    return row.code


IMPORTER = Importer("ICD-10-CM order file", recognise, rows)
