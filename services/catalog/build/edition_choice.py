"""Which file speaks for each part of each edition.

Of two files of one part the most complete wins: a whole file over a cut, then the one with more rows. Files with the
same content are one file. What is chosen depends on the files alone, not on where they lie or in which order they come.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from services.catalog.domain.editions import Edition
from services.catalog.domain.manifest import FileState
from services.catalog.importers.base import FileError

from .sources import Found


@dataclass(frozen=True)
class Part:
    """One piece of one edition, and the files that hold it."""

    edition: Edition
    name: str
    files: tuple[Found, ...]


def parts(found: Iterable[Found]) -> list[Part]:
    """The parts that the recognised files hold, in the order of their editions (data set, begin) and names."""
    groups: dict[tuple[Edition, str], list[Found]] = {}
    for file in found:
        if file.recognised:
            groups.setdefault((file.recognised.edition, file.recognised.part), []).append(file)
    ordered = sorted(groups, key=lambda group: (*edition_order(group[0]), group[1]))
    return [Part(edition, name, tuple(groups[edition, name])) for edition, name in ordered]


def edition_order(edition: Edition) -> tuple[str, str, str]:
    """Editions without a period come first."""
    return edition.data_set.value, edition.begins.isoformat() if edition.begins else "", edition.name


def choose(part: Part, count: Callable[[Found], None]) -> Found | None:
    """The file that speaks for the part; None if all that claim to are cuts that do not parse.

    `count` reads a file to its end and sets its `rows`. It is called only where that can decide something: for whole
    files that compete, and for cuts, which may fail. What does not win is marked superseded, or not known if it does
    not parse.
    """
    rivals = list(_without_copies(part.files))
    whole = [file for file in rivals if not file.is_cut]
    counted = [file for file in rivals if file.is_cut or len(whole) > 1]
    readable = [file for file in rivals if file not in counted or _reads(file, count)]
    readable.sort(key=_preference)
    for loser in readable[1:]:
        loser.state = FileState.SUPERSEDED
        loser.reason = f"{readable[0].source.name} in {readable[0].root.label} was taken for the same edition"
    return readable[0] if readable else None


def _reads(file: Found, count: Callable[[Found], None]) -> bool:
    """Whether the file parses. Raises FileError if it does not and is no cut."""
    try:
        count(file)
    except FileError as error:
        if not file.is_cut:
            raise
        file.give_up(f"a cut that does not parse: {error}")
        return False
    return True


def completeness(chosen: Sequence[Found]) -> tuple[bool, int]:
    """(complete, floor) of an edition, by the files that were imported for it.

    Complete: of one list of expected parts all are there, none of them a cut, with as many rows as the importer says
    that a whole edition has. An edition that comes in two forms (ICD-10-CM: tabular list, order file) has two lists.
    """
    lists = {file.recognised.parts for file in chosen if file.recognised}
    judged = [_judged(chosen, expected) for expected in lists]
    return max(judged, default=(False, 0))


def _judged(chosen: Sequence[Found], expected: tuple[str, ...]) -> tuple[bool, int]:
    pieces = [(file, told) for file in chosen if (told := file.recognised) and told.part in expected]
    floor = max(told.floor for _, told in pieces)
    whole = {told.part for _, told in pieces if not told.cut} == set(expected)
    return whole and sum(file.rows for file, _ in pieces) >= floor, floor


def _without_copies(files: Sequence[Found]) -> Iterator[Found]:
    seen: dict[str, Found] = {}
    for file in sorted(files, key=lambda file: (file.is_cut, file.source.name, file.sha256)):
        first = seen.setdefault(file.sha256, file)
        if first is file:
            yield file
        else:
            file.state = FileState.SUPERSEDED
            file.reason = f"the same content as {first.source.name} in {first.root.label}"


def _preference(file: Found) -> tuple[bool, int, str, str]:
    return file.is_cut, -file.rows, file.source.name, file.sha256
