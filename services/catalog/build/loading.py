"""Reads the files that speak for the editions of a release into the staging file."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import groupby

from services.catalog.adapters.schema import EDITION, SOURCE_FILE
from services.catalog.domain.editions import Edition
from services.catalog.domain.manifest import EditionRecord, FileState
from services.catalog.domain.rows import Row
from services.catalog.importers.base import Rejected

from .edition_choice import Part, choose, completeness, parts
from .sources import Found
from .staging import Staging

Reading = Callable[[str], None]


def load(staging: Staging, files: Sequence[Found], reading: Reading) -> list[EditionRecord]:
    """Sets the state and the rows of every file; the editions, by their ids from 1.

    `reading` is told the name of each file as it is opened. Ids of editions and files follow from what is imported
    alone, whatever else lies in the folders.
    """
    editions: list[EditionRecord] = []
    names: list[tuple[int, int, str, str]] = []
    for edition, pieces in groupby(parts(files), key=lambda part: part.edition):
        chosen = list(_chosen(pieces, reading))
        if not chosen:
            continue
        for part, file in chosen:
            names.append((len(names) + 1, len(editions) + 1, part.name, file.source.name))
            rows = _reported(file, reading)
            file.rows, file.rejected = staging.load(rows, edition=len(editions) + 1, file=len(names))
            file.state = FileState.IMPORTED
        editions.append(_record(edition, [file for _, file in chosen]))
    staging.insert(EDITION, ((number, *_values(edition)) for number, edition in enumerate(editions, 1)))
    staging.insert(SOURCE_FILE, names)
    return editions


def _chosen(pieces: Iterator[Part], reading: Reading) -> Iterator[tuple[Part, Found]]:
    def count(file: Found) -> None:
        file.rows = sum(type(row) is not Rejected for row in _reported(file, reading))

    for part in pieces:
        if file := choose(part, count):
            yield part, file


def _reported(file: Found, reading: Reading) -> Iterator[Row | Rejected]:
    reading(file.source.name)
    return file.parse()


def _record(edition: Edition, chosen: Sequence[Found]) -> EditionRecord:
    complete, floor = completeness(chosen)
    return EditionRecord(
        data_set=edition.data_set.value,
        name=edition.name,
        begins=edition.begins.isoformat() if edition.begins else "",
        ends=edition.ends.isoformat() if edition.ends else "",
        complete=complete,
        floor=floor,
        rows=sum(file.rows for file in chosen),
    )


def _values(edition: EditionRecord) -> tuple[str | int, ...]:
    return (
        edition.data_set,
        edition.name,
        edition.begins,
        edition.ends,
        int(edition.complete),
        edition.floor,
        edition.rows,
    )
