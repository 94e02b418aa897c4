"""The PTP table: tab separated and xlsx, editions by version, every bad row with line and reason."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.catalog.domain.editions import DataSet
from services.catalog.domain.rows import Ptp
from services.catalog.importers import ncci_ptp
from services.catalog.importers.base import FileError
from tests.unit.catalog.importers.reading import official, read, write, write_sheet

HEADER = (
    "A notice.\t\t\t\t\t\t\r\n"
    "Column1/Column2 Edits\t\t\t\t\t\t\r\n"
    "Column 1\tColumn 2\t*=in existence\tEffective\tDeletion\tModifier\tPTP Edit Rationale\r\n"
    "\t\tprior to 1996\tDate\tDate\t0=not allowed\t\r\n"
    "\t\t\t\t*=no data\t1=allowed\t\r\n"
    "\t\t\t\t\t9=not applicable\t\r\n"
)
LIVE = "0001A\t36591\t\t20220101\t*\t0\tMade-up rationale"
ENDED = "0001A\tG0463\t*\t19960101\t20231231\t1\tMade-up rationale"
FOUND = [
    Ptp("0001A", "36591", "", "2022-01-01", "", "0", "Made-up rationale", 7),
    Ptp("0001A", "G0463", "*", "1996-01-01", "2023-12-31", "1", "Made-up rationale", 8),
]
NAME = "ccipra-v322r0-f1.TXT"


def ptp_file(folder, *rows, name=NAME, header=HEADER):
    return write(folder, name, header + "".join(f"{row}\r\n" for row in rows))


def test_the_txt(tmp_path):
    assert read(ncci_ptp.IMPORTER, ptp_file(tmp_path, LIVE, ENDED)) == (FOUND, [])


def test_the_sheet(tmp_path):
    rows = [line.split("\t") for line in (HEADER + f"{LIVE}\r\n{ENDED}").split("\r\n")]
    numbers = [[int(cell) if cell.isdigit() and len(cell) == 8 else cell for cell in row] for row in rows]
    file = write_sheet(tmp_path, "ccipra-v322r0-f1.xlsx", numbers)
    assert read(ncci_ptp.IMPORTER, file) == (FOUND, [])


def test_the_sheet_with_its_header_in_one_row(tmp_path):
    names = [
        "Column 1",
        "Column 2",
        "*=in existence\nprior to 1996",
        "Effective\nDate",
        "Deletion\nDate",
        "Modifier",
        "R",
    ]
    rows = [["A notice."], ["Column1/Column2 Edits"], names, LIVE.split("\t")]
    found = read(ncci_ptp.IMPORTER, write_sheet(tmp_path, "ccioph-v322r0-f4.xlsx", rows))
    assert found == ([FOUND[0]._replace(line=4)], [])


@pytest.mark.parametrize(
    ("name", "data_set", "edition", "part", "cut"),
    [
        ("ccipra-v320r0-f1.TXT", DataSet.PTP_PRACTITIONER, "2026-Q1", "f1", False),
        ("ccipra-v322r0-f4.txt", DataSet.PTP_PRACTITIONER, "2026-Q3", "f4", False),
        ("ccioph-v323r1-f2.TXT", DataSet.PTP_HOSPITAL, "2026-Q4", "f2", False),
        ("ccioph-v253r0-f3.TXT", DataSet.PTP_HOSPITAL, "2019-Q4", "f3", False),
        ("ccipra-v322r0-f1.excerpt.txt", DataSet.PTP_PRACTITIONER, "2026-Q3", "f1", True),
    ],
)
def test_the_name_says_setting_quarter_and_part(tmp_path, name, data_set, edition, part, cut):
    found = ncci_ptp.IMPORTER.recognise(ptp_file(tmp_path, LIVE, name=name))
    assert (found.edition.data_set, found.edition.name, found.part, found.cut) == (data_set, edition, part, cut)
    assert found.parts == ("f1", "f2", "f3", "f4")


@pytest.mark.parametrize(
    "name", ["oce_ptp_changes_2026q2.csv", "ccipra-v324r0-f1.TXT", "ccipra-v322r0-f5.TXT", "ptp.txt"]
)
def test_other_files_are_not_mistaken(tmp_path, name):
    assert ncci_ptp.IMPORTER.recognise(ptp_file(tmp_path, LIVE, name=name)) is None


def test_another_content_is_not_mistaken(tmp_path):
    assert ncci_ptp.IMPORTER.recognise(write(tmp_path, NAME, "<html>Accept the licence</html>")) is None
    assert ncci_ptp.IMPORTER.recognise(write(tmp_path, "ccipra-v322r0-f1.xlsx", "<html>")) is None


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("0001A\t36591\t\t20220101\t*\t0", "6 columns instead of 7"),
        (f"{LIVE}\tmore", "8 columns instead of 7"),
        (LIVE.replace("0001A", "0001a"), "column one '0001a' is no code"),
        (LIVE.replace("36591", "3659"), "column two '3659' is no code"),
        (LIVE.replace("\t\t", "\tx\t"), "'x' in the column 'in existence prior to 1996'"),
        (LIVE.replace("20220101", "20220132"), "'20220132' is no date of the form YYYYMMDD"),
        (LIVE.replace("20220101", "2022-1-1"), "'2022-1-1' is no date of the form YYYYMMDD"),
        (LIVE.replace("20220101", "*"), "'*' is no date of the form YYYYMMDD"),
        (LIVE.replace("*", "never"), "'never' is no date of the form YYYYMMDD"),
        (LIVE.replace("\t0\t", "\t2\t"), "modifier indicator '2' is none of 0, 1, 9"),
    ],
)
def test_a_bad_row_is_rejected_by_line_and_reason(tmp_path, row, reason):
    found = read(ncci_ptp.IMPORTER, ptp_file(tmp_path, row, ENDED))
    assert found == (FOUND[1:], [(7, reason)])


def test_blanks_around_columns_and_empty_lines_do_no_harm(tmp_path):
    rows = (LIVE.replace("36591", " 36591 "), ENDED, "", "\t\t\t\t\t\t")
    assert read(ncci_ptp.IMPORTER, ptp_file(tmp_path, *rows)) == (FOUND, [])


@pytest.mark.parametrize(
    ("header", "reason"),
    [
        (HEADER.replace("\tModifier\tPTP", "\tModifier\tNew\tPTP"), "line 3: 8 columns in the header instead of 7"),
        ("A notice, column 1\r\n" * 8, "line 6: no header line"),
        ("A notice, column 1\r\n", "no header|ends within its header"),
    ],
)
def test_another_header_stops(tmp_path, header, reason):
    with pytest.raises(FileError, match=reason):
        read(ncci_ptp.IMPORTER, ptp_file(tmp_path, *[LIVE] * 9, header=header))


def test_a_table_without_rows_stops(tmp_path):
    with pytest.raises(FileError, match="ends within its header"):
        read(ncci_ptp.IMPORTER, ptp_file(tmp_path))


def test_a_file_whose_rows_are_something_else_stops_early(tmp_path):
    rows = [LIVE, *["<tr><td>27250</td></tr>"] * 10_000]
    with pytest.raises(FileError, match="line 58: 51 rows rejected up to here, the last one: 1 columns instead of 7"):
        read(ncci_ptp.IMPORTER, ptp_file(tmp_path, *rows))


codes = st.from_regex(r"[0-9A-Z]{5}", fullmatch=True)
dates = st.dates().map(lambda day: day.strftime("%Y%m%d").zfill(8))


@given(codes, codes, st.sampled_from(["", "*"]), dates, st.one_of(st.just("*"), dates), st.sampled_from("019"))
def test_every_row_in_the_layout_comes_back(tmp_path_factory, one, two, mark, effective, deleted, indicator):
    line = "\t".join((one, two, mark, effective, deleted, indicator, "Made-up"))
    found = read(ncci_ptp.IMPORTER, ptp_file(tmp_path_factory.mktemp("ptp"), line))
    (row,) = found.rows
    iso = ["" if day == "*" else f"{day[:4]}-{day[4:6]}-{day[6:]}" for day in (effective, deleted)]
    assert row == (one, two, mark, *iso, indicator, "Made-up", 7)


@given(st.text(alphabet="0A*\t 9x", max_size=40))
def test_whatever_a_line_holds_it_is_a_row_or_rejected_or_empty(tmp_path_factory, line):
    found = read(ncci_ptp.IMPORTER, ptp_file(tmp_path_factory.mktemp("ptp"), LIVE, line, ENDED))
    assert len(found.rows) + len(found.rejected) == (3 if line.strip() else 2)


def test_the_official_excerpt(official_data, has_official_data):
    if not has_official_data:
        pytest.skip("the sample set has no PTP rows; MEDCODES_TEST_DATA names a folder of official downloads")
    (file,) = official(official_data, "ccipra-v322")
    found = read(ncci_ptp.IMPORTER, file)
    assert (len(found.rows), found.rejected) == (29, [])
    assert found.rows[0] == Ptp(
        *("0001A", "0591T", "", "2022-01-01", "2023-12-31", "1", "CPT Manual or CMS manual coding instruction", 7)
    )
