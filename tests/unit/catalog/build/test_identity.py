"""One set of official files makes one release: id and bytes, whatever the machine, the order and the packing."""

from __future__ import annotations

import hashlib
import json
import os
import random
import shutil
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services.catalog.adapters.schema import FORMAT, TABLES
from services.catalog.build import staging
from services.catalog.build.release_id import release_id
from tests.unit.catalog.build import official_files as files

RATIONALES = ("Misuse of column two code", 'Said "so"\\', "Ünïcode – rationale")
PTP_ROWS = [
    (str(one), str(two), "" if two % 7 else "*", f"{1996 + two % 20}0101", "*", "019"[two % 3], RATIONALES[one % 3])
    for one in range(20000, 20060)
    for two in range(30000, 30100)
]

BUILD_ELSEWHERE = """
import sys
from pathlib import Path
from tests.unit.catalog.build import official_files
print(official_files.build(Path(sys.argv[1]), *map(Path, sys.argv[2:])).id)
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory, sample_dir: Path) -> Path:
    folder = tmp_path_factory.mktemp("official")
    shutil.copytree(sample_dir, folder / "sample")
    files.order_file(folder / "icd", [("S73", 0, "Dislocation of hip"), ("S730", 1, "Dislocation of hip, closed")])
    files.tabular(folder / "icd", "icd10cm-tabular-2026.xml", "Subluxation and dislocation of hip")
    files.small_indexes(folder / "icd")
    files.ptp(folder / "ncci", PTP_ROWS)
    return folder


@pytest.fixture(scope="module")
def reference(folder: Path, tmp_path_factory: pytest.TempPathFactory):
    return files.build(tmp_path_factory.mktemp("reference"), folder)


def test_the_id_is_the_sha256_of_the_rows_as_any_program_can_compute_it(reference):
    """Recomputed from the documentation alone, with Python's own JSON."""
    digest = hashlib.sha256(f'["medcodes release",{FORMAT}]\n'.encode())
    connection = sqlite3.connect(reference.database)
    for table in TABLES:
        lines = [["table", table.name, *table.column_names]]
        lines += [list(row) for row in connection.execute(f'SELECT * FROM "{table.name}" ORDER BY rowid')]
        for line in lines:
            digest.update(json.dumps(line, ensure_ascii=False, separators=(",", ":")).encode() + b"\n")
    connection.close()
    assert digest.hexdigest() == reference.id == release_id(reference.database)


def test_rows_stand_in_the_order_of_their_columns(reference):
    connection = sqlite3.connect(reference.database)
    for table in TABLES:
        order = ", ".join(f'"{name}"' for name in table.order)
        stored = connection.execute(f'SELECT * FROM "{table.name}" ORDER BY rowid').fetchall()
        assert stored == connection.execute(f'SELECT * FROM "{table.name}" ORDER BY {order}').fetchall(), table.name
    connection.close()


def test_packing_names_of_folders_and_unknown_files_change_nothing(folder, reference, tmp_path):
    other = tmp_path / "elsewhere"
    shutil.copytree(folder, other)
    files.gzipped(other / "icd" / "icd10cm_order_2026.txt")
    files.zipped(other / "ncci" / "ccipra-v322r0-f1.txt", "deep/inside/ccipra-v322r0-f1.txt")
    (other / "icd").rename(other / "zz")
    files.written(other / "notes.txt", "nothing that anybody knows")
    built = files.build(tmp_path / "out", other)
    assert (built.id, built.manifest.sha256) == (reference.id, reference.manifest.sha256)


def test_the_order_of_folders_changes_nothing(folder, reference, tmp_path):
    folders = [folder / "ncci", folder / "sample", folder / "icd"]
    built = files.build(tmp_path / "out", *folders)
    assert (built.id, built.manifest.sha256) == (reference.id, reference.manifest.sha256)


@settings(
    max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(seed=st.integers(0, 2**32))
def test_the_order_of_rows_in_a_file_changes_only_their_line_numbers(seed, tmp_path_factory):
    """The sorted copy and the straight way give the same table, but for the lines that sources are shown with."""
    shuffled = PTP_ROWS[:3000]
    random.Random(seed).shuffle(shuffled)
    built = []
    for name, rows in (("sorted", sorted(shuffled)), ("shuffled", shuffled)):
        place = tmp_path_factory.mktemp(name)
        files.ptp(place / "in", rows)
        built.append(files.build(place / "out", place / "in"))
    tables = []
    for release in built:
        connection = sqlite3.connect(release.database)
        tables.append(connection.execute("SELECT column_one, column_two, effective, rationale FROM ptp").fetchall())
        connection.close()
    assert tables[0] == tables[1]


def test_the_batch_size_changes_nothing(folder, reference, tmp_path, monkeypatch):
    monkeypatch.setattr(staging, "BATCH", 7)
    built = files.build(tmp_path / "out", folder)
    assert (built.id, built.manifest.sha256) == (reference.id, reference.manifest.sha256)


@pytest.mark.parametrize(
    "environment",
    [
        {"TZ": "Asia/Kathmandu", "LC_ALL": "C", "PYTHONHASHSEED": "1"},
        {"TZ": "America/New_York", "LC_ALL": "tr_TR.UTF-8", "LANG": "tr_TR.UTF-8", "PYTHONHASHSEED": "12345"},
    ],
)
def test_time_zone_locale_and_hash_seed_change_nothing(environment, folder, reference, tmp_path):
    command = [sys.executable, "-c", BUILD_ELSEWHERE, str(tmp_path / "out"), str(folder)]
    root = Path(__file__).parents[4]
    found = subprocess.run(command, cwd=root, env={**os.environ, **environment}, capture_output=True, text=True)
    assert found.stdout.strip() == reference.id, found.stderr
    [database] = (tmp_path / "out").glob("*.sqlite")
    assert hashlib.sha256(database.read_bytes()).hexdigest() == reference.manifest.sha256


def test_one_other_fact_makes_another_release(folder, reference, tmp_path):
    other = tmp_path / "elsewhere"
    shutil.copytree(folder, other)
    order = other / "icd" / "icd10cm_order_2026.txt"
    order.write_bytes(order.read_bytes().replace(b"closed", b"opened"))
    assert files.build(tmp_path / "out", other).id != reference.id


@given(st.lists(st.tuples(st.text(), st.text(), st.integers(-(2**63), 2**63 - 1)), max_size=20))
@settings(deadline=None, max_examples=200)
def test_any_text_is_hashed_as_json(rows):
    """Control characters, quotes, any script: SQLite's JSON is Python's."""
    connection = sqlite3.connect(":memory:")
    for row in rows:
        (found,) = connection.execute("SELECT json_array(?, ?, ?)", row).fetchone()
        assert found == json.dumps(list(row), ensure_ascii=False, separators=(",", ":"))
    connection.close()
