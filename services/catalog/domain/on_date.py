"""Which edition answers a question, and for how long the answer stays the same.

With a date of service every data set answers strictly from the edition in force on that date. Without one, it answers
from its newest complete edition that has begun (if there is none, the newest incomplete one), and is called outdated
from the day after that edition's period.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from .editions import DataSet
from .filed import LoadedEdition

FIRST_DAY, LAST_DAY = date(1900, 1, 1), date(2100, 12, 31)
ONE_DAY = timedelta(days=1)

_ISO_DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)


def parse_day(text: str) -> date:
    """A calendar day as YYYY-MM-DD between 1900-01-01 and 2100-12-31. Raises ValueError saying what is wrong."""
    if not _ISO_DAY.fullmatch(text):
        raise ValueError("is not a date like 2025-11-01")
    try:
        day = date.fromisoformat(text)
    except ValueError as error:
        raise ValueError("is not a day of the calendar") from error
    if not FIRST_DAY <= day <= LAST_DAY:
        raise ValueError(f"is not between {FIRST_DAY} and {LAST_DAY}")
    return day


@dataclass(frozen=True, slots=True)
class Question:
    """`on` is the date of service asked for, None without one. `today` is the date in New York."""

    today: date
    on: date | None = None

    @property
    def strict(self) -> bool:
        return self.on is not None

    @property
    def day(self) -> date:
        return self.on or self.today


@dataclass(frozen=True, slots=True)
class Chosen:
    """The edition that answers for a data set; none if `loaded` is None.

    `day` is the day to read its rows by: the day asked about, but never after the edition's last day, since a file
    does not know what came later.
    """

    data_set: DataSet
    loaded: LoadedEdition | None
    day: date

    @property
    def complete(self) -> bool:
        return self.loaded is not None and self.loaded.complete


@dataclass(frozen=True, slots=True)
class Interval:
    """From `first` to `last`, both included; None is unbounded."""

    first: date | None
    last: date | None

    def holds(self, day: date) -> bool:
        return (self.first is None or self.first <= day) and (self.last is None or day <= self.last)

    def within(self, other: Interval) -> Interval:
        """The days of both."""
        firsts = [first for first in (self.first, other.first) if first]
        lasts = [last for last in (self.last, other.last) if last]
        return Interval(max(firsts, default=None), min(lasts, default=None))


def choose(editions: Sequence[LoadedEdition], data_set: DataSet, question: Question) -> Chosen:
    """The edition of `data_set` that answers the question."""
    day = question.day
    begun = [
        loaded
        for loaded in editions
        if loaded.edition.data_set == data_set and (loaded.edition.begins is None or loaded.edition.begins <= day)
    ]
    if question.strict:
        begun = [loaded for loaded in begun if loaded.edition.covers(day)]
    best = max(begun, key=_rank, default=None)
    ends = best.edition.ends if best else None
    return Chosen(data_set, best, min(day, ends) if ends else day)


def outdated_since(loaded: LoadedEdition, question: Question) -> date | None:
    """The first day on which the edition was no longer in force, if that has come and others follow it."""
    ends = loaded.edition.ends
    return ends + ONE_DAY if ends and ends < question.day and not loaded.edition.is_last else None


def covers(editions: Iterable[LoadedEdition], data_sets: frozenset[DataSet], day: date) -> bool:
    """Whether any dated edition of these data sets is in force on the day."""
    return any(
        loaded.edition.data_set in data_sets and loaded.edition.begins is not None and loaded.edition.covers(day)
        for loaded in editions
    )


def unchanged(day: date, changes: Iterable[date]) -> Interval:
    """The days around `day` with no change between them. A change is a day from which on something is different."""
    known = list(changes)
    nexts = [change for change in known if change > day]
    return Interval(
        max((change for change in known if change <= day), default=None),
        min(nexts) - ONE_DAY if nexts else None,
    )


def edition_changes(editions: Iterable[LoadedEdition]) -> list[date]:
    """The days on which an edition begins, or has ended."""
    begins = [loaded.edition.begins for loaded in editions]
    ends = [loaded.edition.ends for loaded in editions]
    return [day for day in begins if day] + [day + ONE_DAY for day in ends if day]


def row_changes(*periods: tuple[str, str]) -> list[date]:
    """The days on which rows with these ISO (begins, ends) dates come into force or have ended; "" is unbounded."""
    begins = [date.fromisoformat(first) for first, _ in periods if first]
    ends = [date.fromisoformat(last) + ONE_DAY for _, last in periods if last and last < "9999"]
    return begins + ends


def in_force(begins: str, ends: str, day: date) -> bool:
    """Whether a row with these ISO dates ("" unbounded) is in force on the day."""
    iso = day.isoformat()
    return begins <= iso and (not ends or iso <= ends)


def _rank(loaded: LoadedEdition) -> tuple[bool, date, str]:
    return loaded.complete, loaded.edition.begins or date.min, loaded.edition.name
