"""ICD-10-PCS order file: `icd10pcs_order_2026.txt` (CMS).

Its layout is that of `order_file`. Codes have seven characters; a header of three stands above the codes of each table
and is titled with body system and operation. Addenda (`order_addenda_*`) list changes, and `icd10pcs_codes_*` is a
part of this file; both are left not known.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from services.catalog.domain.editions import DataSet, fiscal_year
from services.catalog.domain.rows import ProcedureCode, Row

from .base import Importer, Recognised, Rejected
from .file_names import is_cut
from .files import SourceFile
from .order_file import ordered
from .rejections import checked

# FY2026 has 79,115 codes in 914 tables; the procedure GEMs of FY2016 start from 71,974 codes.
FLOOR = 79_500
FLOOR_BEFORE_2026 = 71_900

_NAME = re.compile(r"icd10pcs[-_]order[-_](?P<year>20\d\d)(\.\w+)?\.txt", re.IGNORECASE)
_FIRST_LINE = re.compile(rb"(\xef\xbb\xbf)?\d{5} [0-9A-Z]{3}([0-9A-Z]{4}|    ) [01] \S")
# Neither I nor O is used, which would be taken for digits (ICD-10-PCS Official Guidelines, A2).
_CODE = re.compile(r"[0-9A-HJ-NP-Z]{3}([0-9A-HJ-NP-Z]{4})?")


def recognise(source: SourceFile) -> Recognised | None:
    name = _NAME.fullmatch(source.name)
    if name is None or not _FIRST_LINE.match(source.head(128)):
        return None
    year = int(name["year"])
    floor = FLOOR if year >= 2026 else FLOOR_BEFORE_2026
    return Recognised(fiscal_year(DataSet.ICD10PCS, year), floor, cut=is_cut(source.name))


def rows(source: SourceFile) -> Iterator[Row | Rejected]:
    """Yields `ProcedureCode` in the file's order."""
    lines = ((number, line) for number, line in source.lines() if line.strip())
    return checked(source.name, lines, _procedure_code, _code)


def _procedure_code(number: int, line: str) -> ProcedureCode:
    found = ordered(line, _CODE, "ICD-10-PCS")
    if (len(found.code) == 7) != (found.valid == 1):
        raise ValueError(f"{found.code} is marked {found.valid}, but only codes of seven characters are billable")
    return ProcedureCode(*found, number)


def _code(row: Row) -> str:
    assert isinstance(row, ProcedureCode)  # noqa: S101 - for the type checker
    return row.code


IMPORTER = Importer("ICD-10-PCS order file", recognise, rows)
