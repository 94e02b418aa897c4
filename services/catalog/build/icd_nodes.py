"""ICD-10-CM: chapters, blocks, categories and codes, merged from the tabular list and the order file.

The order file's long title is the description; where no order file of the same time holds the code, the tabular's title
is.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from typing import Any

from services.catalog.domain import code_dates
from services.catalog.domain.code_dates import Held
from services.catalog.domain.editions import DataSet

from .nodes import Editions, Node, records

SYSTEM = "icd10cm"

_GROUPS = """
    SELECT * FROM (
        SELECT *, row_number() OVER (PARTITION BY group_id ORDER BY edition DESC, file, line) AS age FROM tabular_group
    ) WHERE age = 1 ORDER BY group_id
"""
_CODES = """
    WITH
    held AS (
        SELECT code, min(edition) AS first, max(edition) AS last
        FROM (SELECT code, edition FROM order_code UNION ALL SELECT code, edition FROM tabular_code)
        GROUP BY code
    ),
    ordered AS (
        SELECT *, row_number() OVER (PARTITION BY code ORDER BY edition DESC, file, line) AS age FROM order_code
    ),
    tabular AS (
        SELECT *, row_number() OVER (PARTITION BY code ORDER BY edition DESC, file, line) AS age FROM tabular_code
    )
    SELECT held.*, o.long_title, o.short_title, o.valid, o.edition AS o_edition, o.file AS o_file, o.line AS o_line,
        t.title, t.parent, t.leaf, t.edition AS t_edition, t.file AS t_file, t.line AS t_line
    FROM held
    LEFT JOIN (SELECT * FROM ordered WHERE age = 1) AS o USING (code)
    LEFT JOIN (SELECT * FROM tabular WHERE age = 1) AS t USING (code)
    ORDER BY code
"""


def nodes(connection: sqlite3.Connection, editions: Editions) -> Iterator[Node]:
    blocks: list[str] = []
    for row in records(connection, _GROUPS):
        group = row["group_id"]
        if row["parent"]:
            blocks.append(group)
        sort_key = group if row["parent"] else group.zfill(2)
        yield Node(
            SYSTEM, group, sort_key, row["parent"], row["title"],
            is_group=1, edition=row["edition"], file=row["file"], line=row["line"],
        )  # fmt: skip
    above: list[str] = []
    for row in records(connection, _CODES):
        code = row["code"]
        while above and not code.startswith(above[-1]):
            above.pop()
        parent = row["parent"] or (above[-1] if above else _block(code, blocks))
        above.append(code)
        yield _node(row, parent, editions)


def _node(row: Any, parent: str, editions: Editions) -> Node:
    held = {DataSet.ICD10CM: Held(row["first"] - 1, row["last"] - 1)}
    from_order = _order_file_speaks(row, editions)
    source = "o" if from_order else "t"
    return Node(
        SYSTEM,
        row["code"],
        row["code"],
        parent,
        row["long_title"] if from_order else row["title"],
        row["short_title"] or "",
        row["valid"] if from_order else row["leaf"],
        code_dates.begins(held, editions),
        code_dates.ends(held, editions),
        0,
        row[f"{source}_edition"],
        row[f"{source}_file"],
        row[f"{source}_line"],
    )


def _order_file_speaks(row: Any, editions: Editions) -> bool:
    """An order file that was out of force before the newest tabular began does not overrule it."""
    if row["o_edition"] is None or row["t_edition"] is None:
        return row["o_edition"] is not None
    order, tabular = editions[row["o_edition"] - 1].edition, editions[row["t_edition"] - 1].edition
    return order.ends is None or tabular.begins is None or order.ends >= tabular.begins


def _block(code: str, blocks: list[str]) -> str:
    """The block ("S70-S79") that a category stands in, for a category that only an order file names."""
    category = code[:3]
    for block in blocks:
        first, _, last = block.partition("-")
        if first <= category <= (last or first):
            return block
    return ""
