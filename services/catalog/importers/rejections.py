"""The rows of one file that are left out: each with line and reason, and together not more than is plausible."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator
from typing import TypeVar

from services.catalog.domain.rows import Row

from .base import FileError, Rejected

PLAUSIBLE_SHARE = 0.02
ALWAYS_PLAUSIBLE = 50


class Rejections:
    """Counts what one file loses. A file that loses more than a few rows in a hundred is not the file it seems to be.

    Up to 50 rejected rows are reported and no more; beyond that, more than 2% of the lines read so far raise
    `FileError`. `close` refuses a file that gave no row at all, or fewer rows than it lost.
    """

    def __init__(self, file: str) -> None:
        self._file = file
        self._rejected = 0
        self._first_lines: dict[Hashable, int] = {}

    def add(self, line: int, reason: str) -> Rejected:
        self._rejected += 1
        if self._rejected > ALWAYS_PLAUSIBLE and self._rejected > line * PLAUSIBLE_SHARE:
            raise FileError(self._file, line, f"{self._rejected} rows rejected up to here, the last one: {reason}")
        return Rejected(line, reason)

    def repeats(self, key: Hashable, line: int) -> Rejected | None:
        """The rejection of a second row for the same key; None for the first. Keeps one entry a key."""
        first = self._first_lines.setdefault(key, line)
        if first == line:
            return None
        shown = " ".join(part for part in key if part) if isinstance(key, tuple) else key
        return self.add(line, f"a second row for {shown}; the first is on line {first}")

    def close(self, line: int, accepted: int) -> None:
        """Call after the last line, with its number and the number of rows that were taken."""
        if accepted <= 0:
            raise FileError(self._file, line, "no row after the header")
        if self._rejected > accepted:
            raise FileError(self._file, line, f"{self._rejected} rows rejected and only {accepted} good")


Record = TypeVar("Record")


def in_columns(rows: Iterable[tuple[int, tuple[str, ...]]], columns: int) -> Iterator[tuple[int, tuple[str, ...]]]:
    """Rows of a sheet, filled up to `columns`: a sheet stores no empty cells at the end of a row."""
    for number, cells in rows:
        yield number, (*cells, *("",) * (columns - len(cells)))


def checked(
    file: str,
    records: Iterable[tuple[int, Record]],
    make: Callable[[int, Record], Row],
    key: Callable[[Row], Hashable] | None = None,
) -> Iterator[Row | Rejected]:
    """Makes a row of each numbered record. `make` raises ValueError with the reason why a record is no row.

    With `key`, a second row of the same key is rejected too. Ends with FileError as `Rejections` says.
    """
    rejections = Rejections(file)
    number = accepted = 0
    for number, record in records:
        try:
            row = make(number, record)
        except ValueError as error:
            yield rejections.add(number, str(error))
            continue
        repeated = rejections.repeats(key(row), number) if key else None
        accepted += repeated is None
        yield repeated or row
    rejections.close(number, accepted)
