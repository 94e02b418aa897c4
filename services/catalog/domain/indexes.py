"""The indexes of ICD-10-CM: two lists of words that lead to codes, and two tables of words by columns of codes.

NCHS publishes them as the Alphabetic Index: the index to diseases and injuries, the index to external causes of injury,
the table of drugs and chemicals, and the neoplasm table (ICD-10-CM Official Guidelines, section I.A.1).
"""

from __future__ import annotations

from dataclasses import dataclass

from .editions import DataSet
from .rows import IndexCode, IndexTerm


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table. `heading` is as filed, `name` is fixed in messages and addresses."""

    name: str
    heading: str


@dataclass(frozen=True, slots=True)
class Index:
    """`words` is the heading of the column of words, "" where there are no columns."""

    name: str
    data_set: DataSet
    words: str = ""
    columns: tuple[Column, ...] = ()

    @property
    def headings(self) -> tuple[str, ...]:
        """As filed, the column of words first; empty for an index."""
        return (self.words, *(column.heading for column in self.columns)) if self.words else ()


INDEXES: dict[str, Index] = {
    index.name: index
    for index in (
        Index("diseases", DataSet.ICD10CM_INDEX),
        Index("external_causes", DataSet.ICD10CM_EXTERNAL_CAUSES),
        Index(
            "drugs",
            DataSet.ICD10CM_DRUGS,
            "Substance",
            (
                Column("poisoning_accidental", "Poisoning Accidental (unintentional)"),
                Column("poisoning_self_harm", "Poisoning Intentional self-harm"),
                Column("poisoning_assault", "Poisoning Assault"),
                Column("poisoning_undetermined", "Poisoning Undetermined"),
                Column("adverse_effect", "Adverse effect"),
                Column("underdosing", "Underdosing"),
            ),
        ),
        Index(
            "neoplasms",
            DataSet.ICD10CM_NEOPLASMS,
            "Neoplasm",
            (
                Column("malignant_primary", "Malignant Primary"),
                Column("malignant_secondary", "Malignant Secondary"),
                Column("in_situ", "Ca in situ"),
                Column("benign", "Benign"),
                Column("uncertain", "Uncertain Behavior"),
                Column("unspecified", "Unspecified Behavior"),
            ),
        ),
    )
}


@dataclass(frozen=True, slots=True)
class IndexEntry:
    """A term with its codes in the order of the columns, and the name of the file that it stands in."""

    term: IndexTerm
    codes: tuple[IndexCode, ...]
    has_children: bool
    file: str
