"""ICD-10-PCS: sections, body systems, tables, families of codes that share body part or region, and codes.

Tables are headers of the order file and have a page; the groups above and below them are made of what its titles have
in common.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from itertools import groupby
from typing import Any

from services.catalog.domain import code_dates, icd10pcs
from services.catalog.domain.code_dates import Held
from services.catalog.domain.editions import DataSet
from services.catalog.domain.icd10pcs import FAMILY_LENGTH, SYSTEM, TABLE_LENGTH

from .nodes import Editions, Node, records

_HEADERS = f"""
    SELECT substr(code, 1, 2) AS body_system, group_concat(long_title, char(10)) AS titles
    FROM procedure_code WHERE length(code) = {TABLE_LENGTH} GROUP BY body_system ORDER BY body_system
"""  # noqa: S608 - a number only
_LABELS = """
    SELECT "table" || value AS family, label FROM procedure_value WHERE position = 4 ORDER BY edition, line DESC
"""
_CODES = """
    WITH held AS (SELECT code, min(edition) AS first, max(edition) AS last FROM procedure_code GROUP BY code),
    newest AS (
        SELECT *, row_number() OVER (PARTITION BY code ORDER BY edition DESC, file, line) AS age FROM procedure_code
    )
    SELECT held.first, held.last, newest.* FROM held JOIN newest USING (code) WHERE age = 1 ORDER BY code
"""


def nodes(connection: sqlite3.Connection, editions: Editions) -> Iterator[Node]:
    for row in records(connection, _HEADERS):
        yield from _groups(row["body_system"], row["titles"].split("\n"))
    # Of several labels the newest counts.
    labels = {row["family"]: row["label"] for row in records(connection, _LABELS)}
    for family, rows in groupby(records(connection, _CODES), key=lambda row: str(row["code"][:FAMILY_LENGTH])):
        codes = list(rows)
        if len(family) == FAMILY_LENGTH:
            title = icd10pcs.family_title([row["long_title"] for row in codes], labels.get(family, ""))
            yield Node(SYSTEM, family, family, family[:TABLE_LENGTH], title, is_group=1)
        for row in codes:
            parent = family if len(family) == FAMILY_LENGTH else family[:2]
            yield _node(row, parent, editions)


def _groups(body_system: str, headers: list[str]) -> Iterator[Node]:
    section = body_system[:1]
    yield Node(SYSTEM, section, section, "", icd10pcs.section_title(section), is_group=1)
    title = icd10pcs.body_system_title(body_system, headers)
    yield Node(SYSTEM, body_system, body_system, section, title, is_group=1)


def _node(row: Any, parent: str, editions: Editions) -> Node:
    held = {DataSet.ICD10PCS: Held(row["first"] - 1, row["last"] - 1)}
    return Node(
        SYSTEM,
        row["code"],
        row["code"],
        parent,
        row["long_title"],
        # The short title says the same in abbreviations of its own; no one looks for them.
        billable=row["valid"],
        begins=code_dates.begins(held, editions),
        ends=code_dates.ends(held, editions),
        edition=row["edition"],
        file=row["file"],
        line=row["line"],
    )
