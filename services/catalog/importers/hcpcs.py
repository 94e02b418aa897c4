"""HCPCS Level II: `HCPCyyyy_MON_ANWEB*` as xlsx, csv (one header row, 48 columns) and txt (320 bytes, fixed width).

Modifiers come in the same file: record id 7, the code right-aligned. The txt has a record a description line: 3 and 7
begin a procedure and a modifier, 4 and 8 continue their long description. Positions: "HCPCS Contractor Record", CMS
RIF report. The edition is the quarter of the name's month; `HCPC2019_CONTR_ANWEB`, the annual contractor file, is the
January update of its year. Change lists (`*_Transaction*`, `*Corrections*`) are not the table and left not known.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import partial

from services.catalog.domain.editions import DataSet
from services.catalog.domain.rows import HcpcsCode, Modifier, Row

from .base import FileError, Importer, Recognised, Rejected
from .file_names import MONTH, is_cut, quarter_of_month
from .files import SourceFile
from .official_dates import CompactDates
from .rejections import checked, in_columns

# October 2025 has 8,846 rows, 383 of them modifiers; the tables of the last years stay well above this.
FLOOR = 7_000

_NAME = re.compile(rf"HCPC(?P<year>\d{{4}})_(?P<month>{MONTH}|CONTR)_ANWEB([_.-].*)?\.(xlsx|csv|txt)", re.IGNORECASE)
_CHANGES = re.compile(r"transaction|correction", re.IGNORECASE)

_HEADER = [
    *("HCPC", "SEQNUM", "RECID", "LONG DESCRIPTION", "SHORT DESCRIPTION"),
    *("PRICE1", "PRICE2", "PRICE3", "PRICE4", "MULT_PI", "CIM1", "CIM2", "CIM3", "MCM1", "MCM2", "MCM3", "STATUTE"),
    *("LABCERT1", "LABCERT2", "LABCERT3", "LABCERT4", "LABCERT5", "LABCERT6", "LABCERT7", "LABCERT8"),
    *("XREF1", "XREF2", "XREF3", "XREF4", "XREF5", "COV", "ASC_GRP", "ASC_DT", "OPPS", "OPPS_PI", "OPPS_DT"),
    *("PROCNOTE", "BETOS", "TOS1", "TOS2", "TOS3", "TOS4", "TOS5", "ANEST_BU"),
    *("ADD DT", "ACT EFF DT", "TERM DT", "ACTION CD"),
]

# What the catalog keeps: the columns of the sheet (the name, numbered where there are several), and of the txt the
# first position (1-based), the width of one value and how many of them follow each other.
_SHEET = {
    "code": ("HCPC",),
    "record": ("RECID",),
    "long": ("LONG DESCRIPTION",),
    "short": ("SHORT DESCRIPTION",),
    "pricing": ("PRICE1", "PRICE2", "PRICE3", "PRICE4"),
    "multiple": ("MULT_PI",),
    "cim": ("CIM1", "CIM2", "CIM3"),
    "mcm": ("MCM1", "MCM2", "MCM3"),
    "statute": ("STATUTE",),
    "lab": tuple(f"LABCERT{n}" for n in range(1, 9)),
    "xref": tuple(f"XREF{n}" for n in range(1, 6)),
    "coverage": ("COV",),
    "note": ("PROCNOTE",),
    "betos": ("BETOS",),
    "tos": tuple(f"TOS{n}" for n in range(1, 6)),
    "anesthesia": ("ANEST_BU",),
    "added": ("ADD DT",),
    "effective": ("ACT EFF DT",),
    "terminated": ("TERM DT",),
    "action": ("ACTION CD",),
}
_TEXT = {
    "code": (1, 5, 1),
    "record": (11, 1, 1),
    "long": (12, 80, 1),
    "short": (92, 28, 1),
    "pricing": (120, 2, 4),
    "multiple": (128, 1, 1),
    "cim": (129, 6, 3),
    "mcm": (147, 8, 3),
    "statute": (171, 10, 1),
    "lab": (181, 3, 8),
    "xref": (205, 5, 5),
    "coverage": (230, 1, 1),
    "note": (253, 4, 1),
    "betos": (257, 3, 1),
    "tos": (261, 1, 5),
    "anesthesia": (266, 3, 1),
    "added": (269, 8, 1),
    "effective": (277, 8, 1),
    "terminated": (285, 8, 1),
    "action": (293, 1, 1),
}
_COLUMNS = {field: tuple(_HEADER.index(name) for name in names) for field, names in _SHEET.items()}
_SLICES = {
    field: tuple(slice(first - 1 + n * width, first - 1 + (n + 1) * width) for n in range(count))
    for field, (first, width, count) in _TEXT.items()
}
_TEXT_RECORD = re.compile(r".{5}[0-9]{5}[3478]")
_PROCEDURE, _MODIFIER, _CONTINUATION = "3", "7", {"3": "4", "7": "8"}
_CODE = {_PROCEDURE: re.compile(r"[A-Z][0-9]{4}"), _MODIFIER: re.compile(r"[0-9A-Z]{2}")}

Entry = Mapping[str, Sequence[str]]


def recognise(source: SourceFile) -> Recognised | None:
    name = _NAME.fullmatch(source.name)
    if name is None or _CHANGES.search(source.name) or not _has_hcpcs_content(source):
        return None
    month = "JAN" if name["month"].upper() == "CONTR" else name["month"]
    return Recognised(quarter_of_month(DataSet.HCPCS, name["year"], month), FLOOR, cut=is_cut(source.name))


def _has_hcpcs_content(source: SourceFile) -> bool:
    match source.name.lower().rpartition(".")[2]:
        case "xlsx":
            return source.head(2) == b"PK"
        case "csv":
            return source.head(64).removeprefix(b"\xef\xbb\xbf").startswith(b"HCPC,")
        case _:
            head = source.head(8192).decode("latin-1").splitlines()
            return any(len(line) >= 293 and _TEXT_RECORD.match(line) for line in head)


def rows(source: SourceFile) -> Iterator[Row | Rejected]:
    """Yields `HcpcsCode` and `Modifier` in the file's order. Raises FileError where the header has other columns."""
    match source.name.lower().rpartition(".")[2]:
        case "xlsx":
            entries = _sheet_entries(source.name, in_columns(source.xlsx_rows(), len(_HEADER)))
        case "csv":
            entries = _sheet_entries(source.name, source.csv_rows())
        case _:
            entries = _text_entries(source.lines())
    return checked(source.name, entries, partial(_row, CompactDates("")), key=lambda row: row[0])


