"""Reads the terms of the ICD-10-CM indexes out of a release file. Fills the port `IndexReader`."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from itertools import groupby
from typing import Any

from services.catalog.domain.editions import Edition
from services.catalog.domain.indexes import IndexEntry
from services.catalog.domain.rows import IndexCode, IndexTerm

Query = Callable[..., list[tuple[Any, ...]]]

_TERM_COLUMNS = ", ".join(f't."{name}"' for name in IndexTerm._fields)
_TERMS = f"""
    SELECT t.file, EXISTS (SELECT 1 FROM index_term AS c WHERE c.edition = t.edition AND c.parent = t.number),
        {_TERM_COLUMNS}
    FROM index_term AS t WHERE t.edition = :edition AND
"""  # noqa: S608 - our own names
_AFTER = "t.number > :after ORDER BY t.number LIMIT :limit"
_BELOW = "t.parent = :parent AND t.number > :after AND :letter IN ('', t.letter) ORDER BY t.number LIMIT :limit"
# Each is one look into the index by parent and key. "-" follows "," in ASCII: the keys between them are those that go
# on with a comma.
_NAMED = (
    "t.parent = :parent AND t.key = :key ORDER BY t.key, t.number LIMIT 1",
    "t.parent = :parent AND t.key = :key || ' nec' ORDER BY t.key, t.number LIMIT 1",
    "t.parent = :parent AND t.key >= :key || ',' AND t.key < :key || '-' ORDER BY t.key, t.number LIMIT 1",
)
_CODES = f"""
    SELECT {", ".join(f'c."{name}"' for name in IndexCode._fields)}
    FROM json_each(:terms) AS wanted CROSS JOIN index_code AS c ON c.edition = :edition AND c.term = wanted.value
    ORDER BY c.term, c.position
"""  # noqa: S608 - our own names
_LETTERS = "SELECT letter FROM index_term WHERE edition = ? AND parent = 0 GROUP BY letter ORDER BY min(number)"


class SqliteIndexes:
    """`query` runs a statement with its values, `ids` are the numbers of the editions, `files` the names of files.

    What is asked for with every page, and never changes in a release, is read once: an index has 50,000 terms.
    """

    def __init__(self, query: Query, ids: Mapping[Edition, int], files: Mapping[int, str]) -> None:
        self._query, self._ids, self._files = query, ids, files
        self.count = cache(self._count)
        self.letters = cache(self._letters)

    def _count(self, edition: Edition) -> int:
        (number,) = self._query("SELECT count(*) FROM index_term WHERE edition = ?", self._ids.get(edition))[0]
        return int(number)

    def _letters(self, edition: Edition) -> list[str]:
        return [str(letter) for (letter,) in self._query(_LETTERS, self._ids.get(edition))]

    def terms_after(self, edition: Edition, after: int, limit: int) -> list[IndexEntry]:
        return self._entries(edition, _AFTER, after=after, limit=limit)

    def below(self, edition: Edition, parent: int, letter: str, after: int, limit: int) -> list[IndexEntry]:
        return self._entries(edition, _BELOW, parent=parent, letter=letter, after=after, limit=limit)

    def named(self, edition: Edition, parent: int, title: str) -> IndexEntry | None:
        for condition in _NAMED:
            if found := self._entries(edition, condition, parent=parent, key=title.lower()):
                return found[0]
        return None

    def _entries(self, edition: Edition, condition: str, **values: object) -> list[IndexEntry]:
        number = self._ids.get(edition)
        found = self._query(_TERMS + condition, {**values, "edition": number})
        terms = [(IndexTerm(*columns), bool(below), self._files[file]) for file, below, *columns in found]
        codes = self._codes(number, [term.number for term, _, _ in terms]) if terms else {}
        return [IndexEntry(term, codes.get(term.number, ()), below, file) for term, below, file in terms]

    def _codes(self, edition: int | None, terms: Sequence[int]) -> dict[int, tuple[IndexCode, ...]]:
        found = self._query(_CODES, {"edition": edition, "terms": json.dumps(terms)})
        rows = (IndexCode(*columns) for columns in found)
        return {term: tuple(codes) for term, codes in groupby(rows, key=lambda row: row.term)}
