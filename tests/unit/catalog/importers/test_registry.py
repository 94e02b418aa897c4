"""The walk over folders, and which importer takes which file."""

from __future__ import annotations

import gzip
import os
import zipfile
from pathlib import Path

import pytest

from services.catalog.importers.base import FileError, Importer, Root
from services.catalog.importers.icd10cm_tabular import bundled_icd10cm_root
from services.catalog.importers.registry import IMPORTERS, discover, recognise

ORDER_LINE = f"00001 S73     0 {'Hip out':60} Hip out of its place\n".encode()


def folder(path: Path, files: dict[str, bytes]) -> Root:
    for name, content in files.items():
        (path / name).parent.mkdir(parents=True, exist_ok=True)
        (path / name).write_bytes(content)
    return Root(path, path.name)


def zip_file(path: Path, members: dict[str, bytes]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)


def test_files_come_root_by_root_ordered_by_path(tmp_path):
    one = folder(tmp_path / "one", {"b.txt": b"1", "a/z.txt": b"2", "a.txt": b"3", "c.txt.gz": gzip.compress(b"4")})
    zip_file(tmp_path / "one" / "a" / "m.zip", {"y.txt": b"5", "x/x.txt": b"6"})
    two = folder(tmp_path / "two", {"a.txt": b"7"})
    found = [(file.path.relative_to(tmp_path).as_posix(), file.name) for file in discover([two, one])]
    assert found == [
        ("two/a.txt", "a.txt"),
        ("one/a.txt", "a.txt"),
        ("one/a/m.zip", "x.txt"),
        ("one/a/m.zip", "y.txt"),
        ("one/a/z.txt", "z.txt"),
        ("one/b.txt", "b.txt"),
        ("one/c.txt.gz", "c.txt"),
    ]


def test_what_is_hidden_or_no_file_is_left_out(tmp_path):
    root = folder(
        tmp_path / "root", {".DS_Store": b"", ".git/config": b"", "__MACOSX/x": b"", "__pycache__/x.pyc": b"", "a": b""}
    )
    os.mkfifo(root.path / "pipe")
    (root.path / "broken").symlink_to(tmp_path / "nowhere")
    (root.path / "loop").symlink_to(root.path)
    assert [file.name for file in discover([root])] == ["a"]


def test_a_file_of_two_roots_is_listed_once(tmp_path):
    outer = folder(tmp_path / "outer", {"inner/a.txt": b""})
    inner = Root(tmp_path / "outer" / "inner", "inner")
    (outer.path / "link.txt").symlink_to(inner.path / "a.txt")
    assert [file.name for file in discover([outer, inner])] == ["a.txt"]


def test_a_folder_that_is_not_there_says_so(tmp_path):
    with pytest.raises(FileError, match="no such folder"):
        discover([Root(tmp_path / "nowhere", "nowhere")])


def test_a_zip_that_cannot_be_read_stops_the_walk_unless_it_is_a_cut(tmp_path):
    root = folder(tmp_path / "cuts", {"release.head300.zip": b"PK\x03\x04 and no more"})
    (file,) = discover([root])
    assert file.name == "release.head300.zip"
    with pytest.raises(FileError, match=r"release\.zip: a damaged or truncated zip"):
        discover([folder(tmp_path / "whole", {"release.zip": b"PK\x03\x04 and no more"})])


def test_an_official_name_that_cannot_be_read_is_an_error_unless_it_is_a_cut(tmp_path):
    broken = gzip.compress(ORDER_LINE)[:-9]
    root = folder(tmp_path, {"icd10cm_order_2026.txt.gz": broken, "icd10cm_order_2026.head300.txt.gz": broken})
    cut, whole = discover([root])
    assert recognise(cut) is None
    with pytest.raises(FileError, match="truncated"):
        recognise(whole)


def test_a_file_is_recognised_wherever_it_lies_and_however_it_is_packed(tmp_path):
    root = folder(tmp_path, {"hcpcs/icd10cm_order_2026.txt": ORDER_LINE})
    zip_file(tmp_path / "2026-code-descriptions.zip", {"icd10cm_order_2026.txt": ORDER_LINE, "readme.txt": b"hello"})
    taken = [(file.path.name, recognise(file) is not None) for file in discover([root])]
    assert taken == [
        ("2026-code-descriptions.zip", True),
        ("2026-code-descriptions.zip", False),
        ("icd10cm_order_2026.txt", True),
    ]


def test_importers_have_names_of_their_own():
    assert all(isinstance(importer, Importer) for importer in IMPORTERS)
    assert len({importer.name for importer in IMPORTERS}) == len(IMPORTERS)


def test_no_two_importers_take_the_same_file(official_data, sample_dir):
    for file in discover([Root(official_data, "data"), Root(sample_dir, "sample"), bundled_icd10cm_root()]):
        takers = [importer.name for importer in IMPORTERS if importer.recognise(file)]
        assert len(takers) <= 1, f"{file.name}: {takers}"
