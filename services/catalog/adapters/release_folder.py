"""The releases that lie on this machine: `<id>.sqlite` beside its manifest `<id>.json`."""

from __future__ import annotations

import contextlib
import hashlib
import re
from pathlib import Path

from services.catalog.domain.manifest import Manifest, ManifestError

_ID = re.compile(r"[0-9a-f]{64}")
_LAST = "current"


class DamagedReleaseError(Exception):
    """A release file that is not, byte for byte, what its manifest says."""


class ReleaseFolder:
    """Files are only ever put here by renaming, so a reader finds a file whole or not at all."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def database(self, release_id: str) -> Path:
        return self.path / f"{release_id}.sqlite"

    def changes(self, release_id: str) -> Path:
        """What the release changed against the one before it."""
        return self.path / f"{release_id}.changes"

    def changed(self) -> list[str]:
        """The releases whose changes are here."""
        return [path.stem for path in self.path.glob("*.changes") if _ID.fullmatch(path.stem)]

    def manifests(self) -> list[Manifest]:
        """Of all releases here, newest first. Manifests that cannot be read are left out."""
        found = [self.manifest(path.stem) for path in self.path.glob("*.json") if _ID.fullmatch(path.stem)]
        here = [manifest for manifest in found if manifest and self.database(manifest.id).is_file()]
        return sorted(here, key=lambda manifest: (manifest.built_at, manifest.id), reverse=True)

    def manifest(self, release_id: str) -> Manifest | None:
        try:
            return Manifest.from_json((self.path / f"{release_id}.json").read_bytes())
        except (OSError, ManifestError):
            return None

    def check(self, manifest: Manifest) -> Path:
        """The database of a release. Raises DamagedReleaseError if it is missing or one byte of it is another."""
        database = self.database(manifest.id)
        try:
            found = sha256_of(database)
        except OSError as error:
            raise DamagedReleaseError(f"{database.name} cannot be read: {error.strerror}") from error
        if found != manifest.sha256:
            raise DamagedReleaseError(f"the digest of {database.name} is {found}, its manifest says {manifest.sha256}")
        return database

    def add(self, database: Path, manifest: Manifest) -> Path:
        """Moves a finished file of this disk here, with its manifest. The manifest comes first: a release file without
        one is not taken for a release."""
        draft = database.with_suffix(".json")
        draft.write_text(manifest.to_json(), encoding="utf-8")
        draft.replace(self.path / f"{manifest.id}.json")
        return database.replace(self.database(manifest.id))

    def remember(self, release_id: str) -> None:
        """Notes the release that is answered from, for a start while NATS is away."""
        draft = self.path / f"{_LAST}.tmp"
        draft.write_text(release_id + "\n")
        draft.replace(self.path / _LAST)

    def remembered(self) -> str:
        try:
            return (self.path / _LAST).read_text().strip()
        except (OSError, UnicodeDecodeError):
            return ""

    def prune(self, keep: int, current: str) -> None:
        """Removes all but the newest `keep` releases; the current one stays and counts as one of them."""
        others = [manifest for manifest in self.manifests() if manifest.id != current]
        for manifest in others[max(0, keep - 1) :]:
            self.remove(manifest.id)

    def remove(self, release_id: str) -> None:
        for path in (self.database(release_id), self.path / f"{release_id}.json"):
            with contextlib.suppress(FileNotFoundError):
                path.unlink()


def sha256_of(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
