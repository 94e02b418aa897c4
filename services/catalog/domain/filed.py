"""Facts with the place where they were filed: what a release hands to the rules that make a page of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic, TypeVar

from .editions import Edition
from .rows import Row

R_co = TypeVar("R_co", bound=Row, covariant=True)


@dataclass(frozen=True, slots=True)
class LoadedEdition:
    """An edition that the release holds. `rows` counts the rows that were imported from its files."""

    edition: Edition
    complete: bool
    rows: int


@dataclass(frozen=True, slots=True)
class Filed(Generic[R_co]):
    """A row with the place where it was filed; its line is the row's own `line`."""

    row: R_co
    file: str  # base name of the official file once unpacked
    edition: Edition


@dataclass(frozen=True, slots=True)
class CodeRecord:
    """A code or a group of the hierarchy, by the newest that the release knows of it.

    `begins` is the first day that a loaded file shows the code in force (HCPCS: its ADD DT; else the first day of
    the earliest edition that holds it; "" if unknown). `ends` is the last day in force: HCPCS TERM DT, or the day
    before a later *complete* edition of the same data set begins that does not hold the code any more; "" while not
    known to end.
    """

    system: str
    code: str  # stored form, or the group's id
    display: str
    description: str  # "" where the project may not show one
    short_description: str
    billable: bool | None
    parent: str  # code or group above, "" at the top
    begins: str
    ends: str
    has_children: bool
    is_group: bool  # chapters, blocks and ranges: can be browsed, have no page
    edition: Edition | None  # where the description stands; None for a group made by the project
    file: str
    line: int
