"""Small files in official layouts, and official files, read by an importer."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any, NamedTuple

import openpyxl

from services.catalog.importers.base import Importer, Rejected
from services.catalog.importers.file_names import is_cut
from services.catalog.importers.files import SourceFile, source_files


class Read(NamedTuple):
    rows: list[Any]
    rejected: list[tuple[int, str]]

    @property
    def facts(self) -> list[Any]:
        """The rows without their line, to compare two forms of one table."""
        return [row[:-1] for row in self.rows]


def read(importer: Importer, file: SourceFile) -> Read:
    recognised = importer.recognise(file)
    assert recognised is not None, f"{file.name} is not recognised by {importer.name}"
    found = list(importer.rows(file))
    rejected = [(each.line, each.reason) for each in found if isinstance(each, Rejected)]
    return Read([each for each in found if not isinstance(each, Rejected)], rejected)


def write(folder: Path, name: str, text: str, encoding: str = "utf-8") -> SourceFile:
    path = folder / name
    path.write_bytes(text.encode(encoding))
    return SourceFile(path, name)


def write_sheet(folder: Path, name: str, rows: Iterable[Iterable[str | int | None]]) -> SourceFile:
    book = openpyxl.Workbook()
    sheet = book.worksheets[0]
    for row in rows:
        sheet.append(list(row))
    book.save(folder / name)
    return SourceFile(folder / name, name)


def official(folder: Path, beginning: str) -> list[SourceFile]:
    """The whole tables below `folder` whose names begin so; where it is the sample set, its cuts."""
    paths = sorted(path for path in folder.rglob(f"{beginning}*") if path.is_file())
    files = [file for path in paths for file in source_files(path)]
    assert files, f"no {beginning}* below {folder}"
    return [file for file in files if not is_cut(file.name)] or files
