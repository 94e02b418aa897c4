"""Source files: the same content however it is packed, and one clear reason for whatever is wrong."""

from __future__ import annotations

import gzip
import hashlib
import io
import struct
import tempfile
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.catalog.importers import unpacking
from services.catalog.importers.errors import FileError
from services.catalog.importers.files import SourceFile, source_files

CONTENT = b"00001 A00 first\r\n00002 A01 second\n" * 500


def zipped(members: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", method) as archive:
        for name, content in members.items():
            archive.writestr(zipfile.ZipInfo(name), content, method)
    return packed.getvalue()


def written(path: Path, content: bytes) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


PACKED: dict[str, Callable[[bytes], tuple[str, bytes]]] = {
    "plain": lambda content: ("table.txt", content),
    "gz": lambda content: ("table.txt.gz", gzip.compress(content)),
    "gz in capitals": lambda content: ("table.txt.GZ", gzip.compress(content)),
    "zip": lambda content: ("release.zip", zipped({"release 2026/table.txt": content})),
    "stored zip": lambda content: ("release.zip", zipped({"table.txt": content}, zipfile.ZIP_STORED)),
    "zip made on Windows": lambda content: ("release.ZIP", zipped({"release\\table.txt": content})),
    "zip in a zip": lambda content: ("outer.zip", zipped({"a/inner.zip": zipped({"b/table.txt": content})})),
    "gz in a zip": lambda content: ("release.zip", zipped({"table.txt.gz": gzip.compress(content)})),
    "two gz members": lambda content: ("table.txt.gz", gzip.compress(content[:99]) + gzip.compress(content[99:])),
}


@pytest.mark.parametrize("packing", PACKED)
def test_the_same_content_however_it_is_packed(tmp_path, packing):
    name, content = PACKED[packing](CONTENT)
    (file,) = source_files(written(tmp_path / name, content))
    assert file.name == "table.txt"
    assert file.sha256() == hashlib.sha256(CONTENT).hexdigest()
    assert file.head(20) == CONTENT[:20]
    assert file.head(1 << 20) == CONTENT
    with file.open_binary() as stream:
        assert stream.read() == CONTENT
    lines = list(file.lines())
    assert lines[:2] == [(1, "00001 A00 first"), (2, "00002 A01 second")]
    assert len(lines) == 1000


def test_several_readings_may_be_open_at_once(tmp_path):
    (file,) = source_files(written(tmp_path / "release.zip", zipped({"table.txt": CONTENT})))
    pairs = zip(file.lines(), file.lines(), strict=True)
    assert all(one == other for one, other in pairs)


def test_members_are_ordered_and_what_the_system_left_behind_is_not_there(tmp_path):
    members = ["z.txt", "a/b.txt", "__MACOSX/._a.txt", "a/.hidden", "a/", "deep.zip"]
    archive = zipped(dict.fromkeys(members[:-1], b"x") | {"deep.zip": zipped({"c.txt": b"x", "__MACOSX/c": b"x"})})
    files = source_files(written(tmp_path / "release.zip", archive))
    assert [(file.name, file.member, file.inner) for file in files] == [
        ("b.txt", "a/b.txt", ""),
        ("c.txt", "deep.zip", "c.txt"),
        ("z.txt", "z.txt", ""),
    ]


def test_a_zip_two_levels_down_is_a_file_like_any_other(tmp_path):
    third = zipped({"c.txt": b"x"})
    archive = zipped({"two.zip": zipped({"three.zip": third})})
    (file,) = source_files(written(tmp_path / "one.zip", archive))
    assert file.name == "three.zip"
    assert file.head() == third


def reading(path: Path) -> bytes:
    """All content of all files at `path`, or FileError."""
    content = b""
    for file in source_files(path):
        with file.open_binary() as stream:
            content += stream.read()
    return content


def test_a_truncated_gz_says_so(tmp_path):
    path = written(tmp_path / "table.txt.gz", gzip.compress(CONTENT)[:-20])
    with pytest.raises(FileError, match=r"^table\.txt: .*truncated"):
        reading(path)


@given(kept=st.floats(0, 1, exclude_max=True), packing=st.sampled_from(["gz", "zip", "zip in a zip", "gz in a zip"]))
def test_no_truncated_download_passes_for_whole(kept, packing):
    name, content = PACKED[packing](CONTENT)
    with tempfile.TemporaryDirectory() as folder:
        path = written(Path(folder) / name, content[: int(kept * len(content))])
        with pytest.raises(FileError):
            reading(path)


@given(at=st.integers(min_value=0), bit=st.integers(0, 7), packing=st.sampled_from(["gz", "zip"]))
def test_a_flipped_bit_never_changes_the_content(at, bit, packing):
    name, packed = PACKED[packing](CONTENT)
    content = bytearray(packed)
    content[at % len(content)] ^= 1 << bit
    with tempfile.TemporaryDirectory() as folder:
        try:
            found = reading(written(Path(folder) / name, bytes(content)))
        except FileError:
            return
    # The flip hit something without a meaning for the content (a time stamp, the name of the member).
    assert found in (CONTENT, b"")


@pytest.mark.parametrize("name", ["release.zip", "table.txt.gz"])
@pytest.mark.parametrize("content", [b"", b"<html>Please accept the licence</html>"])
def test_something_else_under_an_archive_s_name(tmp_path, name, content):
    with pytest.raises(FileError):
        reading(written(tmp_path / name, content))


@pytest.mark.parametrize("packing", ["gz", "zip", "zip in a zip", "gz in a zip"])
def test_a_decompression_bomb_is_refused(tmp_path, packing):
    name, content = PACKED[packing](bytes(unpacking.RATIO_COUNTS_FROM + (1 << 20)))
    assert len(content) < 200_000
    with pytest.raises(FileError, match="decompression bomb"):
        reading(written(tmp_path / name, content))


def test_a_zip_that_understates_its_size_is_refused(tmp_path):
    archive = bytearray(zipped({"table.txt": CONTENT}))
    directory = archive.rindex(b"PK\x01\x02")
    struct.pack_into("<L", archive, directory + 24, 10)
    with pytest.raises(FileError):
        reading(written(tmp_path / "release.zip", bytes(archive)))


@pytest.mark.parametrize("packing", ["plain", "gz", "zip"])
def test_nothing_above_the_largest_size_is_read(tmp_path, monkeypatch, packing):
    monkeypatch.setattr(unpacking, "MAX_UNPACKED_BYTES", len(CONTENT) - 1)
    name, content = PACKED[packing](CONTENT)
    with pytest.raises(FileError, match="unpacks to more than"):
        reading(written(tmp_path / name, content))


def test_a_zip_of_too_many_files_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(unpacking, "MAX_MEMBERS", 3)
    with pytest.raises(FileError, match="more than 3 files"):
        source_files(written(tmp_path / "release.zip", zipped(dict.fromkeys("abcd", b""))))


def test_an_encrypted_member_says_so(tmp_path):
    archive = bytearray(zipped({"table.txt": CONTENT}))
    for header, flags in ((archive.index(b"PK\x03\x04"), 6), (archive.rindex(b"PK\x01\x02"), 8)):
        archive[header + flags] |= 1
    with pytest.raises(FileError, match="is encrypted"):
        reading(written(tmp_path / "release.zip", bytes(archive)))


def test_a_packing_that_python_does_not_know(tmp_path):
    archive = bytearray(zipped({"table.txt": CONTENT}))
    for header, method in ((archive.index(b"PK\x03\x04"), 8), (archive.rindex(b"PK\x01\x02"), 10)):
        struct.pack_into("<H", archive, header + method, 97)
    with pytest.raises(FileError, match="cannot be read"):
        reading(written(tmp_path / "release.zip", bytes(archive)))


def test_a_damaged_gz_says_so(tmp_path):
    packed = bytearray(gzip.compress(CONTENT))
    struct.pack_into("<L", packed, len(packed) - 8, zlib.crc32(CONTENT) ^ 1)
    with pytest.raises(FileError, match="damaged compressed data"):
        reading(written(tmp_path / "table.txt.gz", bytes(packed)))


def test_a_file_that_went_away(tmp_path):
    with pytest.raises(FileError, match=r"table\.txt: cannot be read"):
        SourceFile(tmp_path / "table.txt", "table.txt").head()


def test_a_member_that_is_not_in_the_zip(tmp_path):
    path = written(tmp_path / "release.zip", zipped({"table.txt": CONTENT}))
    with pytest.raises(FileError, match=r"no member 'other\.txt'"):
        SourceFile(path, "other.txt", "other.txt").head()
