"""Opens what is packed, as streams that end in `FileError` and never in an endless or a silently short read.

Nothing is unpacked to disk or memory as a whole, with one exception: what can only be read by jumping about in it (an
xlsx, a zip inside a zip) goes through a temporary file without a name.
"""

from __future__ import annotations

import gzip
import io
import shutil
import tempfile
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING, BinaryIO, cast

from .errors import FileError

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

# The largest official file, one of the four of the PTP table, unpacks to less than 100 MiB.
MAX_UNPACKED_BYTES = 2 << 30
# Deflate reaches 1,032 to 1; text tables reach 10 to 40. The ratio counts only beyond a size that does no harm.
MAX_RATIO = 200
RATIO_COUNTS_FROM = 64 << 20
MAX_MEMBERS = 10_000

_BUFFER = 256 << 10
_ENCRYPTED = 0x1


class Unpacked(io.RawIOBase):
    """A read-only stream over `source` that counts what comes out and gives every failure as `FileError`.

    `packed` is the number of bytes that the content takes up packed. `source` is closed by whoever opened it.
    """

    def __init__(self, name: str, source: IO[bytes], packed: int) -> None:
        super().__init__()
        self._name, self._source, self._packed, self._count = name, source, packed, 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: WriteableBuffer, /) -> int:
        view = memoryview(buffer)
        with reasons(self._name):
            data = self._source.read(len(view))
        view[: len(data)] = data
        self._count += len(data)
        refuse_bomb(self._name, self._count, self._packed)
        return len(data)


def refuse_bomb(name: str, unpacked: int, packed: int) -> None:
    """Raises FileError for what unpacks to more than 2 GiB, or to 200 times its size once that is more than 64 MiB."""
    if unpacked > MAX_UNPACKED_BYTES:
        raise FileError(name, 0, f"unpacks to more than {MAX_UNPACKED_BYTES:,} bytes")
    if unpacked > RATIO_COUNTS_FROM and unpacked > MAX_RATIO * packed:
        raise FileError(name, 0, f"unpacks to more than {MAX_RATIO} times its {packed:,} bytes: a decompression bomb")


@contextmanager
def reasons(name: str) -> Iterator[None]:
    """Turns what the standard library says about broken archives and unreadable files into one clear sentence."""
    try:
        yield
    except EOFError:
        raise FileError(name, 0, "ends in the middle of its compressed data: the download is truncated") from None
    except (zlib.error, gzip.BadGzipFile) as error:
        raise FileError(name, 0, f"damaged compressed data ({error})") from error
    except zipfile.BadZipFile as error:
        raise FileError(name, 0, f"a damaged or truncated zip ({error})") from error
    except (NotImplementedError, zipfile.LargeZipFile) as error:
        raise FileError(name, 0, f"packed in a way that cannot be read ({error})") from error
    except OSError as error:
        raise FileError(name, 0, f"cannot be read ({error.strerror or error})") from error


def open_path(path: Path, name: str, members: tuple[str, ...], stack: ExitStack) -> BinaryIO:
    """Opens the file at `path`, or what `members` leads to: a member of that zip, then a member of that member.

    A last name that ends in .gz is gunzipped. Everything opened is closed by `stack`.
    """
    with reasons(name):
        file = stack.enter_context(path.open("rb"))
        packed = path.stat().st_size
    stream, last = Unpacked(name, file, packed), path.name
    for depth, member in enumerate(members):
        seekable = file if depth == 0 else seekable_copy(_buffered(stream, stack), stack)
        archive = open_zip(seekable, name, stack)
        stream, packed = _open_member(archive, member, name, stack)
        last = member
    if last.lower().endswith(".gz"):
        if packed == 0:
            raise FileError(name, 0, "is empty: the download is truncated")
        with reasons(name):
            unzipped = stack.enter_context(gzip.GzipFile(fileobj=_buffered(stream, stack), mode="rb"))
        stream = Unpacked(name, cast(IO[bytes], unzipped), packed)
    return _buffered(stream, stack)


def open_zip(file: IO[bytes], name: str, stack: ExitStack) -> zipfile.ZipFile:
    with reasons(name):
        archive = stack.enter_context(zipfile.ZipFile(file))
    if len(archive.filelist) > MAX_MEMBERS:
        raise FileError(name, 0, f"holds more than {MAX_MEMBERS:,} files")
    return archive


def seekable_copy(stream: IO[bytes], stack: ExitStack) -> IO[bytes]:
    """A temporary file without a name that holds all of `stream`, which is bounded already."""
    copy = stack.enter_context(tempfile.TemporaryFile())  # noqa: SIM115 - the stack closes it
    shutil.copyfileobj(stream, copy, _BUFFER)
    copy.seek(0)
    return copy


def _open_member(archive: zipfile.ZipFile, member: str, name: str, stack: ExitStack) -> tuple[Unpacked, int]:
    try:
        info = archive.getinfo(member)
    except KeyError:
        raise FileError(name, 0, f"the zip has no member {member!r}") from None
    if info.flag_bits & _ENCRYPTED:
        raise FileError(name, 0, "is encrypted")
    refuse_bomb(name, info.file_size, info.compress_size)
    with reasons(name):
        stream = stack.enter_context(archive.open(info))
    return Unpacked(name, stream, info.compress_size), info.compress_size


def _buffered(stream: Unpacked, stack: ExitStack) -> BinaryIO:
    return stack.enter_context(io.BufferedReader(stream, _BUFFER))
