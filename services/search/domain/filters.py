"""Which codes a search looks among, and what results are counted by."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import date
from enum import StrEnum


class Status(StrEnum):
    """How a code stands on a day, by the dates of the code alone."""

    ACTIVE = "active"
    FUTURE = "future"
    RETIRED = "retired"


def day_number(day: date) -> int:
    """A day as an index keeps it: the later, the greater."""
    return day.year * 10_000 + day.month * 100 + day.day


def standing(begins: int, ends: int, day: int) -> Status:
    """Of a code in force from `begins` to `ends`, both included, all three by `day_number`."""
    if ends < day:
        return Status.RETIRED
    return Status.FUTURE if begins > day else Status.ACTIVE


class Facet(StrEnum):
    """What results are counted by; each is a filter, too."""

    SYSTEM = "system"
    CHAPTER = "chapter"
    BILLABLE = "billable"
    STATUS = "status"


@dataclass(frozen=True, slots=True)
class Filters:
    """Empty and None leave out nothing. `chapter` is the name of a chapter, or of what a code system has in its place.

    `status` is that of the day `on`; where that is not given, of `today`. A day without a status asks for what is in
    force on it. `today` alone is no filter, and two searches that differ in nothing else are the same one.
    """

    system: str = ""
    chapter: str = ""
    billable: bool | None = None
    status: Status | None = None
    on: date | None = None
    # Not part of what a cursor is bound to.
    today: date | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        if self.status and not self.day:
            raise ValueError("a status is that of a day")

    @property
    def day(self) -> date | None:
        """The day that a status is told of; None where nobody asks."""
        return self.on or self.today

    @property
    def wanted_status(self) -> Status | None:
        return self.status or (Status.ACTIVE if self.on else None)

    @property
    def chosen(self) -> frozenset[Facet]:
        """The facets that narrow this search."""
        values = {
            Facet.SYSTEM: self.system,
            Facet.CHAPTER: self.chapter,
            Facet.BILLABLE: self.billable is not None,
            Facet.STATUS: self.wanted_status,
        }
        return frozenset(facet for facet, value in values.items() if value)

    @property
    def wide(self) -> Filters:
        """The same search with nothing chosen: how its words are read must not depend on what is chosen."""
        return replace(self, system="", chapter="", billable=None, status=None)
