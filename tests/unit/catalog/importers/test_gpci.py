"""GPCI: csv and txt give the same three decimals; footnotes are no rows."""

import pytest

from services.catalog.domain.rows import Gpci
from services.catalog.importers import gpci
from services.catalog.importers.base import FileError
from tests.unit.catalog.importers.reading import official, read, write

CSV = (
    "ADDENDUM E. GPCIs BY STATE AND MEDICARE LOCALITY,,,,,,\r\n,,,,,,\r\n"
    "Medicare Administrative Contractor (MAC),State,Locality Number,Locality Name,"
    "2025 PW GPCI (with 1.0 Floor),2025 PE GPCI,2025 MP GPCI\r\n"
    "{rows}\r\n"
    '"MAC Assignments as of November 22, 2023",,,,,,\r\n,,,,,,\r\n*A footnote.,,,,,,\r\n'
)
TXT = (
    "ADDENDUM E. GPCIs BY STATE AND MEDICARE LOCALITY\r\n\r\n"
    "Medicare Admi State  Locality               Locality Name          2025 PW GPCI2025 PE GPCI2025 MP GPCI\r\n"
    "02102           AK      01   ALASKA*                                     1.500       1.081       0.592\r\n"
    "02402           WA      02   SEATTLE (KING CNTY)                         1.043       1.220       0.853\r\n"
    "MAC Assignments as of November 22, 2023\r\n\r\n*A footnote.\r\n"
)
ALASKA = Gpci("02102", "AK", "01", "ALASKA", "1.500", "1.081", "0.592", 4)
SEATTLE = Gpci("02402", "WA", "02", "SEATTLE (KING CNTY)", "1.043", "1.220", "0.853", 5)


def csv_file(folder, *rows, name="GPCI2025.csv"):
    return write(folder, name, CSV.format(rows="\r\n".join(rows)))


def test_the_csv_gets_back_what_a_spreadsheet_dropped(tmp_path):
    file = csv_file(tmp_path, "2102,AK,1,ALASKA*,1.5,1.081,0.592", "02402,WA,02,SEATTLE (KING CNTY),1.043,1.22,0.853")
    assert read(gpci.IMPORTER, file) == ([ALASKA, SEATTLE], [])


def test_the_txt(tmp_path):
    assert read(gpci.IMPORTER, write(tmp_path, "GPCI2025.txt", TXT)) == ([ALASKA, SEATTLE], [])


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("03102,AZ,00,ARIZONA,1,0.975", "6 columns instead of 7"),
        ("03102,AZ,00,ARIZONA,1,0.975,", "'' is no index with up to three decimals"),
        ("03102,AZ,00,ARIZONA,1,0.9755,1", "'0.9755' is no index with up to three decimals"),
        ("MAC,AZ,00,ARIZONA,1,0.975,1", "'00MAC' is no contractor number"),
        ("03102,AZ,X,ARIZONA,1,0.975,1", "'0X' is no locality number"),
        ("02102,AK,01,ALASKA*,1.5,1.081,0.592", "a second row for 02102 01; the first is on line 4"),
    ],
)
def test_a_bad_row_is_rejected_by_line_and_reason(tmp_path, row, reason):
    found = read(gpci.IMPORTER, csv_file(tmp_path, "02102,AK,01,ALASKA*,1.5,1.081,0.592", row))
    assert found == ([ALASKA], [(5, reason)])


def test_another_header_stops(tmp_path):
    with pytest.raises(FileError, match=r"GPCI2025.csv, line \d: no header"):
        read(gpci.IMPORTER, write(tmp_path, "GPCI2025.csv", "GPCI\r\nCarrier,Locality,Amount\r\n1,2,3\r\n"))
    short = CSV.replace(",2025 MP GPCI", "").format(rows="02102,AK,01,ALASKA*,1.5,1.081")
    with pytest.raises(FileError, match="no header"):
        read(gpci.IMPORTER, write(tmp_path, "GPCI2025.csv", short))


def test_other_tables_are_not_mistaken(tmp_path):
    assert gpci.IMPORTER.recognise(csv_file(tmp_path, name="ANES2025.csv")) is None
    assert gpci.IMPORTER.recognise(write(tmp_path, "GPCI2025.csv", "<html>")) is None


def test_the_official_tables(official_data, has_official_data):
    forms = [read(gpci.IMPORTER, file) for file in official(official_data, "GPCI2025")]
    assert len(forms) == (2 if has_official_data else 1)
    assert all(form.facts == forms[0].facts and len(form.rows) == 109 and not form.rejected for form in forms)
    if has_official_data:
        (file,) = official(official_data, "GPCI2026")
        assert gpci.IMPORTER.recognise(file).edition.name == "2026"
        assert len(read(gpci.IMPORTER, file).rows) == 109
