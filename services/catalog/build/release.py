"""From folders of official files to a release: a SQLite file and its manifest, or nothing at all."""

from __future__ import annotations

import errno
import fcntl
import shutil
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import chain
from pathlib import Path
from typing import NamedTuple

from services.catalog.adapters.release_folder import ReleaseFolder, sha256_of
from services.catalog.domain.manifest import EditionRecord, Manifest
from services.catalog.importers.base import Root

from . import icd9_nodes, icd10pcs_nodes, icd_nodes, nodes, procedure_nodes, release_file
from .loading import load
from .sources import Found, find
from .staging import Staging

DRAFT = ".draft"
LOCK = ".lock"


class BuildError(Exception):
    """Why there is no release, in one sentence; nothing of it is left on the disk."""


class Step(NamedTuple):
    """What a build does now. `done` of `total` steps are behind; `total` is 0 while it is not known."""

    text: str
    done: int
    total: int


Progress = Callable[[Step], None]


@dataclass(frozen=True)
class BuiltRelease:
    database: Path
    manifest: Manifest

    @property
    def id(self) -> str:
        return self.manifest.id


def build_release(roots: Sequence[Root], out_dir: Path, progress: Progress) -> BuiltRelease:
    """Reads all official files below `roots` and puts `<id>.sqlite` and `<id>.json` into `out_dir`.

    Raises FileError (file, line, reason) for a file that does not parse, BuildError where no file is known, the disk is
    full or another build runs on `out_dir`. Either both files are there at the end or neither is. The same files give
    the same id on any machine, and with the same SQLite library the same bytes.
    """
    with _draft_folder(out_dir) as draft, _full_disk_in_one_sentence(out_dir):
        staging = Staging(draft / "staging.sqlite")
        try:
            files, editions = _stage(staging, roots, progress)
        finally:
            staging.close()
        progress(Step("Writing the release", 0, 0))
        database = draft / "release.sqlite"
        identity = release_file.write(staging.path, database)
        manifest = _manifest(identity, database, files, editions)
        return BuiltRelease(ReleaseFolder(out_dir).add(database, manifest), manifest)


def _stage(staging: Staging, roots: Sequence[Root], progress: Progress) -> tuple[list[Found], list[EditionRecord]]:
    files = []
    for file in find(roots):
        progress(Step(f"Looking at {file.source.name}", 0, 0))
        files.append(file)
    known = sum(file.recognised is not None for file in files)
    read: set[str] = set()

    def reading(name: str) -> None:
        progress(Step(f"Reading {name}", len(read), known))
        read.add(name)

    editions = load(staging, files, reading)
    if not editions:
        raise BuildError("None of the files is one that Medcodes knows, so there is nothing to build a release of.")
    progress(Step("Deriving codes", known, known))
    _derive(staging, editions)
    staging.finish()
    return files, editions


def _derive(staging: Staging, records: Sequence[EditionRecord]) -> None:
    editions = [record.loaded() for record in records]
    staging.write_named_in_ptp()
    connection = staging.connection
    makers = (icd_nodes, icd10pcs_nodes, icd9_nodes, procedure_nodes)
    nodes.write(connection, chain.from_iterable(maker.nodes(connection, editions) for maker in makers))


def _manifest(identity: str, database: Path, files: Sequence[Found], editions: Sequence[EditionRecord]) -> Manifest:
    return Manifest(
        id=identity,
        built_at=datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        sha256=sha256_of(database),
        size=database.stat().st_size,
        rows=sum(edition.rows for edition in editions),
        editions=tuple(editions),
        files=tuple(sorted((file.record() for file in files), key=lambda record: (record.root, record.path))),
    )


@contextmanager
def _draft_folder(out_dir: Path) -> Iterator[Path]:
    """A folder for what is not finished, on the same disk as what will be; one build at a time."""
    out_dir.mkdir(parents=True, exist_ok=True)
    draft = out_dir / DRAFT
    with (out_dir / LOCK).open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise BuildError(f"Another build is running on {out_dir}; wait for it, or stop it.") from None
        # What a build that was killed has left.
        shutil.rmtree(draft, ignore_errors=True)
        draft.mkdir()
        try:
            yield draft
        finally:
            shutil.rmtree(draft, ignore_errors=True)


@contextmanager
def _full_disk_in_one_sentence(out_dir: Path) -> Iterator[None]:
    try:
        yield
    except (OSError, sqlite3.OperationalError) as error:
        full = (
            "is full" in str(error) if isinstance(error, sqlite3.Error) else error.errno in (errno.ENOSPC, errno.EDQUOT)
        )
        if not full:
            raise
        raise BuildError(f"The disk of {out_dir} is full; make room and import again.") from error
