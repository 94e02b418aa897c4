"""ICD-10-PCS tables: `icd10pcs_tables_2026.xml` (CMS).

Root `ICD10PCS.tabular`, then a `pcsTable` for every first three characters: an `axis` each for section, body system and
operation, with the definition of the operation, and `pcsRow`s with the axes 4 to 7. Each row lists the characters that
go together; only what a character means is kept, because the codes themselves stand in the order file. The root's
`version` is the fiscal year of the edition.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from lxml import etree

from services.catalog.domain.editions import DataSet, fiscal_year
from services.catalog.domain.rows import ProcedureValue, Row

from .base import Importer, Recognised, Rejected
from .file_names import is_cut
from .files import SourceFile
from .rejections import Rejections
from .xml_stream import events, line_of, text_of

ROOT = "ICD10PCS.tabular"
AXES = range(1, 8)
# FY2020 has 21,095 meanings. A file that is cut off is no XML; the floor guards against an edited one.
FLOOR = 20_000

_NAME = re.compile(r"icd10pcs[-_]tables[-_].*\.xml(\.txt)?", re.IGNORECASE)
_HEAD = re.compile(rb"<ICD10PCS\.tabular[^>]*>\s*<version>\s*(?P<year>20\d\d)\s*</version>")
_VALUE = re.compile(r"[0-9A-HJ-NP-Z]")


def recognise(source: SourceFile) -> Recognised | None:
    head = _HEAD.search(source.head()) if _NAME.fullmatch(source.name) else None
    if head is None:
        return None
    return Recognised(fiscal_year(DataSet.ICD10PCS_TABLES, int(head["year"])), FLOOR, cut=is_cut(source.name))


def rows(source: SourceFile) -> Iterator[Row | Rejected]:
    """Yields `ProcedureValue`, each meaning of a table once; a few characters have two, in different rows of it."""
    rejections, line, accepted = Rejections(source.name), 0, 0
    for event, element in events(source, ROOT, ("pcsTable",)):
        if event == "start" or element.tag != "pcsTable":
            continue
        line = max(line, line_of(element))
        for row in _table(element, rejections):
            accepted += isinstance(row, ProcedureValue)
            yield row
        element.clear()
    rejections.close(line, accepted)


def _table(element: etree._Element, rejections: Rejections) -> Iterator[ProcedureValue | Rejected]:
    name = _name(element)
    if name is None:
        yield rejections.add(line_of(element), "a table whose section, body system and operation are not one each")
        return
    seen: set[tuple[int, str, str]] = set()
    for axis in element.iter("axis"):
        for label in axis.iterchildren("label"):
            try:
                row = _value(name, axis, label)
            except ValueError as error:
                yield rejections.add(line_of(label), str(error))
                continue
            meaning = (row.position, row.value, row.label)
            if meaning not in seen:
                seen.add(meaning)
                yield row


def _name(element: etree._Element) -> str | None:
    """The first three characters of the table's codes; None where one of them is not stated, or not alone."""
    values = [[label.get("code", "") for label in axis.iterchildren("label")] for axis in element.iterchildren("axis")]
    if len(values) == 3 and all(len(one) == 1 and _VALUE.fullmatch(one[0]) for one in values):
        return "".join(one[0] for one in values)
    return None


def _value(table: str, axis: etree._Element, label: etree._Element) -> ProcedureValue:
    filed, value, text = axis.get("pos", ""), label.get("code", ""), text_of(label)
    position = int(filed) if len(filed) == 1 and filed.isascii() and filed.isdigit() else 0
    if position not in AXES:
        raise ValueError(f"an axis at {filed!r}, which is no position of a code")
    if not _VALUE.fullmatch(value):
        raise ValueError(f"{value!r} is no character of a code")
    if not text:
        raise ValueError(f"{value} at position {position} has no meaning")
    definition = text_of(axis.find("definition"))
    return ProcedureValue(table, position, value, text_of(axis.find("title")), text, definition, line_of(label))


IMPORTER = Importer("ICD-10-PCS tables", recognise, rows)