def _sheet_entries(file: str, records: Iterator[tuple[int, Sequence[str]]]) -> Iterator[tuple[int, Entry]]:
    number, header = next(records, (0, ()))
    if [name.strip() for name in header] != _HEADER:
        raise FileError(file, number, f"the header's {len(header)} columns are not the 48 of the ANWEB file")
    for number, cells in records:
        if len(cells) != len(_HEADER):
            if any(cells):
                yield number, {"columns": (str(len(cells)),)}
            continue
        yield number, {field: [cells[column].strip() for column in columns] for field, columns in _COLUMNS.items()}


def _text_entries(lines: Iterator[tuple[int, str]]) -> Iterator[tuple[int, Entry]]:
    """One entry a code, its continuation records joined. Lines before the first record are the notice."""
    first, entry = 0, dict[str, list[str]]()
    for number, line in lines:
        if not _TEXT_RECORD.match(line):
            if entry and line.strip():
                yield number, {"unknown": ()}
            continue
        code, record = line[:5].strip(), line[10]
        if entry and record == _CONTINUATION.get(entry["record"][0]) and code == entry["code"][0]:
            entry["long"].append(line[_SLICES["long"][0]].strip())
            continue
        if entry:
            yield first, entry
        first, entry = number, {field: [line[part].strip() for part in parts] for field, parts in _SLICES.items()}
    if entry:
        yield first, entry


def _row(iso: CompactDates, line: int, entry: Entry) -> HcpcsCode | Modifier:
    _check_shape(entry)

    def joined(field: str) -> str:
        return " ".join(value for value in entry[field] if value)

    code, record = joined("code"), joined("record")
    if record not in _CODE:
        raise ValueError(f"record id {record!r} of {code} begins neither a procedure (3) nor a modifier (7)")
    if not _CODE[record].fullmatch(code):
        raise ValueError(f"{code!r} is no {'modifier' if record == _MODIFIER else 'HCPCS Level II code'}")
    if not joined("long"):
        raise ValueError(f"{code} has no long description")
    texts = (code, joined("long"), joined("short"))
    dates = (iso[joined("added")], iso[joined("effective")], iso[joined("terminated")])
    if record == _MODIFIER:
        return Modifier(*texts, joined("coverage"), *dates, line)
    manuals = [f"{name.upper()} {value}" for name in ("cim", "mcm") for value in entry[name] if value]
    figures = ("pricing", "multiple", "coverage", "statute", "xref", "lab", "note", "betos", "tos", "anesthesia")
    return HcpcsCode._make((*texts, *map(joined, figures), "; ".join(manuals), *dates, joined("action"), line))


def _check_shape(entry: Entry) -> None:
    if "columns" in entry:
        raise ValueError(f"{entry['columns'][0]} columns instead of {len(_HEADER)}")
    if "unknown" in entry:
        raise ValueError("no record id 3, 4, 7 or 8 in position 11")


IMPORTER = Importer("HCPCS Level II", recognise, rows)
