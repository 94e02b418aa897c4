"""Compares two release files, and writes what the later one changed.

Each data set is compared by the editions that answer on the day of publication, and as one ordered stream beside
another: memory is bounded by the rows of one code, and by one count for each code that PTP edits name. A release of
98,000 diagnoses and 2.5 million PTP rows is read through once.
"""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import closing
from datetime import date
from pathlib import Path
from typing import Any

from services.catalog.adapters.change_file import INDEX, SCHEMA
from services.catalog.adapters.schema import ROW_TABLES
from services.catalog.adapters.sqlite_release import SqliteRelease
from services.catalog.domain import changes, codes, on_date
from services.catalog.domain.changes import FactChange
from services.catalog.domain.editions import DataSet
from services.catalog.domain.filed import LoadedEdition
from services.catalog.domain.on_date import Question
from services.catalog.domain.page import SECTION_NAMES
from services.catalog.domain.rows import AddOn, HcpcsCode, Mue, PlainWording, Row, Rvu, TabularNote

_MUES = {
    DataSet.MUE_PRACTITIONER: ("mue_practitioner", "MUE, practitioner"),
    DataSet.MUE_OUTPATIENT_HOSPITAL: ("mue_outpatient_hospital", "MUE, outpatient hospital"),
    DataSet.MUE_DME_SUPPLIER: ("mue_dme_supplier", "MUE, DME supplier"),
}
_PTPS = {
    DataSet.PTP_PRACTITIONER: ("ptp_practitioner", "PTP edits, practitioner"),
    DataSet.PTP_HOSPITAL: ("ptp_hospital", "PTP edits, hospital"),
}
_DESCRIBED_BY = {
    "icd10cm": DataSet.ICD10CM,
    "icd10pcs": DataSet.ICD10PCS,
    "icd9cm": DataSet.ICD9CM,
    "icd9proc": DataSet.ICD9PROC,
    "hcpcs": DataSet.HCPCS,
    "modifier": DataSet.HCPCS,
    "cpt": DataSet.CPT_DESCRIPTORS,
}
_NODES = """
    SELECT system, code, description, short_description, billable, ends FROM {schema}.node
    WHERE is_group = 0 ORDER BY system, code
"""
_PTP = """
    SELECT column_one, column_two, effective, deleted, indicator, text.value FROM {schema}.ptp
    CROSS JOIN {schema}.text ON text.id = rationale WHERE edition = ? ORDER BY {schema}.ptp.rowid
"""
_FACT = "INSERT INTO fact (system, code, section, fact, label, before, after, edition) VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
_CHANGED = "INSERT INTO changed (system, code, kind, display, description, billable) VALUES (?, ?, ?, ?, ?, ?)"
_FINISH = """
    DELETE FROM fact WHERE EXISTS (
        SELECT 1 FROM changed WHERE changed.system = fact.system AND changed.code = fact.code
            AND kind IN ('added', 'removed'));
    INSERT OR IGNORE INTO changed (system, code, kind, display, description, billable)
        SELECT node.system, node.code, 'changed', '', iif(node.description != '', node.description,
            node.short_description), node.billable
        FROM (SELECT DISTINCT system, code FROM fact) AS one CROSS JOIN later.node USING (system, code)
        WHERE is_group = 0;
    DELETE FROM fact WHERE NOT EXISTS (
        SELECT 1 FROM changed WHERE changed.system = fact.system AND changed.code = fact.code);
    UPDATE changed SET
        described = EXISTS (SELECT 1 FROM fact WHERE fact.system = changed.system AND fact.code = changed.code
            AND fact = 'official_description'),
        sections = coalesce((SELECT group_concat(DISTINCT section) FROM fact
            WHERE fact.system = changed.system AND fact.code = changed.code AND section != ''), '');
"""

Found = Iterator[tuple[str, str, FactChange]]


def write_changes(before: Path, after: Path, target: Path, *, today: date, now_ms: int) -> None:
    """Writes the changes from the release file `before` to `after`, both named by their ids. Raises sqlite3.Error."""
    target.unlink(missing_ok=True)
    with closing(sqlite3.connect(target, isolation_level=None, uri=True)) as connection:
        connection.executescript("PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA temp_store = FILE;")
        for schema, path in (("earlier", before), ("later", after)):
            connection.execute(f"ATTACH ? AS {schema}", (f"{path.absolute().as_uri()}?mode=ro&immutable=1",))
        connection.executescript(SCHEMA)
        connection.execute("BEGIN")
        connection.execute("INSERT INTO about VALUES (?, ?, ?)", (before.stem, after.stem, now_ms))
        _Comparison(connection, before, after, Question(today)).write()
        connection.execute(INDEX)
        for statement in _FINISH.split(";"):
            connection.execute(statement)
        _put_in_order(connection)
        connection.execute("COMMIT")


