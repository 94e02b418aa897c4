"""HCPCS Level II, CPT and CDT numbers, and modifiers: the codes that CMS' files or the licensee's name.

A HCPCS code is described by ANWEB. CPT and CDT numbers have no text but the licensee's own descriptors; the project's
own wording stands in the short description.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping
from itertools import groupby
from typing import Any

from services.catalog.domain import code_dates
from services.catalog.domain.code_dates import Held
from services.catalog.domain.code_groups import groups_of
from services.catalog.domain.codes import procedure_system
from services.catalog.domain.editions import DataSet

from .nodes import Editions, Node, records

_NAMED = """
    SELECT code, data_set, min(edition) AS first, max(edition) AS last
    FROM (
        SELECT code, edition FROM hcpcs_code
        UNION ALL SELECT code, edition FROM rvu
        UNION ALL SELECT code, edition FROM mue
        UNION ALL SELECT add_on, edition FROM add_on
        UNION ALL SELECT "primary", edition FROM add_on
        UNION ALL SELECT code, edition FROM cpt_descriptor
        UNION ALL SELECT code, edition FROM named_in_ptp
    ) JOIN edition ON edition.id = edition
    GROUP BY code, data_set ORDER BY code, data_set
"""
# Of several rows for a code the last one counts: of the newest edition, the first in the file.
_HCPCS = """
    SELECT code, long_description AS description, short_description AS short, added, terminated, edition, file, line
    FROM hcpcs_code ORDER BY edition, line DESC
"""
_RVU = "SELECT code, description, edition, file, line FROM rvu ORDER BY edition, line DESC"
_MUE = "SELECT code, edition, file, line FROM mue ORDER BY edition, line DESC"
_ADD_ON = """
    SELECT add_on AS code, edition, file, line FROM add_on
    UNION ALL SELECT "primary", edition, file, line FROM add_on
    ORDER BY edition, line DESC
"""
_DESCRIPTORS = """
    SELECT code, descriptor AS description, edition, file, line FROM cpt_descriptor ORDER BY edition, line DESC
"""
_WORDING = "SELECT system, code, short FROM plain_wording ORDER BY edition, line DESC"
_MODIFIERS = """
    SELECT *, min(edition) OVER same AS first, max(edition) OVER same AS last
    FROM modifier WINDOW same AS (PARTITION BY modifier)
    ORDER BY modifier, edition, line DESC
"""


def nodes(connection: sqlite3.Connection, editions: Editions) -> Iterator[Node]:
    """Needs the temporary table `named_in_ptp` (code, edition) beside the row tables."""
    sources = _Sources(connection)
    for code, rows in groupby(records(connection, _NAMED), key=lambda row: str(row["code"])):
        held = {DataSet(row["data_set"]): Held(row["first"] - 1, row["last"] - 1) for row in rows}
        if system := procedure_system(code):
            yield from _groups(system, code)
            yield sources.node(system, code, held, editions)
    yield from _modifiers(connection, editions)


class _Sources:
    """The newest row of each file that can speak for a code, by code."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        def by_code(sql: str) -> dict[str, Any]:
            return {row["code"]: row for row in records(connection, sql)}

        self._hcpcs = by_code(_HCPCS)
        self._rvu = by_code(_RVU)
        self._descriptors = by_code(_DESCRIPTORS)
        self._named = {**by_code(_ADD_ON), **by_code(_MUE), **self._rvu}
        self._wording = {(row["system"], row["code"]): row["short"] for row in records(connection, _WORDING)}

    def node(self, system: str, code: str, held: Mapping[DataSet, Held], editions: Editions) -> Node:
        described = self._hcpcs.get(code) if system == "hcpcs" else self._descriptors.get(code)
        source = described or self._named.get(code)
        description = described["description"] if described else ""
        if system == "hcpcs" and not described and code in self._rvu:
            description = self._rvu[code]["description"]
        hcpcs = described if system == "hcpcs" else None
        short = self._wording.get((system, code)) or (hcpcs["short"] if hcpcs else "")
        groups = groups_of(system, code)
        return Node(
            system,
            code,
            code,
            groups[-1].group_id if groups else "",
            description,
            short,
            1 if held.keys() - {DataSet.CPT_DESCRIPTORS} else -1,
            (hcpcs["added"] if hcpcs else "") or code_dates.begins(held, editions),
            (hcpcs["terminated"] if hcpcs else "") or code_dates.ends(held, editions),
            0,
            source["edition"] if source else max(span.last for span in held.values()) + 1,
            source["file"] if source else 0,
            source["line"] if source else 0,
        )


def _groups(system: str, code: str) -> Iterator[Node]:
    parent = ""
    for group in groups_of(system, code):
        yield Node(system, group.group_id, group.sort_key, parent, group.title, is_group=1)
        parent = group.group_id


def _modifiers(connection: sqlite3.Connection, editions: Editions) -> Iterator[Node]:
    newest = {row["modifier"]: row for row in records(connection, _MODIFIERS)}
    for row in newest.values():
        held = {DataSet.HCPCS: Held(row["first"] - 1, row["last"] - 1)}
        yield Node(
            "modifier",
            row["modifier"],
            row["modifier"],
            "",
            row["long_description"],
            row["short_description"],
            -1,
            row["added"] or code_dates.begins(held, editions),
            row["terminated"] or code_dates.ends(held, editions),
            0,
            row["edition"],
            row["file"],
            row["line"],
        )
