"""What a release changed, in a small SQLite file beside it: `<id>.changes`.

It is no part of the release: a release's id and bytes do not depend on which one was there before.
"""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

FORMAT = 1
APPLICATION_ID = 0x4D636463  # "Mcdc"

SCHEMA = f"""
    PRAGMA application_id = {APPLICATION_ID};
    PRAGMA user_version = {FORMAT};
    CREATE TABLE about (before TEXT NOT NULL, after TEXT NOT NULL, published_at_ms INTEGER NOT NULL);
    CREATE TABLE changed (
        system TEXT NOT NULL, code TEXT NOT NULL, kind TEXT NOT NULL, display TEXT NOT NULL,
        description TEXT NOT NULL, billable INTEGER NOT NULL, sections TEXT NOT NULL DEFAULT '',
        described INTEGER NOT NULL DEFAULT 0, PRIMARY KEY (system, code)
    ) WITHOUT ROWID;
    CREATE TABLE fact (
        id INTEGER PRIMARY KEY, system TEXT NOT NULL, code TEXT NOT NULL, section TEXT NOT NULL, fact TEXT NOT NULL,
        label TEXT NOT NULL, before TEXT NOT NULL, after TEXT NOT NULL, edition TEXT NOT NULL
    );
"""
INDEX = "CREATE INDEX fact_by_code ON fact (system, code)"

_CHANGED = "SELECT system, code, kind, display, description, billable, sections, described FROM changed"


class NotChangesError(Exception):
    """A file that does not hold the changes of a release, or not in this version's format."""


class Fact(NamedTuple):
    section: str
    fact: str
    label: str
    before: str
    after: str
    edition: str


class Changed(NamedTuple):
    """`billable` is 1, 0 or -1; `sections` are names with a comma between."""

    system: str
    code: str
    kind: str
    display: str
    description: str
    billable: int
    sections: str
    described: int


class ChangeFile:
    """Reads through a connection for each call: calls come from many threads, seldom."""

    def __init__(self, path: Path) -> None:
        self._uri = f"{path.absolute().as_uri()}?mode=ro&immutable=1"
        try:
            with self._open() as connection:
                application = connection.execute("PRAGMA application_id").fetchone()[0]
                version = connection.execute("PRAGMA user_version").fetchone()[0]
                if (application, version) != (APPLICATION_ID, FORMAT):
                    raise NotChangesError(f"{path.name} is of format {version} of application {application:#x}")
                row = connection.execute("SELECT before, after, published_at_ms FROM about").fetchone()
        except (sqlite3.Error, TypeError) as error:
            raise NotChangesError(f"{path.name} cannot be read: {error}") from error
        self.before, self.after, self.published_at_ms = str(row[0]), str(row[1]), int(row[2])

    def changed_after(self, system: str, code: str, limit: int) -> list[Changed]:
        """At most `limit` by system and code, behind the one given."""
        sql = f"{_CHANGED} WHERE (system, code) > (?, ?) ORDER BY system, code LIMIT ?"
        with self._open() as connection:
            return [Changed(*row) for row in connection.execute(sql, (system, code, limit))]

    def changed_of(self, keys: Sequence[tuple[str, str]]) -> list[Changed]:
        """Those of the codes that changed, by system and code."""
        found: list[Changed] = []
        with self._open() as connection:
            for key in sorted(set(keys)):
                found += [Changed(*row) for row in connection.execute(f"{_CHANGED} WHERE system = ? AND code = ?", key)]
        return found

    def facts(self, system: str, code: str) -> list[Fact]:
        sql = "SELECT section, fact, label, before, after, edition FROM fact WHERE system = ? AND code = ? ORDER BY id"
        with self._open() as connection:
            return [Fact(*row) for row in connection.execute(sql, (system, code))]

    def counts(self) -> list[tuple[str, str, int]]:
        """(system, kind, codes)."""
        sql = "SELECT system, kind, count(*) FROM changed GROUP BY system, kind ORDER BY system, kind"
        with self._open() as connection:
            return connection.execute(sql).fetchall()

    @contextlib.contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        with contextlib.closing(sqlite3.connect(self._uri, uri=True)) as connection:
            yield connection
