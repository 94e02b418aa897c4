"""All importers, and the walk that finds the files they are for."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from . import (
    cpt_descriptors,
    gems,
    gpci,
    hcpcs,
    icd9cm_titles,
    icd10cm_indexes,
    icd10cm_order,
    icd10cm_tabular,
    icd10pcs_order,
    icd10pcs_tables,
    localities,
    ncci_add_on,
    ncci_mue,
    ncci_ptp,
    pfs,
    plain_wording,
)
from .base import FileError, Importer, Recognised, Root
from .file_names import is_cut
from .files import SourceFile, is_hidden, source_files

# A new data set's importer is added here. No two of them recognise the same file.
IMPORTERS: tuple[Importer, ...] = (
    icd10cm_tabular.IMPORTER,
    icd10cm_order.IMPORTER,
    icd10cm_indexes.IMPORTER,
    icd10pcs_order.IMPORTER,
    icd10pcs_tables.IMPORTER,
    icd9cm_titles.IMPORTER,
    gems.IMPORTER,
    hcpcs.IMPORTER,
    pfs.IMPORTER,
    gpci.IMPORTER,
    localities.IMPORTER,
    ncci_ptp.IMPORTER,
    ncci_mue.IMPORTER,
    ncci_add_on.IMPORTER,
    cpt_descriptors.IMPORTER,
    plain_wording.IMPORTER,
)


def discover(roots: Sequence[Root]) -> list[SourceFile]:
    """All files below the roots, those inside zips one by one, root after root, each ordered by path.

    A file that two roots share is listed once. Links to folders are not followed; hidden files and what Python and
    macOS leave behind (`__pycache__`, `__MACOSX`) are left out. Raises FileError for a folder that is not there and for
    a zip that cannot be read, unless its name says it is a cut: then the zip itself stands in the list.
    """
    found: list[SourceFile] = []
    seen: set[Path] = set()
    for root in roots:
        if not root.path.is_dir():
            raise FileError(str(root.path), 0, "no such folder")
        for path in sorted(_paths(root.path), key=lambda path: path.relative_to(root.path).as_posix()):
            resolved = path.resolve()
            if resolved not in seen:
                seen.add(resolved)
                found += _opened(path)
    return found


def recognise(file: SourceFile) -> tuple[Importer, Recognised] | None:
    """The importer that a file is for, and what the file is; None for a file that none knows.

    Raises FileError for a file with an official name that cannot be read; a cut that cannot be read is not known.
    """
    for importer in IMPORTERS:
        try:
            recognised = importer.recognise(file)
        except FileError:
            if is_cut(file.name):
                return None
            raise
        if recognised is not None:
            return importer, recognised
    return None


def _paths(root: Path) -> Iterator[Path]:
    for folder, folders, names in os.walk(root):
        folders[:] = [name for name in folders if not is_hidden(name)]
        paths = (Path(folder, name) for name in names if not is_hidden(name))
        yield from (path for path in paths if path.is_file())


def _opened(path: Path) -> list[SourceFile]:
    try:
        return source_files(path)
    except FileError:
        if is_cut(path.name):
            return [SourceFile(path, path.name)]
        raise
