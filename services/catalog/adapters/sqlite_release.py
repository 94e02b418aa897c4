"""Reads a release file. Fills the port `ReleaseReader`."""

from __future__ import annotations

import json
import sqlite3
import threading
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import Any, TypeVar

from services.catalog.domain import codes
from services.catalog.domain.editions import DataSet, Edition
from services.catalog.domain.filed import CodeRecord, Filed, LoadedEdition
from services.catalog.domain.rows import Ptp, Row
from services.catalog.ports import PtpQuery

from .schema import APPLICATION_ID, FORMAT, ROW_TABLES
from .sqlite_equivalents import SqliteEquivalents
from .sqlite_indexes import SqliteIndexes

R = TypeVar("R", bound=Row)

CACHE_KIB = 8 << 10  # of database pages, for each thread that reads

_NODE = """
    SELECT system, code, parent, description, short_description, billable, begins, ends, is_group, has_children,
        edition, file, line
    FROM node
"""
_PTP = 'FROM ptp JOIN text ON text.id = rationale WHERE edition = :edition AND "{side}" = :code'
_PTP_IN_FORCE = "(effective <= :day AND (deleted = 0 OR deleted >= :day) AND indicator != '9')"
_PTP_CONTAINS = ' AND (instr("{other}", upper(:contains)) OR instr(lower(text.value), lower(:contains)))'
_PTP_CHANGES = """
    SELECT max(iif(effective <= :day, effective, 0)), min(iif(effective > :day, effective, 99999999)),
        max(iif(deleted < :day, deleted, 0)), min(iif(deleted >= :day, deleted, 99999999))
    FROM ptp WHERE edition = :edition AND "{side}" = :code
"""
_NO_DAY = 99999999
_DESCRIPTIONS = """
    SELECT code, description FROM json_each(:codes) AS wanted CROSS JOIN node ON code = wanted.value
    WHERE system = :system
"""
# CROSS JOIN keeps the order in which the tables are read: from the wanted codes to the indexes of the large ones.
# The words of a code, the official ones first; each source's by edition, the newest first.
_SEARCH_TERMS = """
    WITH wanted AS (SELECT value AS code FROM json_each(:codes))
    SELECT code, short_description AS term, 0 AS source, 0 AS edition, 0 AS line
    FROM wanted CROSS JOIN node USING (code) WHERE system = :system
    UNION ALL
    SELECT t.code, t.title, 1, -t.edition, t.line
    FROM edition AS e CROSS JOIN wanted CROSS JOIN tabular_code AS t ON t.edition = e.id AND t.code = wanted.code
    WHERE :system = 'icd10cm' AND e.data_set = 'icd10cm'
    UNION ALL
    SELECT n.owner, n.text, 2, -n.edition, n.line
    FROM edition AS e CROSS JOIN wanted CROSS JOIN tabular_note AS n ON n.edition = e.id AND n.owner = wanted.code
    WHERE :system = 'icd10cm' AND e.data_set = 'icd10cm' AND n.kind = 'inclusion_term'
    UNION ALL
    SELECT p.code, p.text, 3, -p.edition, p.line
    FROM edition AS e CROSS JOIN wanted CROSS JOIN plain_wording AS p ON p.edition = e.id AND p.code = wanted.code
    WHERE p.system = :system AND e.data_set = 'plain_wording'
    ORDER BY 1, 3, 4, 5, 2
"""


class NotAReleaseError(Exception):
    """A file that is no release of this version's format."""


