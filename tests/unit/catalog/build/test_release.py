"""What a build makes of good, competing, cut and broken files."""

from __future__ import annotations

import errno
import fcntl
import json
from pathlib import Path

import pytest

from services.catalog.adapters.sqlite_release import SqliteRelease
from services.catalog.build import release as build_module
from services.catalog.build.release import BuildError, build_release
from services.catalog.domain.manifest import FileState, Manifest
from services.catalog.domain.rows import Mue
from services.catalog.importers.base import FileError, Root
from tests.unit.catalog.build import official_files as files


def states(manifest: Manifest) -> dict[str, FileState]:
    return {file.path: file.state for file in manifest.files}


def opened(built) -> SqliteRelease:
    return SqliteRelease(built.database, built.id)


def test_of_two_files_of_one_edition_the_one_with_more_rows_wins_and_both_are_listed(tmp_path):
    files.mue(tmp_path / "in" / "a", [("27250", "1")])
    files.mue(tmp_path / "in" / "b", [("27250", "3"), ("27252", "1")])
    built = files.build(tmp_path / "out", tmp_path / "in")
    name = "MCR_MUE_PractitionerServices_Eff_04-01-2026.csv"
    assert states(built.manifest) == {f"a/{name}": FileState.SUPERSEDED, f"b/{name}": FileState.IMPORTED}
    [edition] = built.manifest.editions
    assert (edition.rows, edition.complete) == (2, False)
    release = opened(built)
    [row] = release.rows(Mue, release.editions[0].edition, code="27250")
    assert row.row.value == "3"
    release.close()


def test_a_whole_file_wins_over_a_longer_cut(tmp_path):
    files.mue(tmp_path / "in", [("27250", "1")])
    files.mue(tmp_path / "in", [("27250", "3"), ("27252", "1")], ending=".excerpt.csv")
    built = files.build(tmp_path / "out", tmp_path / "in")
    imported = [file for file in built.manifest.files if file.state is FileState.IMPORTED]
    assert [file.name for file in imported] == ["MCR_MUE_PractitionerServices_Eff_04-01-2026.csv"]


def test_the_same_file_twice_is_imported_once(tmp_path):
    first = files.mue(tmp_path / "in" / "a", [("27250", "1")])
    files.gzipped(files.written(tmp_path / "in" / "b" / first.name, first.read_text()))
    built = files.build(tmp_path / "out", tmp_path / "in")
    assert sorted(states(built.manifest).values()) == [FileState.IMPORTED, FileState.SUPERSEDED]
    assert len({file.sha256 for file in built.manifest.files}) == 1


def test_a_cut_that_does_not_parse_is_not_known_and_does_not_stop_the_build(tmp_path):
    files.mue(tmp_path / "in", [("27250", "1")])
    broken = files.mue(tmp_path / "in", [], date="10-01-2026", ending=".excerpt.csv")
    built = files.build(tmp_path / "out", tmp_path / "in")
    record = next(file for file in built.manifest.files if file.name == broken.name)
    assert record.state is FileState.NOT_KNOWN
    assert "does not parse" in record.reason
    assert [edition.name for edition in built.manifest.editions] == ["2026-Q2"]


def test_every_file_stands_in_the_manifest_with_its_rejected_rows(tmp_path):
    files.descriptors(tmp_path / "in", [("27250", "one"), ("27252", "two"), ("27250", "again")])
    files.written(tmp_path / "in" / "deep" / "read_me.txt", "hello")
    built = files.build(tmp_path / "out", tmp_path / "in")
    found = {file.name: file for file in built.manifest.files}
    assert found.keys() == {"my_cpt_descriptors.txt", "read_me.txt"}
    assert found["read_me.txt"].state is FileState.NOT_KNOWN
    [rejected] = found["my_cpt_descriptors.txt"].rejected
    assert rejected.line == 3
    assert rejected.reason
    assert Manifest.from_json((tmp_path / "out" / f"{built.id}.json").read_text()) == built.manifest


def test_a_file_that_does_not_parse_stops_the_build_and_leaves_nothing(tmp_path):
    files.mue(tmp_path / "in", [("27250", "1")])
    good = files.build(tmp_path / "out", tmp_path / "in")
    before = sorted(path.name for path in (tmp_path / "out").iterdir())
    files.written(tmp_path / "in" / "my_cpt_descriptors.txt", "27250\tfine\n" + "no code\tat all\n" * 200)
    with pytest.raises(FileError) as error:
        files.build(tmp_path / "out", tmp_path / "in")
    assert error.value.file == "my_cpt_descriptors.txt"
    assert error.value.line > 1
    assert error.value.reason
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == before
    assert good.database.exists()


@pytest.mark.parametrize("at", ["load", "release_file"])
def test_whatever_fails_midway_leaves_nothing(at, tmp_path, monkeypatch):
    files.mue(tmp_path / "in", [("27250", "1")])

    def fails(*_args, **_kwargs):
        raise OSError(errno.ENOSPC, "No space left on device")

    target = build_module if at == "load" else build_module.release_file
    monkeypatch.setattr(target, "load" if at == "load" else "write", fails)
    with pytest.raises(BuildError, match="is full"):
        files.build(tmp_path / "out", tmp_path / "in")
    assert [path.name for path in (tmp_path / "out").iterdir()] == [".lock"]


def test_sqlite_on_a_full_disk_is_one_sentence(tmp_path, monkeypatch):
    """A real full database: SQLite may not grow its staging file beyond a few pages."""
    rows = [(f"{number:05d}", "20000", "", "20200101", "*", "1", "why") for number in range(20000)]
    files.ptp(tmp_path / "in", rows)
    opened_as_always = build_module.Staging.__init__

    def small(self, path: Path) -> None:
        opened_as_always(self, path)
        self.connection.execute("PRAGMA max_page_count = 22")

    monkeypatch.setattr(build_module.Staging, "__init__", small)
    with pytest.raises(BuildError, match="is full"):
        files.build(tmp_path / "out", tmp_path / "in")
    assert [path.name for path in (tmp_path / "out").iterdir()] == [".lock"]


def test_nothing_known_is_no_release(tmp_path):
    files.written(tmp_path / "in" / "read_me.txt", "hello")
    with pytest.raises(BuildError, match="None of the files"):
        files.build(tmp_path / "out", tmp_path / "in")


def test_one_build_at_a_time(tmp_path):
    files.mue(tmp_path / "in", [("27250", "1")])
    (tmp_path / "out").mkdir()
    with (tmp_path / "out" / ".lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with pytest.raises(BuildError, match="Another build"):
            files.build(tmp_path / "out", tmp_path / "in")


def test_what_a_killed_build_has_left_is_removed(tmp_path):
    files.mue(tmp_path / "in", [("27250", "1")])
    files.written(tmp_path / "out" / ".draft" / "staging.sqlite", "half")
    files.build(tmp_path / "out", tmp_path / "in")
    assert not (tmp_path / "out" / ".draft").exists()


def test_progress_names_the_files(tmp_path):
    files.mue(tmp_path / "in", [("27250", "1")])
    said = []
    build_release([Root(tmp_path / "in", "in")], tmp_path / "out", lambda step: said.append(step.text))
    assert any("MCR_MUE" in text for text in said)


def test_the_manifest_holds_no_path_of_this_machine(tmp_path):
    files.mue(tmp_path / "in", [("27250", "1")])
    built = files.build(tmp_path / "out", tmp_path / "in")
    assert str(tmp_path) not in built.manifest.to_json()
    assert json.loads(built.manifest.to_json())["files"][0]["root"] == "in"
