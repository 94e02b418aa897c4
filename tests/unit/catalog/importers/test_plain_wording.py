"""The project's own wording file."""

import pytest

from services.catalog.domain.rows import PlainWording
from services.catalog.importers import plain_wording
from services.catalog.importers.base import FileError
from tests.unit.catalog.importers.reading import read, write

NAME = "medcodes_plain_wording.tsv"
HEADER = "system\tcode\tshort\ttext\n"
GOOD = "cpt\t27250\tMade-up name\tA made-up sentence.\n"


def test_a_row(tmp_path):
    found = read(plain_wording.IMPORTER, write(tmp_path, NAME, HEADER + GOOD))
    assert found == ([PlainWording("cpt", "27250", "Made-up name", "A made-up sentence.", 2)], [])


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("cpt\t27252\tName", "3 columns instead of 4"),
        ("snomed\t27252\tName\tText", "'snomed' is no code system"),
        ("cpt\t27.252\tName\tText", "'27.252' is no code"),
        ("cpt\t27252\t\tText", "27252 lacks its short name"),
        ("cpt\t27252\tName\t", "27252 lacks its text"),
        ("cpt\t27250\tName\tText", "a second row for cpt 27250; the first is on line 2"),
    ],
)
def test_a_bad_row_is_rejected_by_line_and_reason(tmp_path, row, reason):
    found = read(plain_wording.IMPORTER, write(tmp_path, NAME, f"{HEADER}{GOOD}{row}\nhcpcs\tA0425\tName\tText\n"))
    assert [each.code for each in found.rows] == ["27250", "A0425"]
    assert found.rejected == [(3, reason)]


def test_another_header_stops(tmp_path):
    with pytest.raises(FileError, match="line 1: the header's columns are not system, code, short, text"):
        read(plain_wording.IMPORTER, write(tmp_path, NAME, "system\tcode\ttext\n" + GOOD))


def test_other_files_are_not_mistaken(tmp_path):
    assert plain_wording.IMPORTER.recognise(write(tmp_path, "wording.tsv", HEADER + GOOD)) is None
    assert plain_wording.IMPORTER.recognise(write(tmp_path, NAME, "code\tsystem\n")) is None
