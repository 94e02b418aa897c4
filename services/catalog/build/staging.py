"""The staging file: rows go in as they are parsed, and come to stand in the order of the release.

Millions of rows pass here, so they go in many at a time: a hundred rows a statement cost a quarter of what single ones
do. Official files are sorted, so a table is sorted again only if its rows did not come in order.
"""

from __future__ import annotations

import hashlib
import sqlite3
from bisect import bisect_left
from collections.abc import Iterable, Iterator
from itertools import chain, islice
from operator import itemgetter
from pathlib import Path
from typing import Any

from services.catalog.adapters.schema import ROW_TABLES, TABLES, TEXT, Table
from services.catalog.domain.manifest import RejectedRow
from services.catalog.domain.rows import Ptp, Row
from services.catalog.importers.base import Rejected

BATCH = 2_000
ROWS_A_STATEMENT = 100
MOST_HELD = 20_000
CACHE_KIB = 32 << 10

_WRITE_PRAGMAS = """
    PRAGMA {schema}.page_size = {page_size};
    PRAGMA {schema}.journal_mode = OFF;
    PRAGMA {schema}.synchronous = OFF;
    PRAGMA {schema}.cache_size = -{cache_kib};
"""


def write_pragmas(page_size: int, schema: str = "main") -> str:
    """For a file that is thrown away if anything goes wrong: no journal, no waiting for the disk."""
    return _WRITE_PRAGMAS.format(schema=schema, page_size=page_size, cache_kib=CACHE_KIB)


class Staging:
    """A SQLite file with the tables of a release, without indexes. `connection` is in autocommit mode."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        self.connection.executescript(
            write_pragmas(page_size=65536) + "PRAGMA locking_mode = NORMAL; PRAGMA temp_store = FILE;"
        )
        for table in TABLES:
            self.connection.execute(table.create())
        self._ptp = _PtpInserts(self.connection, ROW_TABLES[Ptp])
        self._tables: dict[type[Row], _Inserts] = {
            row_type: self._ptp if row_type is Ptp else _Inserts(self.connection, table)
            for row_type, table in ROW_TABLES.items()
        }

    def load(self, rows: Iterable[Row | Rejected], edition: int, file: int) -> tuple[int, list[RejectedRow]]:
        """Writes the rows of one file; (number of rows, the rejected ones)."""
        rejected: list[RejectedRow] = []
        count = 0
        self.connection.execute("BEGIN")
        for batch in batches(rows):
            kinds = set(map(type, batch))
            for kind in kinds:
                part = batch if len(kinds) == 1 else [row for row in batch if type(row) is kind]
                if kind is Rejected:
                    rejected += [RejectedRow(row.line, row.reason) for row in part if isinstance(row, Rejected)]
                else:
                    self._tables[kind].add(part, edition, file)
                    count += len(part)
        for inserts in self._tables.values():
            inserts.flush(edition, file)
        self.connection.execute("COMMIT")
        return count, rejected

    def insert(self, table: Table, rows: Iterable[tuple[Any, ...]]) -> None:
        """Writes rows of a derived table, which come in its order."""
        holes = ", ".join("?" * len(table.columns))
        self.connection.execute("BEGIN")
        self.connection.executemany(f'INSERT INTO "{table.name}" VALUES ({holes})', rows)  # noqa: S608
        self.connection.execute("COMMIT")

    def write_named_in_ptp(self) -> None:
        """A temporary table of the codes that the PTP rows of each edition name: cheaper to keep than to look up."""
        self.connection.execute("CREATE TEMP TABLE named_in_ptp (code TEXT, edition INTEGER)")
        self.connection.execute("BEGIN")
        pairs = ((code, edition) for edition, codes in self._ptp.named.items() for code in codes)
        self.connection.executemany("INSERT INTO named_in_ptp VALUES (?, ?)", pairs)
        self.connection.execute("COMMIT")

    def finish(self) -> None:
        """Brings every row table into its order, and writes the texts that packed rows refer to."""
        self.insert(TEXT, sorted((number, text) for text, number in self._ptp.text_ids.items()))
        for inserts in self._tables.values():
            if not inserts.in_order:
                _sort(self.connection, inserts.table)

    def close(self) -> None:
        self.connection.close()


def batches(rows: Iterable[Row | Rejected]) -> Iterator[list[Row | Rejected]]:
    iterator = iter(rows)
    while batch := list(islice(iterator, BATCH)):
        yield batch


def text_id(text: str) -> int:
    """48 bits of the text's sha256: the same whatever else a release holds, and too long to meet twice."""
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:6], "big")


