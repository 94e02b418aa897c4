"""Source files, plain or inside .gz and .zip, read as bounded streams.

Whatever is wrong with a file (truncated, a decompression bomb, encrypted, in another encoding) is a `FileError` with
the file's name and, where there is one, the line.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path, PurePosixPath
from typing import BinaryIO

from . import sheets, text
from .errors import FileError
from .unpacking import open_path, open_zip, seekable_copy

HEAD_BYTES = 64 << 10
_HASH_CHUNK = 1 << 20


@dataclass(frozen=True)
class SourceFile:
    """One official file. `name` is what it is called once unpacked (no .gz; the member's base name inside a zip).

    Every call of `open_binary`, `lines`, `csv_rows` and `xlsx_rows` reads from the beginning; several may be open at
    once. All raise FileError for what cannot be read.
    """

    path: Path
    name: str
    member: str = ""  # path inside the zip, "" otherwise
    inner: str = ""  # path inside `member`, where that is a zip itself

    @contextmanager
    def open_binary(self) -> Iterator[BinaryIO]:
        """The unpacked content, at most 2 GiB of it (`unpacking.MAX_UNPACKED_BYTES`). Not seekable."""
        with ExitStack() as stack:
            yield open_path(self.path, self.name, self._members, stack)

    def head(self, n: int = HEAD_BYTES) -> bytes:
        """The first `n` bytes, fewer where the file is shorter. Up to 64 KiB are read once and kept."""
        if n <= HEAD_BYTES:
            return self._first[:n]
        with self.open_binary() as stream:
            return stream.read(n)

    def lines(self) -> Iterator[tuple[int, str]]:
        """Yields (1-based line number, line without its end): UTF-8, else Windows-1252; see `text.read_lines`."""
        with self.open_binary() as stream:
            yield from text.read_lines(stream, self.name)

    def csv_rows(self, delimiter: str = ",") -> Iterator[tuple[int, list[str]]]:
        """Yields (line on which the record begins, cells), quoted cells over several lines joined."""
        with self.open_binary() as stream:
            yield from text.read_csv(stream, self.name, delimiter)

    def xlsx_rows(self) -> Iterator[tuple[int, tuple[str, ...]]]:
        """Yields (row number, cells as text) of the first sheet; see `sheets.read_rows` for the form of the cells."""
        with ExitStack() as stack:
            stream = open_path(self.path, self.name, self._members, stack)
            yield from sheets.read_rows(seekable_copy(stream, stack), self.name)

    def sha256(self) -> str:
        """Of the unpacked content, in hex: the same for a file whether it lies plain, as .gz or in a .zip."""
        digest = hashlib.sha256()
        with self.open_binary() as stream:
            while chunk := stream.read(_HASH_CHUNK):
                digest.update(chunk)
        return digest.hexdigest()

    @cached_property
    def _first(self) -> bytes:
        with self.open_binary() as stream:
            return stream.read(HEAD_BYTES)

    @property
    def _members(self) -> tuple[str, ...]:
        return tuple(filter(None, (self.member, self.inner)))


def source_files(path: Path) -> list[SourceFile]:
    """The official files at `path`: one, or those inside a zip (and inside the zips in it), ordered by their paths.

    Raises FileError for a zip that cannot be read.
    """
    if not is_zip(path.name):
        return [SourceFile(path, unpacked_name(path.name))]
    files: list[SourceFile] = []
    for member in _member_paths(path, ()):
        if is_zip(member):
            inner = _member_paths(path, (member,))
            files += [SourceFile(path, unpacked_name(name), member, name) for name in inner]
        else:
            files.append(SourceFile(path, unpacked_name(member), member))
    return files


def is_hidden(path: str) -> bool:
    """Hidden files and folders, and those that macOS (`__MACOSX`) and Python (`__pycache__`) leave behind."""
    return any(part.startswith((".", "__")) for part in PurePosixPath(path).parts)


def is_zip(name: str) -> bool:
    return name.lower().endswith(".zip")


def unpacked_name(path: str) -> str:
    """The base name without .gz. Some zips of CMS were made on Windows and have backslashes inside."""
    name = path.replace("\\", "/").rsplit("/", 1)[-1]
    return name[:-3] if name.lower().endswith(".gz") else name


def _member_paths(path: Path, members: tuple[str, ...]) -> list[str]:
    name = PurePosixPath(members[-1]).name if members else path.name
    with ExitStack() as stack:
        stream = open_path(path, name, members, stack)
        seekable = seekable_copy(stream, stack) if members else stack.enter_context(path.open("rb"))
        archive = open_zip(seekable, name, stack)
        paths = {info.filename for info in archive.infolist() if not info.is_dir()}
    return sorted(path for path in paths if not is_hidden(path))


__all__ = ["FileError", "SourceFile", "is_hidden", "is_zip", "source_files", "unpacked_name"]
