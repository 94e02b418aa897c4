"""What an importer is, and what it may say about a file.

An importer is a module with `IMPORTER = Importer(...)`. It recognises a file by name pattern *and* content, never by
its folder, says which edition the file is part of, and yields logical rows one at a time, so that memory stays bounded
whatever the file's size.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from services.catalog.domain.editions import Edition
from services.catalog.domain.rows import Row

from .errors import FileError as FileError  # part of this contract: what `rows` raises
from .files import SourceFile


@dataclass(frozen=True)
class Rejected:
    """A row that was left out, and why. Listed in the manifest; the rest of the file is imported."""

    line: int
    reason: str


@dataclass(frozen=True)
class Recognised:
    """What a file was found to be.

    `part` names the piece of an edition that comes in several files (PTP f1 to f4; the tabular and the order file);
    `parts` lists all pieces that a complete edition has to have. `floor` is the number of rows that a whole file (all
    parts together) is known to reach; fewer means incomplete. `cut` is set for `*.headN.*` and `*.excerpt.*`.
    """

    edition: Edition
    floor: int
    part: str = ""
    parts: tuple[str, ...] = ("",)
    cut: bool = False


@dataclass(frozen=True)
class Importer:
    """`recognise` returns None for a file that is not this importer's, cheaply (it may read the first kilobytes).

    `rows` yields rows, and `Rejected` for the ones left out; it raises `FileError` where the file as a whole cannot be
    trusted (wrong header, wrong encoding, hostile XML, more rejected than plausible).
    """

    name: str
    recognise: Callable[[SourceFile], Recognised | None]
    rows: Callable[[SourceFile], Iterator[Row | Rejected]]


@dataclass(frozen=True)
class Root:
    """A folder of files to import, and the name it is shown under."""

    path: Path
    label: str
