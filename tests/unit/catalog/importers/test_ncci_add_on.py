"""Add-on codes: the sheet and its csv and txt forms, dates as day of the year."""

import pytest

from services.catalog.domain.rows import AddOn
from services.catalog.importers import ncci_add_on
from services.catalog.importers.base import FileError
from tests.unit.catalog.importers.reading import official, read, write, write_sheet

HEADER = (
    "AOC_Edit_Type,Add-On_Code,AOC_DelDT,Primary_Code,Primary_Code_DelDT,AOC_Edit_EffDT,AOC_Edit_DelDT,"
    "Special_Instruction_Notes"
)
ROWS = ("1,99292,,99291,,2013091,,", "1,99415,,99201,2020366,2016001,2020366,", '2,0054T,,CCCCC,,2013091,,"""A note"""')
FOUND = [
    AddOn("1", "99292", "", "99291", "", "2013-04-01", "", "", 5),
    AddOn("1", "99415", "", "99201", "2020-12-31", "2016-01-01", "2020-12-31", "", 6),
    AddOn("2", "0054T", "", "CCCCC", "", "2013-04-01", "", "A note", 7),
]
NAME = "AOC_V2026Q2-MCR.csv"


def add_on_file(folder, *rows, name=NAME, header=HEADER):
    return write(folder, name, "\n".join(['"A notice', "over several", 'lines.",,,,,,,', header, *rows]) + "\n")


def test_the_csv(tmp_path):
    assert read(ncci_add_on.IMPORTER, add_on_file(tmp_path, *ROWS)) == (FOUND, [])


def test_the_txt_with_tabs(tmp_path):
    text = "\n".join(["A notice", HEADER.replace(",", "\t"), *(row.replace(",", "\t") for row in ROWS)]) + "\n"
    found = read(ncci_add_on.IMPORTER, write(tmp_path, "AOC_V2026Q2-MCR.txt", text))
    assert found == ([row._replace(line=row.line - 2) for row in FOUND], [])


def test_the_sheet(tmp_path):
    cells = [[cell.strip('"') or None for cell in row.split(",")] for row in ROWS]
    file = write_sheet(tmp_path, "AOC_V2026Q2-MCR.xlsx", [["A notice"], HEADER.split(","), *cells])
    assert read(ncci_add_on.IMPORTER, file) == ([row._replace(line=row.line - 2) for row in FOUND], [])


@pytest.mark.parametrize(
    ("name", "edition", "cut"),
    [
        ("AOC_V2026Q2-MCR.csv", "2026-Q2", False),
        ("AOC_V2025Q4-01-MCR.csv", "2025-Q4", False),
        ("AOC_V2025Q1-F-MCR.csv", "2025-Q1", False),
        ("AOC_V2026Q2-MCR.excerpt.csv", "2026-Q2", True),
    ],
)
def test_the_name_says_the_quarter(tmp_path, name, edition, cut):
    found = ncci_add_on.IMPORTER.recognise(add_on_file(tmp_path, *ROWS, name=name))
    assert (found.edition.name, found.cut) == (edition, cut)


@pytest.mark.parametrize("name", ["AOC_V2026Q2-MCD.csv", "AOC_V2026Q5-MCR.csv", "add-on.csv"])
def test_other_files_are_not_mistaken(tmp_path, name):
    assert ncci_add_on.IMPORTER.recognise(add_on_file(tmp_path, *ROWS, name=name)) is None


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("1,99292,,99291,,2013091,", "7 columns instead of 8"),
        ("4,99292,,99291,,2013091,,", "edit type '4' is none of 1, 2, 3"),
        ("1,9929,,99291,,2013091,,", "add-on code '9929' is no code"),
        ("1,99292,,CCCC,,2013091,,", "primary code 'CCCC' is no code"),
        ("1,99292,,99291,,,,", "no effective date"),
        ("1,99292,,99291,,2013366,,", "'2013366' is no date of the form YYYYDDD"),
        ("1,99292,,99291,,2013000,,", "'2013000' is no date of the form YYYYDDD"),
        ("1,99292,,99291,,20130401,,", "'20130401' is no date of the form YYYYDDD"),
    ],
)
def test_a_bad_row_is_rejected_by_line_and_reason(tmp_path, row, reason):
    found = read(ncci_add_on.IMPORTER, add_on_file(tmp_path, ROWS[0], row))
    assert found == (FOUND[:1], [(6, reason)])


@pytest.mark.parametrize("header", [HEADER + ",New", HEADER.removesuffix(",Special_Instruction_Notes")])
def test_another_header_stops(tmp_path, header):
    with pytest.raises(FileError, match="line 4: the header's columns are not"):
        read(ncci_add_on.IMPORTER, add_on_file(tmp_path, *ROWS, header=header))


def test_the_official_table(official_data, has_official_data):
    forms = [read(ncci_add_on.IMPORTER, file) for file in official(official_data, "AOC_V2026Q2-MCR")]
    assert len(forms) == (2 if has_official_data else 1)
    assert all(form.facts == forms[0].facts and not form.rejected for form in forms)
    assert len(forms[0].rows) == (9_000 if has_official_data else 152)
    if has_official_data:
        types = [row.edit_type for row in forms[0].rows]
        assert [types.count(each) for each in "123"] == [8_293, 47, 660]
