"""What the General Equivalence Mappings say: which codes of ICD-9-CM and ICD-10 lead to each other, and how well.

The five digits of a row are explained after CMS, "General Equivalence Mappings: Documentation and User's Guide" (2018).
"""

from __future__ import annotations

from collections.abc import Sequence

from ..editions import DataSet
from ..facts import Equivalences
from ..filed import Filed
from ..page import Entry, Kind
from ..rows import Gem
from .draft import SourceUse, fact, use

_NAMES = {
    "icd9cm": "ICD-9-CM",
    "icd9proc": "ICD-9-CM procedures",
    "icd10cm": "ICD-10-CM",
    "icd10pcs": "ICD-10-PCS",
}
DATA_SETS = (DataSet.GEM_DIAGNOSES, DataSet.GEM_PROCEDURES)
_DATA_SETS = {"icd10pcs": DataSet.GEM_PROCEDURES, "icd9proc": DataSet.GEM_PROCEDURES}


def data_set(system: str) -> DataSet:
    """The GEMs that the codes of an ICD system stand in."""
    return _DATA_SETS.get(system, DataSet.GEM_DIAGNOSES)


def source_use(system: str, found: Equivalences) -> SourceUse:
    return use(data_set(system), found.chosen, found=bool(found.leads_to or found.led_from), many=True)


def entries(found: Equivalences) -> list[Entry]:
    """First what this code leads to, then the codes that lead to it: neither is the other one turned round."""
    return [*(_leads_to(filed) for filed in found.leads_to), *(_led_from(filed) for filed in found.led_from)]


def summary(system: str, found: Equivalences) -> str:
    """ "In ICD-9-CM: 835.00, approximate." """
    if not found.chosen.loaded:
        return ""
    named = found.chosen.loaded.edition.title
    if found.leads_to:
        return f"{_NAMES[found.leads_to[0].row.other_system]}: {_extent(found.leads_to)} ({named})."
    if found.led_from:
        codes = {filed.row.code for filed in found.led_from}
        count = "one code leads" if len(codes) == 1 else f"{len(codes)} codes lead"
        return f"{_NAMES[found.led_from[0].row.system]}: {count} to this code ({named})."
    return f"{named} does not hold this code: it is a header, or is younger." if found.chosen.complete else ""


def _extent(rows: Sequence[Filed[Gem]]) -> str:
    codes = {filed.row.other for filed in rows} - {""}
    if not codes:
        return "no equivalent code"
    parts = any(filed.row.is_part for filed in rows)
    if len(codes) == 1:
        how = "approximate" if rows[0].row.is_approximate else "the same"
        return f"one equivalent code, {how}"
    return f"{len(codes)} codes to choose from{', some only together' if parts else ''}"


def _leads_to(filed: Filed[Gem]) -> Entry:
    row = filed.row
    other = _NAMES[row.other_system]
    related = (row.other_system, row.other) if row.other else None
    text = _meaning(row) if row.other else f"No code of {other} is equivalent."
    return fact(filed, Kind.EQUIVALENT_CODE, text, value=row.flags, label=f"To {other}", related=related)


def _led_from(filed: Filed[Gem]) -> Entry:
    row = filed.row
    name = _NAMES[row.system]
    related = (row.system, row.code)
    return fact(filed, Kind.EQUIVALENT_FROM, _meaning(row), value=row.flags, label=f"From {name}", related=related)


def _meaning(row: Gem) -> str:
    """The flags in words."""
    if row.is_part:
        how = "Approximate, and" if row.is_approximate else "Equivalent, but"
        lists = f"one code of each list of scenario {row.scenario}; this is in list {row.choice_list}"
        return f"{how} only together with others ({lists})."
    if row.is_approximate:
        return "Approximate: the two do not say exactly the same."
    return "Equivalent: the two say the same."
