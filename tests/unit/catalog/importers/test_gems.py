"""The General Equivalence Mappings: four files, each a direction, with five digits a row."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest

from services.catalog.domain.editions import DataSet, fiscal_year
from services.catalog.domain.rows import Gem
from services.catalog.importers import gems
from services.catalog.importers.base import FileError, Rejected
from services.catalog.importers.files import SourceFile, source_files
from services.catalog.importers.registry import recognise

FROM_9, FROM_10 = "2018_I9gem.txt", "2018_I10gem.txt"
LINES = ["83500 S73006A 10000", "83510 S71009A 10112", "83510 S73006A 10111", "E0009 NoDx    11000"]


def source(folder: Path, *lines: str, name: str = FROM_9) -> SourceFile:
    (folder / name).write_text("\r\n".join(lines))
    (file,) = source_files(folder / name)
    return file


def rows(folder: Path, *lines: str, name: str = FROM_9) -> list:
    return list(gems.rows(source(folder, *lines, name=name)))


def test_rows_from_icd9(tmp_path):
    assert rows(tmp_path, *LINES) == [
        Gem("icd9cm", "83500", "icd10cm", "S73006A", "10000", 1),
        Gem("icd9cm", "83510", "icd10cm", "S71009A", "10112", 2),
        Gem("icd9cm", "83510", "icd10cm", "S73006A", "10111", 3),
        Gem("icd9cm", "E0009", "icd10cm", "", "11000", 4),
    ]


def test_the_digits_by_their_names(tmp_path):
    approximate, part, *_, none = rows(tmp_path, *LINES)
    assert (approximate.is_approximate, approximate.is_part) == (True, False)
    assert (part.is_part, part.scenario, part.choice_list) == (True, "1", "2")
    assert (none.is_approximate, none.other) == (True, "")


@pytest.mark.parametrize(
    ("name", "line", "systems"),
    [
        (FROM_10, "S73006A 83500 10000", ("icd10cm", "icd9cm")),
        ("icd-gem-2016-convert-9pc-to-10pc.txt", "8151  0SR90J9 10000", ("icd9proc", "icd10pcs")),
        ("icd-gem-2016-convert-10pc-to-9pc.txt", "0SR90J9 8151  10000", ("icd10pcs", "icd9proc")),
    ],
)
def test_the_name_tells_the_direction(tmp_path, name, line, systems):
    (row,) = rows(tmp_path, line, name=name)
    assert (row.system, row.other_system) == systems


def test_slips_of_the_official_files_are_read_as_they_are_meant(tmp_path):
    """A small letter in the diagnoses of 2018; "no code" without the second digit in the procedures of 2016."""
    (small,) = rows(tmp_path, "T8853XD v5889 10000", name=FROM_10)
    assert small.other == "V5889"
    (none,) = rows(tmp_path, "XR2G021 NoI9  10000", name="icd-gem-2016-convert-10pc-to-9pc.txt")
    assert (none.other, none.flags) == ("", "10000")


@pytest.mark.parametrize(
    ("wrong", "reason"),
    [
        ("83500 S73006A", "not in the layout"),
        ("83500 S73006A 1000", "not in the layout"),
        ("83500 S73006A 20000", "not in the layout"),
        ("S73006A 83500 10000", "'S73006A' is no code of icd9cm"),
        ("83500 0SR9019 10000", "'0SR9019' is no code of icd10cm"),
        ("83500 S73006A 11000", "83500 leads to S73006A, which the second of 11000 denies"),
        ("83500 S73006A 10100", "10100: a combination has a scenario and a choice list"),
        ("83500 S73006A 10011", "10011: a combination has a scenario and a choice list"),
        ("83500 S73006A 10000", "a second row for 83500 S73006A 10000; the first is on line 1"),
    ],
)
def test_a_line_that_cannot_be_right_is_left_out_with_line_and_reason(tmp_path, wrong, reason):
    found = rows(tmp_path, *LINES, wrong)
    (rejected,) = (row for row in found if isinstance(row, Rejected))
    assert (rejected.line, len(found)) == (5, 5)
    assert reason in rejected.reason


def test_a_file_of_other_lines_is_refused(tmp_path):
    with pytest.raises(FileError, match="rejected"):
        rows(tmp_path, LINES[0], *["x"] * 100)


def test_both_directions_make_an_edition(tmp_path):
    for name, line, part in ((FROM_9, LINES[0], "from_icd9"), (FROM_10, "S73006A 83500 10000", "from_icd10")):
        importer, recognised = recognise(source(tmp_path, line, name=name)) or pytest.fail("not recognised")
        assert importer is gems.IMPORTER
        assert recognised.edition == fiscal_year(DataSet.GEM_DIAGNOSES, 2018)
        assert (recognised.part, recognised.parts) == (part, ("from_icd9", "from_icd10"))
    _, cut = recognise(source(tmp_path, LINES[0], name="2018_I9gem.head200.txt")) or pytest.fail("not recognised")
    assert cut.cut


@pytest.mark.parametrize(
    ("packed", "year"), [("2018-ICD-10-PCS-General-Equivalence-Mappings.zip", 2018), ("PCS-GEMs.zip", None)]
)
def test_the_year_of_the_procedures_stands_in_the_name_of_their_zip(tmp_path, packed, year):
    with zipfile.ZipFile(tmp_path / packed, "w") as archive:
        archive.writestr("gem_i9pcs.txt", "8151  0SR90J9 10000\n")
    (file,) = source_files(tmp_path / packed)
    found = recognise(file)
    assert (found and found[1].edition) == (year and fiscal_year(DataSet.GEM_PROCEDURES, year))


@pytest.mark.parametrize(
    ("name", "content"),
    [
        (FROM_9, "S73006A 83500 10000"),
        (FROM_9, ""),
        ("gem_i9pcs.txt", "8151  0SR90J9 10000"),
        ("Dxgem_guide_2018.txt", LINES[0]),
    ],
)
def test_not_recognised(tmp_path, name, content):
    assert recognise(source(tmp_path, content, name=name)) is None


def test_the_whole_files(official_data, has_official_data):
    """All 259,318 rows of the four files, none of them rejected."""
    names = ("20??_I*gem.txt*", "icd-gem-*.txt*")
    whole = [path for name in names for path in official_data.rglob(name) if "head" not in path.name]
    assert bool(whole) == has_official_data
    found = [row for path in whole for file in source_files(path) for row in gems.rows(file)]
    assert len(found) == (259_318 if has_official_data else 0)
    assert all(isinstance(row, Gem) for row in found)
