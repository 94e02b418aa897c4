"""The release file: the staged rows copied table by table, then indexed, so that equal rows make equal bytes."""

from __future__ import annotations

import sqlite3
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from services.catalog.adapters.schema import APPLICATION_ID, FORMAT, PAGE_SIZE, TABLES

from .release_id import release_id
from .staging import write_pragmas


def write(staging: Path, target: Path) -> str:
    """Writes the release file; the release id.

    The rows must stand in order in the staging file, which nobody writes to meanwhile. The id is computed beside the
    indexing, both by SQLite outside the interpreter's lock.
    """
    with ThreadPoolExecutor(1, "release id") as thread:
        identity = thread.submit(release_id, staging)
        _copy(staging, target)
        return identity.result()


def _copy(staging: Path, target: Path) -> None:
    connection = sqlite3.connect(target, isolation_level=None)
    try:
        connection.executescript(
            write_pragmas(PAGE_SIZE)
            + f"PRAGMA application_id = {APPLICATION_ID}; PRAGMA user_version = {FORMAT}; PRAGMA temp_store = FILE;"
        )
        connection.execute("ATTACH ? AS staging", (str(staging),))
        connection.execute("BEGIN")
        for table in TABLES:
            connection.execute(table.create())
            connection.execute(f'INSERT INTO main."{table.name}" SELECT * FROM staging."{table.name}"')  # noqa: S608
        for table in TABLES:
            for index in table.create_indexes():
                connection.execute(index)
        connection.execute("COMMIT")
    finally:
        connection.close()
