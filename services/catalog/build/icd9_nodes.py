"""ICD-9-CM: chapters, categories and codes of diagnoses and of procedures. Only codes have titles in the files."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from itertools import groupby
from operator import itemgetter
from typing import Any

from services.catalog.domain import code_dates, icd9cm
from services.catalog.domain.code_dates import Held
from services.catalog.domain.codes import display
from services.catalog.domain.editions import DataSet

from .nodes import Editions, Node, records

_DATA_SETS = {icd9cm.DIAGNOSES: DataSet.ICD9CM, icd9cm.PROCEDURES: DataSet.ICD9PROC}
_CODES = """
    WITH listed AS (SELECT c.* FROM icd9_code AS c JOIN edition AS e ON e.id = c.edition WHERE e.data_set = ?),
    held AS (SELECT code, min(edition) AS first, max(edition) AS last FROM listed GROUP BY code),
    newest AS (SELECT *, row_number() OVER (PARTITION BY code ORDER BY edition DESC, file, line) AS age FROM listed)
    SELECT held.first, held.last, newest.* FROM held JOIN newest USING (code) WHERE age = 1 ORDER BY code
"""


def nodes(connection: sqlite3.Connection, editions: Editions) -> Iterator[Node]:
    """Needs the table `edition`."""
    for system, data_set in _DATA_SETS.items():
        rows = records(connection, _CODES, (data_set.value,))
        by_category = groupby(((icd9cm.category(system, row["code"]), row) for row in rows), key=itemgetter(0))
        for category, found in by_category:
            yield from _category(system, category, [row for _, row in found], editions)


def _category(system: str, category: str, rows: Sequence[Any], editions: Editions) -> Iterator[Node]:
    """The chapter, the category if it is more than one code, and its codes."""
    parent = ""
    if placed := icd9cm.chapter(system, category):
        at, chapter = placed
        parent = chapter.group_id
        yield Node(system, parent, f"{at:02}", "", chapter.title, is_group=1)
    if rows[0]["code"] != category:
        first, last = display(system, rows[0]["code"]), display(system, rows[-1]["code"])
        title = f"{first} to {last}" if len(rows) > 1 else first
        yield Node(system, category, category, parent, title, is_group=1)
        parent = category
    for row in rows:
        yield _node(system, row, parent, editions)


def _node(system: str, row: Any, parent: str, editions: Editions) -> Node:
    held = {_DATA_SETS[system]: Held(row["first"] - 1, row["last"] - 1)}
    return Node(
        system,
        row["code"],
        row["code"],
        parent,
        row["title"],
        # Not stated: a list must not call a code billable that has been none for years. Its page knows the date.
        begins=code_dates.begins(held, editions),
        ends=code_dates.ends(held, editions) or icd9cm.LAST_DAY,
        edition=row["edition"],
        file=row["file"],
        line=row["line"],
    )