class _Comparison:
    def __init__(self, connection: sqlite3.Connection, before: Path, after: Path, question: Question) -> None:
        self._connection = connection
        self._editions = {"earlier": _chosen(before, question), "later": _chosen(after, question)}

    def write(self) -> None:
        self._nodes()
        for data_set, row_type, key in (
            (DataSet.PFS, Rvu, "code"),
            *((mue, Mue, "code") for mue in _MUES),
            (DataSet.HCPCS, HcpcsCode, "code"),
            (DataSet.PLAIN_WORDING, PlainWording, "code"),
            (DataSet.ICD10CM, TabularNote, "owner"),
        ):
            self._add(data_set, self._by_code(data_set, row_type, key))
        self._add(DataSet.ADD_ON, self._add_ons())
        for data_set in _PTPS:
            self._add(data_set, self._ptp(data_set))

    def _add(self, data_set: DataSet, found: Found) -> None:
        later, earlier = self._title("later", data_set), self._title("earlier", data_set)
        rows = (
            (system, code, *change, later if change.after or not earlier else earlier) for system, code, change in found
        )
        self._connection.executemany(_FACT, rows)

    def _title(self, schema: str, data_set: DataSet) -> str:
        chosen = self._editions[schema].get(data_set)
        return chosen[1].edition.title if chosen else ""

    def _nodes(self) -> None:
        """Codes that came, went, were retired, or are described otherwise."""
        sides = [self._connection.execute(_NODES.format(schema=schema)) for schema in ("earlier", "later")]
        for (system, code), before, after in changes.beside(sides[0], sides[1], key=lambda row: (row[0], row[1])):
            was: Any = before[0] if before else None
            now: Any = after[0] if after else None
            if was == now:
                continue
            found = [] if was is None or now is None else _node_changes(was, now)
            kind = _kind(was, now)
            row = now or was
            if found or kind is not changes.ChangeKind.CHANGED:
                self._connection.execute(_CHANGED, (system, code, kind, "", row[2] or row[3], row[4]))
            title = self._title("later", _DESCRIBED_BY[system]) if system in _DESCRIBED_BY else ""
            self._connection.executemany(_FACT, [(system, code, *change, title) for change in found])

    def _by_code(self, data_set: DataSet, row_type: type[Any], key: str) -> Found:
        sides = [self._rows(schema, data_set, row_type, key) for schema in ("earlier", "later")]
        for code, before, after in changes.beside(sides[0], sides[1], key=lambda row: getattr(row, key)):
            system = (after or before)[0].system if row_type is PlainWording else _system(data_set, code)
            if before == after or not system:
                continue
            for change in _compared(data_set, row_type, before, after):
                yield system, code, change

    def _rows(self, schema: str, data_set: DataSet, row_type: type[Row], key: str) -> Iterator[Any]:
        chosen = self._editions[schema].get(data_set)
        if chosen is None:
            return
        columns = ", ".join(f'"{name}"' for name in row_type._fields)
        order = ", ".join(f'"{name}"' for name in (key, *row_type._fields[:2]))
        sql = f'SELECT {columns} FROM {schema}."{ROW_TABLES[row_type].name}" WHERE edition = ? ORDER BY {order}'  # noqa: S608
        for row in self._connection.execute(sql, (chosen[0],)):
            # Where a row stands in its file says nothing about the code.
            yield row_type._make(row)._replace(line=0)

    def _add_ons(self) -> Found:
        """Pairs of an add-on code and a primary code: some thousand rows."""
        sides = []
        for schema in ("earlier", "later"):
            rows = self._rows(schema, DataSet.ADD_ON, AddOn, "add_on")
            sides.append({(row.add_on, row.primary) for row in rows if not row.deleted})
        changed = sides[0] ^ sides[1]
        for at, other, fact, label in ((0, 1, "primary_code", "Primary codes"), (1, 0, "add_on_code", "Add-on codes")):
            listed: dict[str, tuple[set[str], set[str]]] = {}
            for number, side in enumerate(sides):
                for pair in side & changed:
                    listed.setdefault(pair[at], (set(), set()))[number].add(pair[other])
            for code in sorted(listed):
                for change in changes.set_change("crosswalks", fact, label, *listed[code]):
                    yield codes.procedure_system(code), code, change

    def _ptp(self, data_set: DataSet) -> Found:
        """How many edits that name a code, in either column, ended, came or changed."""
        gone: Counter[str] = Counter()
        come: Counter[str] = Counter()
        sides = [self._ptp_rows(schema, data_set) for schema in ("earlier", "later")]
        for pair, before, after in changes.beside(sides[0], sides[1], key=lambda row: (row[0], row[1])):
            if before != after:
                for code in pair:
                    gone[code] += len(set(before) - set(after))
                    come[code] += len(set(after) - set(before))
        fact, label = _PTPS[data_set]
        for code in sorted({*gone, *come}):
            before_text = f"{gone[code]} ended or changed" if gone[code] else ""
            after_text = f"{come[code]} new or changed" if come[code] else ""
            if before_text or after_text:
                yield codes.procedure_system(code), code, FactChange("ncci_edits", fact, label, before_text, after_text)

    def _ptp_rows(self, schema: str, data_set: DataSet) -> Iterator[tuple[Any, ...]]:
        chosen = self._editions[schema].get(data_set)
        return iter(self._connection.execute(_PTP.format(schema=schema), (chosen[0],)) if chosen else ())


