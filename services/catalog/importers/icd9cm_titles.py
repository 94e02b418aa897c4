"""ICD-9-CM titles: `CMS32_DESC_LONG_DX.txt` (diagnoses) and `CMS32_DESC_LONG_SG.txt` (procedures), by CMS.

Fixed width: a code without dot, five characters wide for diagnoses and four for procedures, a blank, and the long
title. Only codes that were valid on a claim are listed. The two lists share digits (0010 is 001.0 and 00.10), so they
are two code systems here. The number in the name is the version: 32 is that of fiscal year 2015, the last one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from services.catalog.domain.editions import DataSet, fiscal_year
from services.catalog.domain.rows import Icd9Code, Row

from .base import FileError, Importer, Recognised, Rejected
from .file_names import is_cut
from .files import SourceFile
from .rejections import checked

# Version 1 was that of fiscal year 1984.
_YEAR_BEFORE_FIRST = 1983
_NAME = re.compile(r"CMS(?P<version>\d\d)_DESC_LONG_(?P<kind>DX|SG)([ _]\d{6})?(\.\w+)?\.txt", re.IGNORECASE)
# Data set, the shape of a line, and the number of codes that version 32 is known to reach: 14,567 and 3,882.
_KINDS = {
    "DX": (DataSet.ICD9CM, re.compile(r"(?P<code>[0-9]{3,5}|V[0-9]{2,4}|E[0-9]{3,4}) +(?P<title>\S.*)"), 14_500),
    "SG": (DataSet.ICD9PROC, re.compile(r"(?P<code>[0-9]{3,4}) +(?P<title>\S.*)"), 3_850),
}
_EARLIER = 0.9  # earlier versions are shorter


def recognise(source: SourceFile) -> Recognised | None:
    name = _NAME.fullmatch(source.name)
    if name is None:
        return None
    data_set, line, floor = _KINDS[name["kind"].upper()]
    first = source.head(256).removeprefix(b"\xef\xbb\xbf").partition(b"\n")[0]
    if not line.fullmatch(first.decode("latin-1").rstrip()):
        return None
    version = int(name["version"])
    floor = floor if version >= 32 else int(floor * _EARLIER)
    return Recognised(fiscal_year(data_set, _YEAR_BEFORE_FIRST + version), floor, cut=is_cut(source.name))


def rows(source: SourceFile) -> Iterator[Row | Rejected]:
    """Yields `Icd9Code` in the file's order."""
    name = _NAME.fullmatch(source.name)
    if name is None:
        raise FileError(source.name, 0, "not the name of a file of ICD-9-CM titles")
    _, layout, _ = _KINDS[name["kind"].upper()]

    def titled(number: int, line: str) -> Icd9Code:
        found = layout.fullmatch(line.rstrip())
        if found is None:
            raise ValueError("not in the layout of the titles: a code without dot, a blank, a title")
        return Icd9Code(found["code"], found["title"], number)

    lines = ((number, line) for number, line in source.lines() if line.strip())
    return checked(source.name, lines, titled, _code)


def _code(row: Row) -> str:
    assert isinstance(row, Icd9Code)  # noqa: S101 - for the type checker
    return row.code


IMPORTER = Importer("ICD-9-CM titles", recognise, rows)
