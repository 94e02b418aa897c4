"""The release id: the sha256 of all rows of a release, table by table in the order of their rows.

What is hashed is text: a line `["table",...]` with the name and columns of each table, then every row as a line with a
JSON array (compact, UTF-8, nothing escaped but the quote, the backslash and control characters). So the id can be
computed again from the rows by any program, and depends on neither the machine nor the version of SQLite.
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
from pathlib import Path

from services.catalog.adapters.schema import FORMAT, TABLES, Table

CHUNK_ROWS = 2_000


def release_id(database: Path) -> str:
    """64 hex digits. The rows of every table must stand in their order, with row ids from 1 on.

    Raises sqlite3.DatabaseError for a file that is no release. SQLite encodes the rows, without holding the
    interpreter's lock, so this runs well in a thread beside other work.
    """
    connection = sqlite3.connect(f"{database.absolute().as_uri()}?mode=ro", uri=True)
    try:
        connection.execute("PRAGMA cache_size = -2000")
        digest = hashlib.sha256(f'["medcodes release",{FORMAT}]\n'.encode())
        for table in TABLES:
            heading = json.dumps(["table", table.name, *table.column_names], separators=(",", ":"))
            digest.update(heading.encode() + b"\n")
            _add_rows(digest, connection, table)
        return digest.hexdigest()
    finally:
        connection.close()


def _add_rows(digest: hashlib._Hash, connection: sqlite3.Connection, table: Table) -> None:
    columns = ", ".join(f'"{name}"' for name in table.column_names)
    sql = (
        "SELECT group_concat(line, char(10)) FROM "  # noqa: S608 - our own names
        f'(SELECT json_array({columns}) AS line FROM "{table.name}" WHERE rowid BETWEEN ? AND ? ORDER BY rowid)'
    )
    (rows,) = connection.execute(f'SELECT coalesce(max(rowid), 0) FROM "{table.name}"').fetchone()  # noqa: S608
    for first in range(1, rows + 1, CHUNK_ROWS):
        (lines,) = connection.execute(sql, (first, first + CHUNK_ROWS - 1)).fetchone()
        if lines is not None:
            digest.update(lines.encode() + b"\n")
