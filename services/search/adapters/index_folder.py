"""Folders of local indexes: what makes one complete, how it gets its place, how others go.

`<root>/<release>/` holds one complete index and its `index.json`; `<root>/.building-*` one that is not done;
`<root>/current.json` tells the activation in force.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import uuid
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

MANIFEST = "index.json"
CURRENT = "current.json"
_BUILDING = ".building-"
# A release id becomes the name of a folder.
_RELEASE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,127}")


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a complete index is, and the sha256 of each of its files."""

    release: str
    documents: int
    engine: str
    format: int
    built_at: str
    files: dict[str, str]


@dataclass(frozen=True, slots=True)
class Current:
    """The activation in force, and the releases that were active before it, latest first."""

    id: str
    release: str
    documents: int
    announced: bool
    before: tuple[str, ...]


class IndexFolder:
    """Blocking; every change is one rename, so that a crash leaves the old state or the new one."""

    def __init__(self, root: Path, engine: str, index_format: int) -> None:
        self._root, self._engine, self._format = root, engine, index_format

    def draft(self) -> Path:
        """A new empty folder for an index to be built in."""
        folder = self._root / f"{_BUILDING}{uuid.uuid4().hex}"
        folder.mkdir(parents=True)
        return folder

    def keep(self, draft: Path, release: str, documents: int) -> None:
        """Makes a draft the complete index of a release. It replaces one that was there."""
        files = {path.name: _sha256(path) for path in sorted(draft.iterdir())}
        manifest = Manifest(release, documents, self._engine, self._format, datetime.now(UTC).isoformat(), files)
        _write(draft / MANIFEST, asdict(manifest))
        place = self._place(release)
        if place.exists():
            # Renamed before it is removed, so that no half-removed index stands in a complete one's place.
            place.rename(self.draft() / "replaced")
        draft.rename(place)
        _sync(self._root)

    def complete(self, release: str) -> Path | None:
        """The folder of a release's index, if it is there, of this format, and undamaged."""
        if not _RELEASE.fullmatch(release):
            return None
        manifest = self._manifest(release)
        if manifest is None:
            return None
        place = self._place(release)
        try:
            sound = all(_sha256(place / name) == digest for name, digest in manifest.files.items())
        except OSError:
            return None
        return place if sound else None

    def newest(self) -> str:
        """The release whose complete index was built last; "" if there is none."""
        found = [manifest for release in self._releases() if (manifest := self._manifest(release))]
        found.sort(key=lambda manifest: manifest.built_at, reverse=True)
        return next((manifest.release for manifest in found if self.complete(manifest.release)), "")

    def current(self) -> Current | None:
        try:
            stored = json.loads((self._root / CURRENT).read_text())
            return Current(**{**stored, "before": tuple(stored["before"])})
        except (OSError, ValueError, TypeError, KeyError):
            return None

    def set_current(self, current: Current) -> None:
        self._root.mkdir(parents=True, exist_ok=True)
        draft = self._root / f"{CURRENT}.tmp"
        _write(draft, asdict(current))
        draft.replace(self._root / CURRENT)
        _sync(self._root)

    def remove_all_but(self, kept: set[str]) -> list[str]:
        """Removes drafts and the indexes of all other releases; returns what was removed."""
        removed = []
        for folder in self._root.iterdir() if self._root.is_dir() else ():
            if folder.is_dir() and folder.name not in kept:
                shutil.rmtree(folder, ignore_errors=True)
                removed.append(folder.name)
        return removed

    def discard(self, draft: Path) -> None:
        shutil.rmtree(draft, ignore_errors=True)

    def _place(self, release: str) -> Path:
        if not _RELEASE.fullmatch(release):
            raise ValueError(f"{release!r} is no release id")
        return self._root / release

    def _releases(self) -> list[str]:
        if not self._root.is_dir():
            return []
        return [folder.name for folder in self._root.iterdir() if _RELEASE.fullmatch(folder.name)]

    def _manifest(self, release: str) -> Manifest | None:
        try:
            manifest = Manifest(**json.loads((self._root / release / MANIFEST).read_text()))
        except (OSError, ValueError, TypeError):
            return None
        same = (manifest.release, manifest.engine, manifest.format) == (release, self._engine, self._format)
        return manifest if same else None


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _write(path: Path, content: dict[str, Any]) -> None:
    with path.open("w") as file:
        json.dump(content, file, indent=2)
        file.flush()
        os.fsync(file.fileno())


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
