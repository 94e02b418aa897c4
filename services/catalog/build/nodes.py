"""The codes and groups of a release, one row each by the newest that is known, derived from the rows of its files."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from services.catalog.adapters.schema import NODE
from services.catalog.domain.filed import LoadedEdition

Editions = Sequence[LoadedEdition]  # by edition id, from 1


class Node(NamedTuple):
    """As in the table `node`, without what only the whole hierarchy tells (`has_children`)."""

    system: str
    code: str
    sort_key: str
    parent: str
    description: str
    short_description: str = ""
    billable: int = -1
    begins: str = ""
    ends: str = ""
    is_group: int = 0
    edition: int = 0
    file: int = 0
    line: int = 0


def write(connection: sqlite3.Connection, nodes: Iterable[Node]) -> None:
    """Fills the table `node` in its order. Of a group that is given several times the first counts."""
    connection.execute(f"CREATE TEMP TABLE draft ({', '.join(Node._fields)}, PRIMARY KEY (system, code)) WITHOUT ROWID")
    holes = ", ".join("?" * len(Node._fields))
    connection.execute("BEGIN")
    connection.executemany(f"INSERT OR IGNORE INTO draft VALUES ({holes})", nodes)  # noqa: S608 - our own names
    connection.execute(
        "CREATE TEMP TABLE parents AS SELECT DISTINCT system, parent AS code, 1 AS has_children FROM draft"
    )
    columns = ", ".join(name if name != "has_children" else "has_children IS NOT NULL" for name in NODE.column_names)
    connection.execute(
        f"INSERT INTO node SELECT {columns} FROM draft LEFT JOIN parents USING (system, code) ORDER BY system, code"  # noqa: S608
    )
    connection.execute("DROP TABLE draft")
    connection.execute("DROP TABLE parents")
    connection.execute("COMMIT")


def records(connection: sqlite3.Connection, sql: str, values: Sequence[object] = ()) -> Iterable[Any]:
    """Rows of a query with their columns as attributes-by-name (`row["code"]`)."""
    cursor = connection.cursor()
    cursor.row_factory = sqlite3.Row
    return cursor.execute(sql, values)