class SqliteRelease:
    """One release file, opened read-only and immutable: nobody may write to it any more.

    Every thread reads through a connection of its own. `close` ends them all, whichever thread calls it.
    """

    def __init__(self, path: Path, release_id: str) -> None:
        self._uri = f"{path.absolute().as_uri()}?mode=ro&immutable=1"
        self._release_id = release_id
        self._thread = threading.local()
        self._connections: list[sqlite3.Connection] = []
        self._lock = threading.Lock()
        try:
            self._check()
            self._editions = self._read_editions()
            self._files: dict[int, str] = dict(self._all("SELECT id, name FROM source_file"))
        except sqlite3.DatabaseError as error:
            self.close()
            raise NotAReleaseError(f"{path.name} cannot be read as a release: {error}") from error
        self._ids = {loaded.edition: number for number, loaded in self._editions.items()}
        self._ordered = sorted(self._editions.values(), key=_edition_order)
        self._indexes = SqliteIndexes(self._all, self._ids, self._files)
        self._equivalents = SqliteEquivalents(self._all, self._ids)

    def close(self) -> None:
        with self._lock:
            for connection in self._connections:
                connection.close()
            self._connections.clear()
            self._thread = threading.local()

    @property
    def release_id(self) -> str:
        return self._release_id

    @property
    def edition_numbers(self) -> Mapping[Edition, int]:
        """The editions with the numbers that rows name them by."""
        return self._ids

    @property
    def editions(self) -> Sequence[LoadedEdition]:
        return self._ordered

    @property
    def indexes(self) -> SqliteIndexes:
        return self._indexes

    @property
    def equivalents(self) -> SqliteEquivalents:
        return self._equivalents

    def node(self, system: str, code: str) -> CodeRecord | None:
        found = self._nodes("WHERE system = ? AND code = ?", system, code)
        return found[0] if found else None

    def path(self, system: str, code: str) -> list[CodeRecord]:
        above: list[CodeRecord] = []
        here = self.node(system, code)
        while here and here.parent and (here := self.node(system, here.parent)) and here not in above:
            above.append(here)
        return above[::-1]

    def children(self, system: str, parent: str, after: str, limit: int) -> list[CodeRecord]:
        beyond = self._sort_key(system, after) if after else ""
        return self._nodes(
            "WHERE system = ? AND parent = ? AND (sort_key, code) > (?, ?) ORDER BY sort_key, code LIMIT ?",
            system, parent, beyond, after, limit,
        )  # fmt: skip

    def siblings(self, system: str, code: str, limit: int) -> list[CodeRecord]:
        here = self.node(system, code)
        if here is None:
            return []
        key = self._sort_key(system, code)
        before = self._nodes(
            "WHERE system = ? AND parent = ? AND sort_key < ? ORDER BY sort_key DESC LIMIT ?",
            system, here.parent, key, limit - 1,
        )[::-1]  # fmt: skip
        after = self._nodes(
            "WHERE system = ? AND parent = ? AND sort_key > ? ORDER BY sort_key LIMIT ?",
            system, here.parent, key, limit - 1,
        )  # fmt: skip
        left = max((limit - 1) // 2, limit - 1 - len(after))
        before = before[max(0, len(before) - left) :]
        return [*before, here, *after[: limit - 1 - len(before)]]

    def in_range(self, system: str, first: str, last: str, after: str, limit: int) -> list[CodeRecord]:
        # "~" comes after every character of a code.
        return self._nodes(
            "WHERE system = ? AND is_group = 0 AND code >= ? AND code < ? AND code > ? ORDER BY code LIMIT ?",
            system, first, last + "~", after, limit,
        )  # fmt: skip

    def near(self, system: str, code: str, limit: int) -> list[CodeRecord]:
        after = self._nodes("WHERE system = ? AND is_group = 0 AND code > ? ORDER BY code LIMIT ?", system, code, limit)
        before = self._nodes(
            "WHERE system = ? AND is_group = 0 AND code < ? ORDER BY code DESC LIMIT ?", system, code, limit
        )
        # Of two neighbours in order the nearer one shares the longer prefix, or as long a one.
        ranked = [(-_shared_prefix(code, found.code), at, found.code, found) for at, found in enumerate(after)]
        ranked += [(-_shared_prefix(code, found.code), at, found.code, found) for at, found in enumerate(before)]
        return [found for shared, _, _, found in sorted(ranked, key=lambda one: one[:3]) if shared][:limit]

    def count(self, system: str) -> int:
        (number,) = self._all("SELECT count(*) FROM node WHERE system = ? AND is_group = 0", system)[0]
        return int(number)

    def codes_after(self, system: str, after: str, limit: int) -> list[CodeRecord]:
        return self._nodes("WHERE system = ? AND is_group = 0 AND code > ? ORDER BY code LIMIT ?", system, after, limit)

    def search_terms(self, system: str, codes: Sequence[str]) -> Mapping[str, Sequence[str]]:
        wanted = json.dumps(list(codes))
        described = dict(self._all(_DESCRIPTIONS, {"codes": wanted, "system": system}))
        terms: dict[str, dict[str, None]] = {}
        for code, term, *_ in self._all(_SEARCH_TERMS, {"codes": wanted, "system": system}):
            if term and term != described.get(code):
                terms.setdefault(code, {})[term] = None
        return {code: tuple(found) for code, found in terms.items()}

    def rows(self, row_type: type[R], edition: Edition, **where: str) -> list[Filed[R]]:
        number = self._ids.get(edition)
        if number is None:
            return []
        sql = _rows_sql(row_type, tuple(where))
        return [
            Filed(row_type(*values), self._files[file], edition)
            for file, *values in self._all(sql, number, *where.values())
        ]

    def ptp(self, query: PtpQuery, limit: int, offset: int) -> list[Filed[Ptp]]:
        columns = "column_one, column_two, before_1996, effective, deleted, indicator, text.value, line, file"
        sql = f"SELECT {columns} {_ptp_from(query)} ORDER BY ptp.rowid LIMIT :limit OFFSET :offset"
        found = self._all(sql, {**self._ptp_values(query), "limit": limit, "offset": offset})
        return [
            Filed(
                Ptp(one, two, before, _iso(effective), _iso(deleted), indicator, rationale, line),
                self._files[file],
                query.edition,
            )
            for one, two, before, effective, deleted, indicator, rationale, line, file in found
        ]

    def ptp_count(self, query: PtpQuery) -> int:
        (number,) = self._all(f"SELECT count(*) {_ptp_from(query)}", self._ptp_values(query))[0]
        return int(number)

    def ptp_changes(self, edition: Edition, code: str, day: str) -> tuple[str, str]:
        values = {"edition": self._ids.get(edition), "code": code, "day": _packed(day)}
        firsts, lasts = [0], [_NO_DAY]
        for side in ("column_one", "column_two"):
            began, begins, ended, ends = self._all(_PTP_CHANGES.format(side=side), values)[0]
            if began is not None:
                firsts += [began, _shifted(ended, 1)]
                lasts += [_shifted(begins, -1), ends]
        first, last = max(firsts), min(lasts)
        return _iso(first), "" if last == _NO_DAY else _iso(last)

    def _ptp_values(self, query: PtpQuery) -> dict[str, Any]:
        return {
            "edition": self._ids.get(query.edition),
            "code": query.code,
            "day": _packed(query.day),
            "contains": query.contains,
        }

    def _nodes(self, condition: str, *values: object) -> list[CodeRecord]:
        return [self._record(row) for row in self._all(_NODE + condition, *values)]

    def _record(self, row: tuple[Any, ...]) -> CodeRecord:
        system, code, parent, text, short, billable, begins, ends, is_group, has_children, edition, file, line = row
        loaded = self._editions.get(edition)
        return CodeRecord(
            system=system,
            code=code,
            display=code if is_group else codes.display(system, code),
            description=text,
            short_description=short,
            billable=None if billable < 0 else bool(billable),
            parent=parent,
            begins=begins,
            ends=ends,
            has_children=bool(has_children),
            is_group=bool(is_group),
            edition=loaded.edition if loaded else None,
            file=self._files.get(file, ""),
            line=line,
        )

    def _sort_key(self, system: str, code: str) -> str:
        found = self._all("SELECT sort_key FROM node WHERE system = ? AND code = ?", system, code)
        return str(found[0][0]) if found else code

    def _read_editions(self) -> dict[int, LoadedEdition]:
        found = self._all("SELECT id, data_set, name, begins, ends, complete, rows FROM edition")
        return {
            number: LoadedEdition(Edition(DataSet(data_set), name, _day(begins), _day(ends)), bool(complete), rows)
            for number, data_set, name, begins, ends, complete, rows in found
        }

    def _check(self) -> None:
        (application,), (version,) = self._all("PRAGMA application_id")[0], self._all("PRAGMA user_version")[0]
        if (application, version) != (APPLICATION_ID, FORMAT):
            raise sqlite3.DatabaseError(f"format {version} of application {application:#x}")

    def _all(self, sql: str, *values: Any) -> list[tuple[Any, ...]]:
        parameters = values[0] if values and isinstance(values[0], dict) else values
        return self._connection().execute(sql, parameters).fetchall()

    def _connection(self) -> sqlite3.Connection:
        connection: sqlite3.Connection | None = getattr(self._thread, "connection", None)
        if connection is None:
            connection = sqlite3.connect(self._uri, uri=True, check_same_thread=False, isolation_level=None)
            connection.execute(f"PRAGMA cache_size = -{CACHE_KIB}")
            self._thread.connection = connection
            with self._lock:
                self._connections.append(connection)
        return connection


def _rows_sql(row_type: type[Any], where: tuple[str, ...]) -> str:
    table = ROW_TABLES[row_type]
    if row_type is Ptp or not set(where) <= set(row_type._fields):
        raise ValueError(f"{table.name} is not looked up by {', '.join(where)}")
    columns = ", ".join(f'"{column}"' for column in ("file", *row_type._fields))
    conditions = "".join(f' AND "{column}" = ?' for column in where)
    return f'SELECT {columns} FROM "{table.name}" WHERE edition = ?{conditions} ORDER BY file, line'  # noqa: S608


def _ptp_from(query: PtpQuery) -> str:
    other = "column_two" if query.side == "column_one" else "column_one"
    in_force = _PTP_IN_FORCE if query.in_force else f"NOT {_PTP_IN_FORCE}"
    contains = _PTP_CONTAINS.format(other=other) if query.contains else ""
    return f"{_PTP.format(side=query.side)} AND {in_force}{contains}"


def _shared_prefix(one: str, other: str) -> int:
    return next((at for at, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))


def _edition_order(loaded: LoadedEdition) -> tuple[str, date, str]:
    return loaded.edition.data_set.value, loaded.edition.begins or date.min, loaded.edition.name


def _day(text: str) -> date | None:
    return date.fromisoformat(text) if text else None


def _packed(day: str) -> int:
    """`2026-04-01` as 20260401, the form that PTP rows are kept in."""
    return int(day.replace("-", ""))


def _iso(packed: int) -> str:
    return f"{packed // 10000:04d}-{packed // 100 % 100:02d}-{packed % 100:02d}" if packed else ""


def _shifted(packed: int, days: int) -> int:
    """The packed day some days on; 0 and "no day" stay what they are."""
    if packed in (0, _NO_DAY):
        return packed
    return _packed((date.fromisoformat(_iso(packed)) + timedelta(days)).isoformat())
