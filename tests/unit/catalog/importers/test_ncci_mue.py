"""MUE: the notice over several lines, the wrapped header, three settings."""

import pytest

from services.catalog.domain.editions import DataSet
from services.catalog.domain.rows import Mue
from services.catalog.importers import ncci_mue
from services.catalog.importers.base import FileError
from tests.unit.catalog.importers.reading import official, read, write, write_sheet

NAME = "MCR_MUE_PractitionerServices_Eff_04-01-2026.csv"
HEADER = '"HCPCS/\nCPT Code",{} MUE Values,MUE Adjudication Indicator,MUE Rationale\n'
ROWS = (
    "27250,1,2 Date of Service Edit: Policy,CMS Policy",
    "99213,2,3 Date of Service Edit: Clinical,Clinical: Data",
    "A0021,0,1 Line Edit,CMS Policy",
)


def mue_file(folder, *rows, name=NAME, setting="Practitioner Services"):
    notice = '"A notice\n\nover several lines.",,,\n'
    return write(folder, name, notice + HEADER.format(setting) + "".join(f"{row}\n" for row in rows))


def test_the_rows_begin_after_the_notice_and_the_wrapped_header(tmp_path):
    found = read(ncci_mue.IMPORTER, mue_file(tmp_path, *ROWS))
    assert found.rows == [
        Mue("27250", "1", "2", "Date of Service Edit: Policy", "CMS Policy", 6),
        Mue("99213", "2", "3", "Date of Service Edit: Clinical", "Clinical: Data", 7),
        Mue("A0021", "0", "1", "Line Edit", "CMS Policy", 8),
    ]
    assert not found.rejected


def test_the_sheet_gives_the_same(tmp_path):
    names = ["HCPCS/\nCPT Code", "Practitioner Services MUE Values", "MUE Adjudication Indicator", "MUE Rationale"]
    cells = [[int(cell) if len(cell) == 1 else cell for cell in row.split(",")] for row in ROWS]
    sheet = write_sheet(tmp_path, NAME.replace(".csv", ".xlsx"), [["A notice"], names, *cells])
    assert read(ncci_mue.IMPORTER, sheet).facts == read(ncci_mue.IMPORTER, mue_file(tmp_path, *ROWS)).facts


@pytest.mark.parametrize(
    ("setting", "data_set"),
    [
        ("Practitioner", DataSet.MUE_PRACTITIONER),
        ("Outpatient Hospital", DataSet.MUE_OUTPATIENT_HOSPITAL),
        ("DME Supplier", DataSet.MUE_DME_SUPPLIER),
    ],
)
def test_the_name_says_setting_and_quarter(tmp_path, setting, data_set):
    name = f"MCR_MUE_{setting.replace(' ', '')}Services_Eff_10-01-2026.excerpt.csv"
    file = mue_file(tmp_path, *ROWS, name=name, setting=f"{setting} Services")
    found = ncci_mue.IMPORTER.recognise(file)
    assert (found.edition.data_set, found.edition.name, found.cut) == (data_set, "2026-Q4", True)
    assert len(read(ncci_mue.IMPORTER, file).rows) == 3


@pytest.mark.parametrize(
    "name",
    ["MCR_MUE_PractitionerServices_Eff_13-01-2026.csv", "MCD_MUE_PractitionerServices_Eff_04-01-2026.csv", "a.csv"],
)
def test_other_files_are_not_mistaken(tmp_path, name):
    assert ncci_mue.IMPORTER.recognise(mue_file(tmp_path, *ROWS, name=name)) is None


def test_another_content_is_not_mistaken(tmp_path):
    assert ncci_mue.IMPORTER.recognise(write(tmp_path, NAME, "<html>Accept the licence</html>")) is None


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("27252,1,2 Date of Service Edit: Policy", "3 columns instead of 4"),
        ("27252,1,2 Date of Service Edit: Policy,CMS Policy,", "5 columns instead of 4"),
        ("2725,1,2 Date of Service Edit: Policy,CMS Policy", "'2725' is no code"),
        ("27252,one,2 Date of Service Edit: Policy,CMS Policy", "MUE value 'one' is no number"),
        ("27252,1,4 Another Edit,CMS Policy", "adjudication indicator '4 Another Edit' is not 1, 2 or 3 with its text"),
        ("27250,2,2 Date of Service Edit: Policy,CMS Policy", "a second row for 27250; the first is on line 6"),
    ],
)
def test_a_bad_row_is_rejected_by_line_and_reason(tmp_path, row, reason):
    found = read(ncci_mue.IMPORTER, mue_file(tmp_path, ROWS[0], row, ROWS[1]))
    assert [each.code for each in found.rows] == ["27250", "99213"]
    assert found.rejected == [(7, reason)]


def test_the_header_of_another_setting_stops(tmp_path):
    with pytest.raises(FileError, match="not that of the MUE table for practitioner services"):
        read(ncci_mue.IMPORTER, mue_file(tmp_path, *ROWS, setting="DME Supplier Services"))


def test_a_file_without_the_header_stops(tmp_path):
    file = write(tmp_path, NAME, "MUE Adjudication Indicator\n" + "".join(f"{row}\n" for row in ROWS * 3))
    with pytest.raises(FileError, match="no header"):
        read(ncci_mue.IMPORTER, file)


def test_a_notice_that_never_ends_stops(tmp_path):
    text = '"A notice, MUE Adjudication Indicator\n' + f"{ROWS[0]}\n" * 10_000
    with pytest.raises(FileError, match=r"not a csv record|no header"):
        read(ncci_mue.IMPORTER, write(tmp_path, NAME, text))


def test_the_official_table(official_data, has_official_data):
    (file,) = official(official_data, "MCR_MUE_PractitionerServices_Eff_04-01-2026")
    found = read(ncci_mue.IMPORTER, file)
    assert (len(found.rows), found.rejected) == (15_095 if has_official_data else 49, [])
    hips = [row[:3] for row in found.rows if row.code in ("27250", "27252")]
    assert hips == [("27250", "1", "2"), ("27252", "1", "2")]
