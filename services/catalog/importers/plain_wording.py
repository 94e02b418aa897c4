"""The project's own wording: `medcodes_plain_wording.tsv`, with the header `system, code, short, text`.

A short name for lists and a description in plain language, written for the codes of the sample set, whose official
wording is not the project's to give.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from services.catalog.domain.editions import DataSet, undated
from services.catalog.domain.rows import PlainWording, Row

from .base import FileError, Importer, Recognised, Rejected
from .files import SourceFile
from .rejections import checked

NAME = "medcodes_plain_wording.tsv"
FLOOR = 1

_HEADER = ["system", "code", "short", "text"]
_SYSTEMS = frozenset({"icd10cm", "icd10pcs", "icd9cm", "icd9proc", "hcpcs", "cpt", "cdt", "msdrg", "pos", "modifier"})
_CODE = re.compile(r"[0-9A-Z]{1,16}")


def recognise(source: SourceFile) -> Recognised | None:
    if source.name != NAME or not source.head(64).startswith(b"system\tcode\t"):
        return None
    return Recognised(undated(DataSet.PLAIN_WORDING), FLOOR)


def rows(source: SourceFile) -> Iterator[Row | Rejected]:
    """Yields `PlainWording` in the file's order. Raises FileError where the header has other columns."""
    lines = source.lines()
    number, header = next(lines, (0, ""))
    if header.split("\t") != _HEADER:
        raise FileError(source.name, number, f"the header's columns are not {', '.join(_HEADER)}")
    records = ((number, line.split("\t")) for number, line in lines if line.strip())
    return checked(source.name, records, _wording, key=lambda row: (row[0], row[1]))


def _wording(line: int, columns: list[str]) -> PlainWording:
    if len(columns) != len(_HEADER):
        raise ValueError(f"{len(columns)} columns instead of {len(_HEADER)}")
    system, code, short, text = (column.strip() for column in columns)
    if system not in _SYSTEMS:
        raise ValueError(f"{system!r} is no code system")
    if not _CODE.fullmatch(code):
        raise ValueError(f"{code!r} is no code")
    if not (short and text):
        raise ValueError(f"{code} lacks its {'text' if short else 'short name'}")
    return PlainWording(system, code, short, text, line)


IMPORTER = Importer("Medcodes plain wording", recognise, rows)