def _chosen(path: Path, question: Question) -> dict[DataSet, tuple[int, LoadedEdition]]:
    """The edition that answers for each data set, with its number in the file."""
    reader = SqliteRelease(path, path.stem)
    try:
        loaded = list(reader.editions)
        numbers = reader.edition_numbers
    finally:
        reader.close()
    found = {data_set: on_date.choose(loaded, data_set, question).loaded for data_set in DataSet}
    return {data_set: (numbers[one.edition], one) for data_set, one in found.items() if one}


def _kind(was: Any, now: Any) -> changes.ChangeKind:
    if was is None:
        return changes.ChangeKind.ADDED
    if now is None:
        return changes.ChangeKind.REMOVED
    return changes.ChangeKind.RETIRED if now[5] and now[5] != was[5] else changes.ChangeKind.CHANGED


def _node_changes(was: tuple[Any, ...], now: tuple[Any, ...]) -> list[FactChange]:
    found = []
    if (was[2] or was[3]) != (now[2] or now[3]):
        found.append(FactChange("", "official_description", "Description", was[2] or was[3], now[2] or now[3]))
    if was[4] != now[4]:
        found.append(FactChange("", "billable", "Billable", _yes_or_no(was[4]), _yes_or_no(now[4])))
    if was[5] != now[5]:
        found.append(FactChange("compliance", "code_dates", "Last day", was[5], now[5]))
    return found


def _yes_or_no(billable: int) -> str:
    return {1: "yes", 0: "no"}.get(billable, "")


def _compared(data_set: DataSet, row_type: type[Any], before: Sequence[Any], after: Sequence[Any]) -> list[FactChange]:
    if row_type is Rvu:
        return changes.rvu_changes(before, after)
    if row_type is TabularNote:
        return _note_changes(before, after)
    found = changes.row_changes(changes.SHOWN[row_type], before[0] if before else None, after[0] if after else None)
    if data_set in _MUES:
        fact, label = _MUES[data_set]
        return [one._replace(fact=fact, label=label) if one.fact == "mue" else one for one in found]
    return found


def _note_changes(before: Sequence[TabularNote], after: Sequence[TabularNote]) -> list[FactChange]:
    found: list[FactChange] = []
    for kind in sorted({note.kind for note in (*before, *after)}):
        texts = [[note.text for note in side if note.kind == kind] for side in (before, after)]
        found += changes.set_change("guidelines", kind, kind.replace("_", " ").capitalize(), *texts)
    return found


def _system(data_set: DataSet, code: str) -> str:
    return "icd10cm" if data_set is DataSet.ICD10CM else codes.procedure_system(code)


def _put_in_order(connection: sqlite3.Connection) -> None:
    """Sections in the order of the code page, and codes as people read them."""
    rows = connection.execute("SELECT sections, system, code FROM changed").fetchall()
    order = {name: at for at, name in enumerate(SECTION_NAMES)}
    ordered = [
        (
            ",".join(sorted(filter(None, sections.split(",")), key=lambda name: order.get(name, -1))),
            codes.display(system, code),
            system,
            code,
        )
        for sections, system, code in rows
    ]
    connection.executemany("UPDATE changed SET sections = ?, display = ? WHERE system = ? AND code = ?", ordered)
