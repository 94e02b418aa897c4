"""The General Equivalence Mappings as a way to ICD-10: an ICD-9-CM code leads to codes, its title is a phrase for them.

Which rows lend their titles was measured, see docs/decisions/0027.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import NamedTuple

from .documents import Equivalent, IndexedCode


class Mapped(NamedTuple):
    """One row: `system` and `code` are of ICD-10, `equivalent` and `title` of ICD-9-CM."""

    system: str
    code: str
    equivalent: Equivalent
    title: str
    from_icd9: bool


@dataclass
class Equivalents:
    """By the code of ICD-10, in the order of the mappings."""

    _codes: dict[tuple[str, str], list[Equivalent]] = field(default_factory=dict)
    _titles: dict[tuple[str, str], dict[str, None]] = field(default_factory=dict)

    def add(self, rows: Iterable[Mapped]) -> None:
        for row in rows:
            key = (row.system, row.code)
            if row.from_icd9:
                self._codes.setdefault(key, []).append(row.equivalent)
                if row.title:
                    self._titles.setdefault(key, {})[row.title] = None

    def lent_to(self, code: IndexedCode) -> IndexedCode:
        key = (code.system, code.code)
        codes = self._codes.get(key)
        if not codes:
            return code
        phrases = dict.fromkeys((*code.phrases, *self._titles.get(key, ())))
        return code._replace(equivalents=tuple(codes), phrases=tuple(phrases))
