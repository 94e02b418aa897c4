"""The manifest of a release: what it was built from, file by file, and how to know that it arrived whole."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields
from datetime import date
from enum import StrEnum
from typing import Any

from .editions import DataSet, Edition
from .filed import LoadedEdition

FORMAT = 1


class FileState(StrEnum):
    IMPORTED = "imported"
    SUPERSEDED = "superseded"  # a more complete file of the same part of the same edition won
    NOT_KNOWN = "not_known"


class ManifestError(ValueError):
    """Text that is not the manifest of a release."""


@dataclass(frozen=True)
class RejectedRow:
    line: int
    reason: str


@dataclass(frozen=True)
class SourceRecord:
    """One file of the folders that were imported.

    `root` is the name of the folder, `path` where the file stands in it (with the member of a zip after `!`), `name`
    what it is called once unpacked. `sha256` is of the unpacked content, the same however a file is packed. `reason`
    says why a file is not imported.
    """

    root: str
    path: str
    name: str
    sha256: str
    state: FileState
    data_set: str = ""
    edition: str = ""
    part: str = ""
    rows: int = 0
    rejected: Sequence[RejectedRow] = ()
    reason: str = ""


@dataclass(frozen=True)
class EditionRecord:
    """An edition in the release; dates are ISO, "" for unbounded."""

    data_set: str
    name: str
    begins: str
    ends: str
    complete: bool
    floor: int
    rows: int

    def loaded(self) -> LoadedEdition:
        edition = Edition(DataSet(self.data_set), self.name, _day(self.begins), _day(self.ends))
        return LoadedEdition(edition, self.complete, self.rows)


@dataclass(frozen=True)
class Manifest:
    """`sha256` and `size` (bytes) are of the release's SQLite file; `built_at` is RFC 3339, UTC."""

    id: str
    built_at: str
    sha256: str
    size: int
    rows: int
    editions: Sequence[EditionRecord]
    files: Sequence[SourceRecord]
    format: int = FORMAT

    def to_json(self) -> str:
        return json.dumps(asdict(self), indent=1, ensure_ascii=False) + "\n"

    @classmethod
    def from_json(cls, text: str | bytes) -> Manifest:
        """Raises ManifestError for anything but a manifest of this format. Fields that a later version added are passed
        over."""
        try:
            found: dict[str, Any] = json.loads(text)
            if found["format"] != FORMAT:
                raise ManifestError(f"a manifest of format {found['format']!r}, not {FORMAT}")
            found["editions"] = tuple(EditionRecord(**_known(EditionRecord, one)) for one in found["editions"])
            found["files"] = tuple(_source_record(one) for one in found["files"])
            return cls(**_known(cls, found))
        except (KeyError, TypeError, AttributeError, ValueError) as error:
            if isinstance(error, ManifestError):
                raise
            raise ManifestError(f"not a release's manifest: {error}") from error


def _source_record(found: dict[str, Any]) -> SourceRecord:
    rejected = tuple(RejectedRow(**_known(RejectedRow, row)) for row in found["rejected"])
    return SourceRecord(**{**_known(SourceRecord, found), "state": FileState(found["state"]), "rejected": rejected})


def _known(record: type, found: dict[str, Any]) -> dict[str, Any]:
    names = {field.name for field in fields(record)}
    return {name: value for name, value in found.items() if name in names}


def _day(text: str) -> date | None:
    return date.fromisoformat(text) if text else None
