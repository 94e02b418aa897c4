"""General Equivalence Mappings between ICD-9-CM and ICD-10, by CMS; 2018 was the last year they were made for.

- Diagnoses: `2018_I9gem.txt` (from ICD-9-CM) and `2018_I10gem.txt` (from ICD-10-CM).
- Procedures: `gem_i9pcs.txt` and `gem_pcsi9.txt`, whose year stands only in the name of the zip that they come in;
  also `icd-gem-2016-convert-9pc-to-10pc.txt` and `icd-gem-2016-convert-10pc-to-9pc.txt`.

A line holds a code, the code that it leads to (`NoDx` or `NoPCS` for none) and five digits: approximate, no map,
combination, scenario, choice list (CMS, "General Equivalence Mappings: Documentation and User's Guide"). The two
directions are parts of one edition: neither is the other one turned round.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from services.catalog.domain.editions import DataSet, fiscal_year
from services.catalog.domain.rows import Gem, Row

from .base import FileError, Importer, Recognised, Rejected
from .file_names import is_cut
from .files import SourceFile
from .rejections import checked

FROM_ICD9, FROM_ICD10 = PARTS = ("from_icd9", "from_icd10")
# Both directions together: diagnoses of 2018 have 106,453 rows, procedures of 2016 152,865.
_FLOORS = {DataSet.GEM_DIAGNOSES: 100_000, DataSet.GEM_PROCEDURES: 140_000}
_SYSTEMS = {
    DataSet.GEM_DIAGNOSES: {FROM_ICD9: ("icd9cm", "icd10cm"), FROM_ICD10: ("icd10cm", "icd9cm")},
    DataSet.GEM_PROCEDURES: {FROM_ICD9: ("icd9proc", "icd10pcs"), FROM_ICD10: ("icd10pcs", "icd9proc")},
}
_NAME = re.compile(
    r"((?P<year>20\d\d)_I(?P<diagnoses>9|10)gem|gem_(?P<procedures>i9pcs|pcsi9)"
    r"|icd-gem-(?P<converted>20\d\d)-convert-(?P<conversion>9pc-to-10pc|10pc-to-9pc))(\.\w+)?\.txt",
    re.IGNORECASE,
)
_FROM_ICD9_WORDS = frozenset({"9", "i9pcs", "9pc-to-10pc"})
_YEAR = re.compile(r"(?<!\d)20\d\d(?!\d)")
_CODES = {
    "icd9cm": re.compile(r"[0-9]{3,5}|V[0-9]{2,4}|E[0-9]{3,4}"),
    "icd9proc": re.compile(r"[0-9]{3,4}"),
    "icd10cm": re.compile(r"[A-Z][0-9][0-9A-Z]{1,5}"),
    "icd10pcs": re.compile(r"[0-9A-HJ-NP-Z]{7}"),
}
_LINE = re.compile(r"(?P<code>[0-9A-Z]{3,7}) +(?P<other>[0-9A-Za-z]{3,7}) +(?P<flags>[01]{3}[0-9]{2})")
_NO_CODE = "No"


@dataclass(frozen=True)
class _Told:
    """What the name of a file says. `year` is None where neither it nor the name of its zip tells one."""

    data_set: DataSet
    part: str
    year: int | None

    @property
    def systems(self) -> tuple[str, str]:
        return _SYSTEMS[self.data_set][self.part]


def recognise(source: SourceFile) -> Recognised | None:
    told = _told(source)
    if told is None or told.year is None:
        return None
    first = source.head(64).partition(b"\n")[0].decode("latin-1").rstrip()
    try:
        _gem(1, first, told)
    except ValueError:
        return None
    edition = fiscal_year(told.data_set, told.year)
    return Recognised(edition, _FLOORS[told.data_set], told.part, PARTS, is_cut(source.name))


def rows(source: SourceFile) -> Iterator[Row | Rejected]:
    """Yields `Gem` in the file's order."""
    told = _told(source)
    if told is None:
        raise FileError(source.name, 0, "not the name of a file of the GEMs")
    lines = ((number, line.rstrip()) for number, line in source.lines() if line.strip())
    return checked(source.name, lines, lambda number, line: _gem(number, line, told), _key)


def _told(source: SourceFile) -> _Told | None:
    name = _NAME.fullmatch(source.name)
    if name is None:
        return None
    data_set = DataSet.GEM_DIAGNOSES if name["diagnoses"] else DataSet.GEM_PROCEDURES
    begin = name["diagnoses"] or name["procedures"] or name["conversion"]
    year = name["year"] or name["converted"] or _year_of_zip(source)
    part = FROM_ICD9 if begin.lower() in _FROM_ICD9_WORDS else FROM_ICD10
    return _Told(data_set, part, int(year) if year else None)


def _year_of_zip(source: SourceFile) -> str:
    """The year in the name of the zip nearest to the file; "" for none."""
    packed = [source.member] if source.inner else []
    packed += [source.path.name] if source.member else []
    return next((found[0] for name in packed if (found := _YEAR.search(name.rsplit("/", 1)[-1]))), "")


def _gem(number: int, line: str, told: _Told) -> Gem:
    system, other_system = told.systems
    found = _LINE.fullmatch(line)
    if found is None:
        raise ValueError("not in the layout of the GEMs: a code, another code, and five digits")
    code, other, flags = found["code"], found["other"], found["flags"]
    if not _CODES[system].fullmatch(code):
        raise ValueError(f"{code!r} is no code of {system}")
    is_none = other.startswith(_NO_CODE)
    other = other.upper()  # the file of 2018 has one "v5889"
    if not is_none and not _CODES[other_system].fullmatch(other):
        raise ValueError(f"{other!r} is no code of {other_system}")
    # The other way round happens: XR2G021 of 2016 leads to no code, and its second digit is 0.
    if flags[1] == "1" and not is_none:
        raise ValueError(f"{code} leads to {other}, which the second of {flags} denies")
    if (flags[2] == "1") != ("0" not in flags[3:]):
        raise ValueError(f"{flags}: a combination has a scenario and a choice list, and nothing else has them")
    return Gem(system, code, other_system, "" if is_none else other, flags, number)


def _key(row: Row) -> tuple[str, str, str]:
    assert isinstance(row, Gem)  # noqa: S101 - for the type checker
    return row.code, row.other, row.flags


IMPORTER = Importer("General Equivalence Mappings", recognise, rows)
