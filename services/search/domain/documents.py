"""What search knows about a code, and what it answers."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import Enum
from typing import NamedTuple

from .filters import Facet, Status

DIAGNOSES = "icd10cm"
ICD9_SYSTEMS = ("icd9cm", "icd9proc")
"""Nobody codes with them any more: what they hold is looked for by code, or when it is asked for."""
CODE_SYSTEMS = frozenset(
    {"icd10cm", "icd10pcs", "icd9cm", "icd9proc", "hcpcs", "cpt", "cdt", "msdrg", "pos", "modifier"}
)


class Equivalent(NamedTuple):
    """A code of ICD-9-CM that leads to a code by the General Equivalence Mappings."""

    code: str
    display: str
    approximate: bool

    def packed(self) -> str:
        """As an index keeps it."""
        return f"{self.code} {self.display} {self.approximate:d}"

    @classmethod
    def unpacked(cls, text: str) -> Equivalent:
        code, display, approximate = text.split(" ")
        return cls(code, display, approximate == "1")


class IndexedCode(NamedTuple):
    """One code as the catalog gives it for an index.

    `code` has no dot, `display` may have one. `terms` are further words to find the code by, one phrase each; `phrases`
    what the indexes of the code system and ICD-9-CM call it, and `modifiers` the words that may stand beside those or
    not. `equivalents` are the codes of ICD-9-CM that lead to it.
    `begins` and `ends` are both included; None: unbounded. `billable` is None where the code system does not say.
    """

    system: str
    code: str
    display: str
    description: str
    billable: bool | None
    terms: tuple[str, ...]
    begins: date | None
    ends: date | None
    chapter: str
    phrases: tuple[str, ...] = ()
    modifiers: tuple[str, ...] = ()
    equivalents: tuple[Equivalent, ...] = ()


class MatchKind(Enum):
    EXACT = "exact"
    EQUIVALENT = "equivalent"
    PREFIX = "prefix"
    RANGE = "range"
    WORDS = "words"


class Span(NamedTuple):
    """Part of a description, in characters; `end` is not included."""

    start: int
    end: int


@dataclass(frozen=True, slots=True)
class FoundWord:
    """A word of the query, the word of the document that it met, and the further term that held it ("" if it was the
    description). `meaning` is what the word of the query stands for, where that was met and not the word itself."""

    asked: str
    met: str
    term: str = ""
    meaning: str = ""


@dataclass(frozen=True, slots=True)
class Hit:
    """One result. `words` and `highlights` are set for results found by words, not for suggestions; `equivalents` for
    results found by the code of ICD-9-CM that they took the place of. `status` is None where the plan has no day.
    `terms` are all further terms that the code is found by, those of the indexes last."""

    system: str
    code: str
    display: str
    description: str
    billable: bool | None
    kind: MatchKind
    words: tuple[FoundWord, ...] = ()
    highlights: tuple[Span, ...] = ()
    alike: str = ""
    equivalents: tuple[Equivalent, ...] = ()
    status: Status | None = None
    terms: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class FacetCount:
    """How many results have this value: the code of a system, the name of a chapter, "true" or "false" for billable, a
    status."""

    field: Facet
    value: str
    count: int


@dataclass(frozen=True, slots=True)
class Correction:
    """A word that may be misspelt. `near` are words of the index, the likeliest first; none: nothing is like it.

    `applied` says that results were found by those words instead, because no code has the one that was typed. Else it
    is only a guess: few codes have the typed one, and many another that is nearly spelled so."""

    typed: str
    near: tuple[str, ...]
    applied: bool