class _Inserts:
    """Writes the rows of one type, and notes whether they came in the table's order.

    Rows are held back until one with another first column follows, so that a file that is sorted by its first column
    alone (the PTP tables) still counts as sorted.
    """

    def __init__(self, connection: sqlite3.Connection, table: Table) -> None:
        self._connection, self.table = connection, table
        self._width = len(table.columns) - 2
        self._held: list[Any] = []
        self._last: tuple[Any, ...] = ()
        self.in_order = True

    def add(self, rows: list[Any], edition: int, file: int) -> None:
        rows = self._held + self.packed(rows, edition)
        rows.sort()
        ready = bisect_left(rows, rows[-1][:1])
        if ready == 0 and len(rows) > MOST_HELD:
            ready = len(rows)
        self._held = rows[ready:]
        self._write(rows[:ready], edition, file)

    def flush(self, edition: int, file: int) -> None:
        """Called after the last row of each file."""
        self._write(self._held, edition, file)
        self._held = []

    def _write(self, rows: list[Any], edition: int, file: int) -> None:
        if not rows:
            return
        self.in_order = self.in_order and self._last <= (edition, *rows[0], file)
        self._last = (edition, *rows[-1], file)
        whole = len(rows) - len(rows) % ROWS_A_STATEMENT
        for size, part in ((ROWS_A_STATEMENT, rows[:whole]), (1, rows[whole:])):
            values = (tuple(chain.from_iterable(part[at : at + size])) for at in range(0, len(part), size))
            self._connection.executemany(self._statement(edition, file, size), values)

    def packed(self, rows: list[Any], _edition: int) -> list[Any]:
        return rows

    def _statement(self, edition: int, file: int, rows: int) -> str:
        row = f"({edition:d}, {file:d}{', ?' * self._width})"
        return f'INSERT INTO "{self.table.name}" VALUES {", ".join([row] * rows)}'  # noqa: S608 - numbers only


class _PtpInserts(_Inserts):
    """Packs dates and rationales, and keeps the codes that each edition names."""

    def __init__(self, connection: sqlite3.Connection, table: Table) -> None:
        super().__init__(connection, table)
        self.text_ids = _TextIds()
        self.named: dict[int, set[str]] = {}
        self._days = PackedDays()

    def packed(self, rows: list[Any], edition: int) -> list[Any]:
        named = self.named.setdefault(edition, set())
        named.update(map(itemgetter(0), rows), map(itemgetter(1), rows))
        days, texts = self._days, self.text_ids
        return [
            (one, two, days[effective], days[deleted], before, indicator, texts[rationale], line)
            for one, two, before, effective, deleted, indicator, rationale, line in rows
        ]


class _TextIds(dict[str, int]):
    def __missing__(self, text: str) -> int:
        self[text] = number = text_id(text)
        return number


class PackedDays(dict[str, int]):
    """`2026-04-01` as 20260401, "" as 0."""

    def __missing__(self, day: str) -> int:
        self[day] = number = int(day.replace("-", "") or 0)
        return number


def _sort(connection: sqlite3.Connection, table: Table) -> None:
    """Writes a table anew in its order, by SQLite's external sorter."""
    order = ", ".join(f'"{column}"' for column in table.order)
    connection.execute("BEGIN")
    connection.execute(f'ALTER TABLE "{table.name}" RENAME TO unsorted')
    connection.execute(table.create())
    connection.execute(f'INSERT INTO "{table.name}" SELECT * FROM unsorted ORDER BY {order}')  # noqa: S608
    connection.execute("DROP TABLE unsorted")
    connection.execute("COMMIT")
