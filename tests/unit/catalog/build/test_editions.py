"""Several editions of one data set: what is complete, what is newest, what has ended."""

from __future__ import annotations

import dataclasses
import json

import pytest

from services.catalog.adapters.sqlite_release import SqliteRelease
from services.catalog.domain.editions import DataSet
from services.catalog.domain.manifest import FileState, Manifest, ManifestError
from services.catalog.importers import icd10cm_order, ncci_ptp
from tests.unit.catalog.build import official_files as files


def opened(built) -> SqliteRelease:
    return SqliteRelease(built.database, built.id)


def test_a_code_that_a_later_complete_edition_dropped_has_ended_with_its_last_description(tmp_path, monkeypatch):
    monkeypatch.setattr(icd10cm_order, "FLOOR", 2)
    files.order_file(tmp_path / "in", [("S73", 0, "Old words"), ("S730", 1, "Dropped"), ("S731", 1, "Kept")])
    files.order_file(tmp_path / "in", [("S73", 0, "New words"), ("S731", 1, "Kept"), ("S732", 1, "Added")], year=2027)
    release = opened(files.build(tmp_path / "out", tmp_path / "in"))
    dropped, added = release.node("icd10cm", "S730"), release.node("icd10cm", "S732")
    assert (dropped.begins, dropped.ends, dropped.description) == ("2025-10-01", "2026-09-30", "Dropped")
    assert (added.begins, added.ends) == ("2026-10-01", "")
    assert release.node("icd10cm", "S73").description == "New words"
    assert release.node("icd10cm", "S73").begins == "2025-10-01"
    release.close()


def test_an_order_file_of_an_earlier_year_does_not_overrule_a_newer_tabular_list(tmp_path):
    files.order_file(tmp_path / "in", [("S73", 0, "Order, 2026"), ("S730", 1, "Order, 2026")])
    files.tabular(tmp_path / "in", "icd10cm-tabular-2027.xml", "Tabular, 2027", year=2027)
    release = opened(files.build(tmp_path / "out", tmp_path / "in"))
    record = release.node("icd10cm", "S730")
    assert (record.description, record.edition.name) == ("Tabular, 2027", "FY2027")
    release.close()


@pytest.mark.parametrize(("parts", "complete"), [("1234", True), ("123", False), ("124", False)])
def test_a_ptp_table_is_complete_with_its_four_files(parts, complete, tmp_path, monkeypatch):
    monkeypatch.setattr(ncci_ptp, "FLOOR", 3)
    for part in parts:
        files.ptp(
            tmp_path / "in", [(f"2725{part}", "20000", "", "20200101", "*", "1", "why")], f"ccipra-v322r0-f{part}.txt"
        )
    built = files.build(tmp_path / "out", tmp_path / "in")
    [edition] = built.manifest.editions
    assert (edition.data_set, edition.rows, edition.complete) == (DataSet.PTP_PRACTITIONER, len(parts), complete)


def test_a_ptp_table_with_a_cut_among_its_files_is_incomplete(tmp_path, monkeypatch):
    monkeypatch.setattr(ncci_ptp, "FLOOR", 3)
    row = ("27250", "20000", "", "20200101", "*", "1", "why")
    for name in ("f1.txt", "f2.txt", "f3.txt", "f4.excerpt.txt"):
        files.ptp(tmp_path / "in", [row], f"ccipra-v322r0-{name}")
    [edition] = files.build(tmp_path / "out", tmp_path / "in").manifest.editions
    assert (edition.rows, edition.complete) == (4, False)


def test_too_few_rows_make_an_edition_incomplete(tmp_path):
    files.order_file(tmp_path / "in", [("S73", 1, "Alone")])
    [edition] = files.build(tmp_path / "out", tmp_path / "in").manifest.editions
    assert not edition.complete
    assert edition.floor > edition.rows


def test_an_unknown_file_that_cannot_be_unpacked_is_listed_with_why(tmp_path):
    files.mue(tmp_path / "in", [("27250", "1")])
    packed = files.gzipped(files.written(tmp_path / "in" / "notes.txt", "hello " * 1000))
    packed.write_bytes(packed.read_bytes()[:-20])
    built = files.build(tmp_path / "out", tmp_path / "in")
    record = next(file for file in built.manifest.files if file.name == "notes.txt")
    assert record.state is FileState.NOT_KNOWN
    assert "truncated" in record.reason
    assert len(record.sha256) == 64


def test_a_manifest_of_a_later_version_is_read_without_its_new_fields(tmp_path):
    files.mue(tmp_path / "in", [("27250", "1")])
    manifest = files.build(tmp_path / "out", tmp_path / "in").manifest
    later = json.loads(manifest.to_json())
    later["new"] = later["files"][0]["new"] = later["editions"][0]["new"] = 1
    assert Manifest.from_json(json.dumps(later)) == manifest


@pytest.mark.parametrize("text", ["", "[]", "{}", "null", '{"format": 1}', "\x00", '{"format": 99}'])
def test_what_is_no_manifest_is_refused(text):
    with pytest.raises(ManifestError):
        Manifest.from_json(text)


def test_a_manifest_with_a_damaged_state_is_refused(tmp_path):
    files.mue(tmp_path / "in", [("27250", "1")])
    manifest = files.build(tmp_path / "out", tmp_path / "in").manifest
    damaged = dataclasses.asdict(manifest)
    damaged["files"][0]["state"] = "eaten"
    with pytest.raises(ManifestError):
        Manifest.from_json(json.dumps(damaged))
