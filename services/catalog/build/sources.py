"""The files below the folders of a build, each with what it was recognised as."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from services.catalog.adapters.release_folder import sha256_of
from services.catalog.domain.manifest import FileState, RejectedRow, SourceRecord
from services.catalog.domain.rows import Row
from services.catalog.importers import registry
from services.catalog.importers.base import FileError, Importer, Recognised, Rejected, Root
from services.catalog.importers.files import SourceFile


@dataclass(eq=False)
class Found:
    """A file of the folders, what it was recognised as, and what became of it."""

    root: Root
    source: SourceFile
    sha256: str
    importer: Importer | None = None
    recognised: Recognised | None = None
    state: FileState = FileState.NOT_KNOWN
    reason: str = ""
    rows: int = 0
    rejected: list[RejectedRow] = field(default_factory=list)

    @property
    def is_cut(self) -> bool:
        return self.recognised is not None and self.recognised.cut

    def parse(self) -> Iterator[Row | Rejected]:
        """The rows of a recognised file. Raises FileError."""
        return self.importer.rows(self.source) if self.importer else iter(())

    def give_up(self, reason: str) -> None:
        self.state, self.reason, self.rows, self.rejected = FileState.NOT_KNOWN, reason, 0, []

    def record(self) -> SourceRecord:
        told = self.recognised
        path = self.source.path.relative_to(self.root.path).as_posix()
        return SourceRecord(
            root=self.root.label,
            path="!".join(filter(None, (path, self.source.member, self.source.inner))),
            name=self.source.name,
            sha256=self.sha256,
            state=self.state,
            data_set=told.edition.data_set.value if told else "",
            edition=told.edition.name if told else "",
            part=told.part if told else "",
            rows=self.rows,
            rejected=tuple(self.rejected),
            reason=self.reason,
        )


def find(roots: Sequence[Root]) -> Iterator[Found]:
    """Raises FileError for a folder or zip that cannot be read, and for a file with an official name that cannot be."""
    for source in registry.discover(roots):
        root = next(root for root in roots if source.path.is_relative_to(root.path))
        known = registry.recognise(source)
        sha256, fault = _digest(source)
        found = Found(root, source, sha256, reason=fault or "no importer knows this file")
        if known:
            found.importer, found.recognised = known
            found.reason = ""
        yield found


def _digest(source: SourceFile) -> tuple[str, str]:
    """(sha256, why the content cannot be read). Of a file that cannot be unpacked it is the digest of its bytes."""
    try:
        return source.sha256(), ""
    except FileError as error:
        return sha256_of(source.path), error.reason
