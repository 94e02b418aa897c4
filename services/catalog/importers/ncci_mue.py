"""NCCI medically unlikely edits: `MCR_MUE_{setting}Services_Eff_MM-DD-YYYY.csv` or `.xlsx`, one a setting and quarter.

Settings: Practitioner, OutpatientHospital, DMESupplier. Layout: a notice over several lines in one quoted cell, then
the header (its first cell holds a line break), then code, value, adjudication indicator with its text ("2 Date of
Service Edit: Policy"), rationale.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import date

from services.catalog.domain.editions import DataSet, quarter
from services.catalog.domain.rows import Mue, Row

from .base import FileError, Importer, Recognised, Rejected
from .file_names import is_cut
from .files import SourceFile
from .rejections import checked, in_columns

_NAME = re.compile(
    r"MCR_MUE_(?P<setting>Practitioner|OutpatientHospital|DMESupplier)Services"
    r"_Eff_(?P<month>\d\d)-(?P<day>\d\d)-(?P<year>\d{4})\b.*\.(csv|xlsx)",
    re.IGNORECASE,
)
# Setting -> data set, the header's words, the rows a whole file reaches. The practitioner table of 2026 Q2 has 15,095;
# no whole table of the other two settings was at hand, so their floors only tell a table from a piece of one.
_SETTINGS = {
    "practitioner": (DataSet.MUE_PRACTITIONER, "practitioner services", 15_000),
    "outpatienthospital": (DataSet.MUE_OUTPATIENT_HOSPITAL, "outpatient hospital services", 10_000),
    "dmesupplier": (DataSet.MUE_DME_SUPPLIER, "dme supplier services", 1_000),
}
_COLUMNS = 4
_HEADER_WITHIN = 5  # records
_CODE = re.compile(r"[0-9A-Z]{5}")
_INDICATOR = re.compile(r"([123]) (.+)")


def recognise(source: SourceFile) -> Recognised | None:
    name = _NAME.fullmatch(source.name)
    if name is None or not _has_mue_content(source):
        return None
    data_set, _, floor = _SETTINGS[name["setting"].lower()]
    try:
        begins = date(int(name["year"]), int(name["month"]), int(name["day"]))
    except ValueError:
        return None
    return Recognised(quarter(data_set, begins), floor, cut=is_cut(source.name))


def _has_mue_content(source: SourceFile) -> bool:
    if source.name.lower().endswith(".xlsx"):
        return source.head(2) == b"PK"
    return b"mue adjudication indicator" in source.head(8192).lower()


def rows(source: SourceFile) -> Iterator[Row | Rejected]:
    """Yields `Mue` in the file's order. Raises FileError where the header is not that of the name's setting."""
    name = _NAME.fullmatch(source.name)
    if name is None:
        raise FileError(source.name, 0, "not the name of an MUE file")
    is_sheet = source.name.lower().endswith(".xlsx")
    filed: Iterator[tuple[int, Sequence[str]]]
    filed = in_columns(source.xlsx_rows(), _COLUMNS) if is_sheet else source.csv_rows()
    records = ((number, [cell.strip() for cell in cells]) for number, cells in filed)
    _, setting, _ = _SETTINGS[name["setting"].lower()]
    _skip_header(source.name, setting, records)
    filled = ((number, cells) for number, cells in records if any(cells))
    return checked(source.name, filled, _mue, key=lambda row: row[0])


def _skip_header(file: str, setting: str, records: Iterator[tuple[int, list[str]]]) -> None:
    number = 0
    for position, (number, cells) in enumerate(records):
        names = [" ".join(cell.split()).lower() for cell in cells]
        if names and names[0].replace(" ", "") == "hcpcs/cptcode":
            if names[1:] != [f"{setting} mue values", "mue adjudication indicator", "mue rationale"]:
                raise FileError(file, number, f"the header is not that of the MUE table for {setting}")
            return
        if position >= _HEADER_WITHIN:
            break
    raise FileError(file, number, "no header 'HCPCS/CPT Code, ... MUE Values, ...' in the first records")


def _mue(line: int, cells: list[str]) -> Mue:
    if len(cells) != _COLUMNS:
        raise ValueError(f"{len(cells)} columns instead of {_COLUMNS}")
    code, value, adjudication, rationale = cells
    if not _CODE.fullmatch(code):
        raise ValueError(f"{code!r} is no code")
    if not (value.isascii() and value.isdigit()):
        raise ValueError(f"MUE value {value!r} is no number")
    indicator = _INDICATOR.fullmatch(adjudication)
    if indicator is None:
        raise ValueError(f"adjudication indicator {adjudication!r} is not 1, 2 or 3 with its text")
    return Mue(code, value, indicator[1], indicator[2], rationale, line)


IMPORTER = Importer("NCCI MUE", recognise, rows)
