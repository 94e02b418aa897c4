"""Codes of ICD-9-CM and ICD-10 that are equivalent by themselves, as search takes them."""

from __future__ import annotations

from dataclasses import dataclass

from .rows import Gem

OLD_SYSTEMS = frozenset({"icd9cm", "icd9proc"})


@dataclass(frozen=True, slots=True)
class Equivalent:
    """One row of the GEMs that is no part of a combination and leads to a code. `number` counts the rows of the edition
    upward, with gaps; `title` is that of the ICD-9-CM code."""

    number: int
    gem: Gem
    title: str

    @property
    def from_icd9(self) -> bool:
        return self.gem.system in OLD_SYSTEMS

    @property
    def old(self) -> tuple[str, str]:
        """Code system and code of ICD-9-CM."""
        return (self.gem.system, self.gem.code) if self.from_icd9 else (self.gem.other_system, self.gem.other)

    @property
    def new(self) -> tuple[str, str]:
        """Code system and code of ICD-10."""
        return (self.gem.other_system, self.gem.other) if self.from_icd9 else (self.gem.system, self.gem.code)
