"""Reads the GEMs out of a release file, row after row. Fills the port `EquivalentReader`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from services.catalog.domain.editions import Edition
from services.catalog.domain.equivalents import OLD_SYSTEMS, Equivalent
from services.catalog.domain.rows import Gem

Query = Callable[..., list[tuple[Any, ...]]]

_ALONE = "g.other != '' AND substr(g.flags, 3, 1) = '0'"
_OLD = ", ".join(f"'{system}'" for system in sorted(OLD_SYSTEMS))
# The plus keeps SQLite from an index: the rows of an edition stand together, and are read in their order.
_AFTER = f"""
    SELECT g.rowid, {", ".join(f"g.{name}" for name in Gem._fields)}, n.description
    FROM gem AS g LEFT JOIN node AS n
        ON n.system = iif(g.system IN ({_OLD}), g.system, g.other_system)
        AND n.code = iif(g.system IN ({_OLD}), g.code, g.other)
    WHERE g.rowid > ? AND +g.edition = ? AND {_ALONE} ORDER BY g.rowid LIMIT ?
"""  # noqa: S608 - our own names
_COUNT = f"SELECT count(*) FROM gem AS g WHERE g.edition = ? AND {_ALONE}"  # noqa: S608


class SqliteEquivalents:
    """`query` runs a statement with its values, `ids` are the numbers of the editions."""

    def __init__(self, query: Query, ids: Mapping[Edition, int]) -> None:
        self._query, self._ids = query, ids

    def count(self, edition: Edition) -> int:
        return int(self._query(_COUNT, self._ids[edition])[0][0]) if edition in self._ids else 0

    def after(self, edition: Edition, after: int, limit: int) -> list[Equivalent]:
        if edition not in self._ids:
            return []
        found = self._query(_AFTER, after, self._ids[edition], limit)
        return [Equivalent(number, Gem(*columns), title or "") for number, *columns, title in found]
