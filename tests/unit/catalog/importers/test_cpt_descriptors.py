"""A licensee's own CPT descriptors. All wording here is made up for the tests; none is the AMA's."""

import pytest

from services.catalog.domain.rows import CptDescriptor
from services.catalog.importers import cpt_descriptors
from services.catalog.importers.base import FileError
from tests.unit.catalog.importers.reading import read, write

NAME = "my_cpt_descriptors.txt"


@pytest.mark.parametrize("beginning", ["", "code\tdescriptor\n", "\ufeff", "\n"])
def test_codes_and_descriptors(tmp_path, beginning):
    text = f"{beginning}27250\tSynthetic wording one\r\n0001T\tSynthetic wording two – “quoted”\r\n"
    found = read(cpt_descriptors.IMPORTER, write(tmp_path, NAME, text))
    lines = beginning.count("\n")
    assert found.rows == [
        CptDescriptor("27250", "Synthetic wording one", lines + 1),
        CptDescriptor("0001T", "Synthetic wording two – “quoted”", lines + 2),
    ]
    assert not found.rejected


def test_the_edition_has_no_dates(tmp_path):
    recognised = cpt_descriptors.IMPORTER.recognise(write(tmp_path, "CPT-Descriptors-2026.TSV", "27250\tSynthetic\n"))
    assert (recognised.edition.begins, recognised.edition.ends) == (None, None)


@pytest.mark.parametrize("name", ["descriptors.txt", "cpt.txt", "cpt_descriptors.csv"])
def test_other_names_are_not_mistaken(tmp_path, name):
    assert cpt_descriptors.IMPORTER.recognise(write(tmp_path, name, "27250\tSynthetic\n")) is None


@pytest.mark.parametrize("text", ["", "27250 Synthetic\n", "A0021\tSynthetic\n", "<html>"])
def test_another_content_is_not_mistaken(tmp_path, text):
    assert cpt_descriptors.IMPORTER.recognise(write(tmp_path, NAME, text)) is None


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("27252", "1 columns instead of 2"),
        ("27252\tSynthetic\tmore", "3 columns instead of 2"),
        ("2725\tSynthetic", "'2725' is no CPT code"),
        ("A0021\tSynthetic", "'A0021' is no CPT code"),
        ("27252\t", "27252 has no descriptor"),
        (f"27252\t{'long ' * 900}", "the descriptor of 27252 is longer than 4000 characters"),
        ("27250\tSynthetic three", "a second row for 27250; the first is on line 1"),
    ],
)
def test_a_bad_row_is_rejected_by_line_and_reason(tmp_path, line, reason):
    found = read(cpt_descriptors.IMPORTER, write(tmp_path, NAME, f"27250\tSynthetic\n{line}\n27253\tSynthetic\n"))
    assert [row.code for row in found.rows] == ["27250", "27253"]
    assert found.rejected == [(2, reason)]


def test_windows_1252_is_read_and_utf_16_is_not(tmp_path):
    found = read(cpt_descriptors.IMPORTER, write(tmp_path, NAME, "27250\tSynthetic – wording\n", "cp1252"))
    assert found.rows[0].descriptor == "Synthetic – wording"
    file = write(tmp_path, NAME, "27250\tSynthetic\n")
    (tmp_path / NAME).write_bytes("27250\tSynthetic\n".encode("utf-16"))
    with pytest.raises(FileError, match="UTF-16"):
        list(cpt_descriptors.IMPORTER.rows(file))
