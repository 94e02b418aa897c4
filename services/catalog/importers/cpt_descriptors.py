"""A licensee's own CPT descriptors: `*cpt*descriptor*.txt` or `.tsv`, one `code<TAB>descriptor` a line.

The project ships no CPT descriptor: they belong to the American Medical Association, and a licensee gets them from
there. A header line `code<TAB>...` may come first. The file carries no dates, so neither has its edition.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from services.catalog.domain.editions import DataSet, undated
from services.catalog.domain.rows import CptDescriptor, Row

from .base import Importer, Recognised, Rejected
from .file_names import is_cut
from .files import SourceFile
from .rejections import checked

# A licence may cover any part of the code set, so nothing says how many there should be.
FLOOR = 1
LONGEST = 4_000

_NAME = re.compile(r".*cpt.*descriptor.*\.(txt|tsv)", re.IGNORECASE)
_FIRST_LINE = re.compile(rb"(\xef\xbb\xbf)?([0-9]{4}[0-9A-Z]|\"?code\"?)[ ]*\t", re.IGNORECASE)
_CODE = re.compile(r"[0-9]{4}[0-9A-Z]")


def recognise(source: SourceFile) -> Recognised | None:
    if not _NAME.fullmatch(source.name) or not _FIRST_LINE.match(source.head(64).lstrip(b"\r\n")):
        return None
    return Recognised(undated(DataSet.CPT_DESCRIPTORS), FLOOR, cut=is_cut(source.name))


def rows(source: SourceFile) -> Iterator[Row | Rejected]:
    """Yields `CptDescriptor` in the file's order; a second descriptor for a code is rejected."""
    return checked(source.name, _records(source), _descriptor, key=lambda row: row[0])


def _records(source: SourceFile) -> Iterator[tuple[int, list[str]]]:
    before = True
    for number, line in source.lines():
        columns = [column.strip() for column in line.split("\t")]
        is_header, before = before and columns[0].lower() == "code", before and not any(columns)
        if any(columns) and not is_header:
            yield number, columns


def _descriptor(line: int, columns: list[str]) -> CptDescriptor:
    if len(columns) != 2:
        raise ValueError(f"{len(columns)} columns instead of 2")
    code, descriptor = columns
    if not _CODE.fullmatch(code):
        raise ValueError(f"{code!r} is no CPT code")
    if not descriptor:
        raise ValueError(f"{code} has no descriptor")
    if len(descriptor) > LONGEST:
        raise ValueError(f"the descriptor of {code} is longer than {LONGEST} characters")
    return CptDescriptor(code, descriptor, line)


IMPORTER = Importer("CPT descriptors of the licensee", recognise, rows)
