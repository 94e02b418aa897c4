"""The tables of a release file: one for each kind of logical row, and the derived ones that pages look codes up in.

Rows stand in the order of their columns (`file` last), so that a release has one form only. Every row table begins with
`edition` and `file`. `Ptp`, millions of rows, is packed: its dates are integers YYYYMMDD (0 for none), its rationales
are ids of the table `text`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import get_type_hints

from services.catalog.domain.rows import ROW_TYPES, Ptp, Row

FORMAT = 3
# "Mcod": tells a release from any other SQLite file.
APPLICATION_ID = 0x4D636F64
PAGE_SIZE = 4096


@dataclass(frozen=True)
class Table:
    """`columns` are names with their SQL types; `indexes` are made after the rows are in."""

    name: str
    columns: tuple[tuple[str, str], ...]
    indexes: tuple[tuple[str, ...], ...] = ()

    @property
    def column_names(self) -> tuple[str, ...]:
        return tuple(name for name, _ in self.columns)

    @property
    def order(self) -> tuple[str, ...]:
        """The order of the table's rows: by all its columns, the number of the file last."""
        names = self.column_names
        return (*(name for name in names if name != "file"), *(["file"] if "file" in names else []))

    def create(self, schema: str = "main") -> str:
        columns = ", ".join(f'"{name}" {kind} NOT NULL' for name, kind in self.columns)
        return f'CREATE TABLE {schema}."{self.name}" ({columns})'

    def create_indexes(self, schema: str = "main") -> list[str]:
        return [
            f'CREATE INDEX {schema}."{self.name}_by_{"_".join(columns)}" ON "{self.name}" '
            f"({', '.join(_quoted(columns))})"
            for columns in self.indexes
        ]


def _quoted(columns: tuple[str, ...]) -> list[str]:
    return [f'"{column}"' for column in columns]


def table_name(row_type: type[Row]) -> str:
    """`TabularCode` is kept in `tabular_code`."""
    return re.sub(r"(?<!^)(?=[A-Z])", "_", row_type.__name__).lower()


_LOOKED_UP_BY: dict[str, tuple[tuple[str, ...], ...]] = {
    "tabular_code": (("code",),),
    "tabular_group": (("group_id",),),
    "tabular_note": (("owner",),),
    "order_code": (("code",),),
    "procedure_code": (("code",),),
    "procedure_value": (("table",),),
    "icd9_code": (("code",),),
    "gem": (("system", "code"), ("other_system", "other")),
    "index_term": (("number",), ("parent", "number"), ("parent", "key", "number")),
    "index_code": (("term",),),
    "hcpcs_code": (("code",),),
    "modifier": (("modifier",),),
    "rvu": (("code",),),
    "gpci": (("locality",),),
    "locality": (("locality",),),
    "ptp": (("column_one",), ("column_two",)),
    "mue": (("code",),),
    "add_on": (("add_on",), ("primary",)),
    "cpt_descriptor": (("code",),),
    "plain_wording": (("code",),),
}

_PTP_COLUMNS = (
    ("column_one", "TEXT"),
    ("column_two", "TEXT"),
    ("effective", "INTEGER"),
    ("deleted", "INTEGER"),
    ("before_1996", "TEXT"),
    ("indicator", "TEXT"),
    ("rationale", "INTEGER"),
    ("line", "INTEGER"),
)


def _row_table(row_type: type[Row]) -> Table:
    name = table_name(row_type)
    hints = get_type_hints(row_type)
    fields = (
        _PTP_COLUMNS
        if row_type is Ptp
        else tuple((field, "INTEGER" if hints[field] is int else "TEXT") for field in row_type._fields)
    )
    indexes = tuple(("edition", *columns) for columns in _LOOKED_UP_BY[name])
    return Table(name, (("edition", "INTEGER"), ("file", "INTEGER"), *fields), indexes)


ROW_TABLES: dict[type[Row], Table] = {row_type: _row_table(row_type) for row_type in ROW_TYPES}

EDITION = Table(
    "edition",
    (
        ("id", "INTEGER"),  # from 1, by data set and begin: of one data set the newer edition has the larger id
        ("data_set", "TEXT"),
        ("name", "TEXT"),
        ("begins", "TEXT"),  # "" for unbounded
        ("ends", "TEXT"),
        ("complete", "INTEGER"),
        ("floor", "INTEGER"),
        ("rows", "INTEGER"),
    ),
)

SOURCE_FILE = Table(
    "source_file",
    (("id", "INTEGER"), ("edition", "INTEGER"), ("part", "TEXT"), ("name", "TEXT")),
)

TEXT = Table("text", (("id", "INTEGER"), ("value", "TEXT")), (("id",),))

# Codes and the groups above them, by the newest that is known of each.
NODE = Table(
    "node",
    (
        ("system", "TEXT"),
        ("code", "TEXT"),
        ("sort_key", "TEXT"),  # order among the children of one parent
        ("parent", "TEXT"),
        ("description", "TEXT"),
        ("short_description", "TEXT"),
        ("billable", "INTEGER"),  # 1, 0, or -1 where nothing says
        ("begins", "TEXT"),
        ("ends", "TEXT"),
        ("is_group", "INTEGER"),
        ("has_children", "INTEGER"),
        ("edition", "INTEGER"),  # 0 for a group made by the project
        ("file", "INTEGER"),
        ("line", "INTEGER"),
    ),
    (("system", "code"), ("system", "parent", "sort_key"), ("system", "is_group", "code")),
)

TABLES: tuple[Table, ...] = (EDITION, SOURCE_FILE, TEXT, NODE, *ROW_TABLES.values())
