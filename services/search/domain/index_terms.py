"""The terms of the ICD-10-CM indexes and tables as words to find codes by.

A term means what its whole path says: "Abdomen, acute" is one phrase for the code that "acute" names below "Abdomen".
Its nonessential modifiers may stand in a diagnosis or not, so they are words of less weight (guidelines, I.A.7). In a
table the column says the rest: the neoplasm table names six codes for one site.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import NamedTuple

from .documents import IndexedCode
from .see_references import other_names

SYSTEM = "icd10cm"

# What a column of the neoplasm table is called in a note.
_COLUMN_WORDS: Mapping[tuple[str, str], str] = MappingProxyType(
    {
        ("neoplasms", "malignant_primary"): "cancer, malignant primary neoplasm",
        ("neoplasms", "malignant_secondary"): "metastasis, secondary malignant cancer",
        ("neoplasms", "in_situ"): "carcinoma in situ",
        ("neoplasms", "benign"): "benign neoplasm, tumor",
        ("neoplasms", "uncertain"): "neoplasm of uncertain behavior",
        ("neoplasms", "unspecified"): "neoplasm of unspecified behavior, mass, tumor",
    }
)
# The main term that the whole table stands under; its columns say it better.
_TABLE_TERM = "Neoplasm, neoplastic"


class NamedCode(NamedTuple):
    """A code that a term names: `column` is that of a table, "" in an index."""

    code: str
    column: str = ""


class IndexTerm(NamedTuple):
    """One term: the titles from the main term down, the modifiers of all of them, and the codes it names."""

    index_name: str
    path: tuple[str, ...]
    modifiers: str
    codes: tuple[NamedCode, ...]
    # Other terms that it refers to by "see" and "see also", as filed.
    references: tuple[str, ...] = ()

    @property
    def phrase(self) -> str:
        """All titles together: "Abdomen, abdominal, acute"."""
        return ", ".join(self.path)


@dataclass
class Phrases:
    """What the indexes call each code, each phrase once, in the order of the indexes."""

    _terms: list[IndexTerm] = field(default_factory=list)
    _phrases: dict[str, dict[str, None]] = field(default_factory=dict)
    _modifiers: dict[str, dict[str, None]] = field(default_factory=dict)

    def add(self, terms: Iterable[IndexTerm]) -> None:
        for term in terms:
            self._terms.append(term)
            for named in term.codes:
                self._phrases.setdefault(named.code, {})[_said(term.index_name, term.path, named.column)] = None
                if term.modifiers:
                    self._modifiers.setdefault(named.code, {})[term.modifiers] = None

    def follow_references(self) -> None:
        """Adds the names that all terms added give to codes by "see" and "see also". Call it once, at the end."""
        for other in other_names(self._terms):
            said = _said(other.index_name, other.path, other.named.column)
            self._phrases.setdefault(other.named.code, {})[said] = None

    def lent_to(self, code: IndexedCode) -> IndexedCode:
        """The code with the phrases of the indexes. A phrase stays with the code that the index names: the codes
        beneath a header are found by their titles, which say what the header says."""
        if code.system != SYSTEM:
            return code
        phrases, modifiers = self._phrases.get(code.code, ()), self._modifiers.get(code.code, ())
        return code._replace(phrases=tuple(phrases), modifiers=tuple(modifiers)) if phrases else code


def _said(index_name: str, path: tuple[str, ...], column: str) -> str:
    words = _COLUMN_WORDS.get((index_name, column))
    if words is None:
        return ", ".join(path)
    return ", ".join([words, *(title for title in path if title != _TABLE_TERM)])
