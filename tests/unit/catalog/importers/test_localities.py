"""Localities and counties: groups by state, leading zeros, footnotes."""

import pytest

from services.catalog.domain.rows import Locality
from services.catalog.importers import localities
from services.catalog.importers.base import FileError
from tests.unit.catalog.importers.reading import official, read, write

CSV = (
    "COUNTIES INCLUDED IN 2025 LOCALITIES.,,,,\r\n,,,,\r\n"
    "Medicare Adminstrative Contractor,Locality Number,State ,Fee Schedule Area ,Counties\r\n,,,,\r\n"
    "{rows}\r\n,,,,\r\n*  Payment locality is serviced by two carriers.,,,,\r\n"
)
ROWS = (
    "2102,1,ALASKA ,STATEWIDE ,ALL COUNTIES ",
    ",,,,",
    '9102,3,FLORIDA ,FORT LAUDERDALE,"BROWARD, COLLIER"',
    "9102,99,,REST OF STATE* ,ALL OTHER COUNTIES",
)
FOUND = [
    Locality("02102", "01", "ALASKA", "STATEWIDE", "ALL COUNTIES", 5),
    Locality("09102", "03", "FLORIDA", "FORT LAUDERDALE", "BROWARD, COLLIER", 7),
    Locality("09102", "99", "FLORIDA", "REST OF STATE", "ALL OTHER COUNTIES", 8),
]


def text_line(mac="", locality="", state="", area="", counties=""):
    return f"    {mac:<12}{locality:<6}{state:<23}{area:<98}{counties}".rstrip()


TXT = "\r\n".join(
    [
        "COUNTIES INCLUDED IN 2025 LOCALITIES.",
        "",
        f"Medicare AdmiLocality         State{'Fee Schedule Area':>66}{'Counties':>74}",
        "",
        text_line("02102", "01", "ALASKA", "STATEWIDE", "ALL COUNTIES"),
        "",
        text_line("09102", "03", "FLORIDA", "FORT LAUDERDALE", "BROWARD, COLLIER"),
        text_line("09102", "99", "", "REST OF STATE*", "ALL OTHER COUNTIES"),
        "",
        "*  Payment locality is serviced by two carriers.",
    ]
)


def test_the_csv_gets_back_leading_zeros_and_states(tmp_path):
    file = write(tmp_path, "25LOCCO.csv", CSV.format(rows="\r\n".join(ROWS)))
    assert read(localities.IMPORTER, file) == (FOUND, [])


def test_the_txt(tmp_path):
    assert read(localities.IMPORTER, write(tmp_path, "25LOCCO.txt", TXT)) == (FOUND, [])


def test_a_group_without_a_state_does_not_take_its_neighbours(tmp_path):
    rows = (*ROWS[:2], "1182,18,,LOS ANGELES,LOS ANGELES")
    found = read(localities.IMPORTER, write(tmp_path, "25LOCCO.csv", CSV.format(rows="\r\n".join(rows))))
    assert [row.state for row in found.rows] == ["ALASKA", ""]


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("3102,0,ARIZONA", "3 columns instead of 5"),
        ("X3102,0,ARIZONA,STATEWIDE,ALL", "'X3102' is no contractor number"),
        ("3102,100,ARIZONA,STATEWIDE,ALL", "'100' is no locality number"),
        ("3102,0,ARIZONA,,ALL", "no fee schedule area"),
    ],
)
def test_a_bad_row_is_rejected_by_line_and_reason(tmp_path, row, reason):
    file = write(tmp_path, "25LOCCO.csv", CSV.format(rows=f"{ROWS[0]}\r\n{row}"))
    assert read(localities.IMPORTER, file) == (FOUND[:1], [(6, reason)])


def test_another_header_stops(tmp_path):
    file = write(tmp_path, "25LOCCO.csv", "COUNTIES INCLUDED IN 2025 LOCALITIES.\r\nState,County\r\nALASKA,ALL\r\n")
    with pytest.raises(FileError, match="no header"):
        read(localities.IMPORTER, file)


def test_other_tables_are_not_mistaken(tmp_path):
    assert localities.IMPORTER.recognise(write(tmp_path, "ZIP5_OCT2025.txt", TXT)) is None
    assert localities.IMPORTER.recognise(write(tmp_path, "25LOCCO.txt", "AK995010210201 Z9")) is None


def test_the_official_tables(official_data, has_official_data):
    forms = {file.name: read(localities.IMPORTER, file) for file in official(official_data, "25LOCCO")}
    assert all(not form.rejected for form in forms.values())
    keys = [[(row.mac, row.locality) for row in form.rows] for form in forms.values()]
    assert all(each == keys[0] for each in keys)
    assert ("09102", "03") in keys[0]
    if has_official_data:
        assert list(forms) == ["25LOCCO.csv", "25LOCCO.txt"]
        assert len(keys[0]) == 110
        assert all(row.state for row in forms["25LOCCO.csv"].rows)
