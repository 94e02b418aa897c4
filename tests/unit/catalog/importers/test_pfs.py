"""PPRRVU: csv with 31 and 32 columns, fixed-width txt, one set of facts."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.catalog.domain.rows import Rvu
from services.catalog.importers import pfs
from services.catalog.importers.base import FileError
from services.catalog.importers.files import SourceFile
from tests.unit.catalog.importers.reading import official, read, write

HEADER_31 = (
    "HCPCS,MOD,DESCRIPTION,CODE,PAYMENT,RVU,PE RVU,INDICATOR,PE RVU,INDICATOR,RVU,TOTAL,TOTAL,IND,DAYS,OP,OP,OP,PROC,"
    "SURG,SURG,SURG,SURG,BASE,FACTOR,PROCEDURES,FLAG,INDICATOR,AMOUNT,AMOUNT,AMOUNT"
)
ABOVE_31 = (
    ",,,STATUS,MEDICARE ,WORK,NON-FAC,NA,FACILITY,NA,MP,NON-FACILITY,FACILITY,PCTC,GLOB,PRE,INTRA,POST,MULT,BILAT,ASST,"
    "CO-,TEAM,ENDO,CONV,DIAGNOSTIC,CALCULATION,FAMILY,PAYMENT,PAYMENT,PAYMENT"
)
HEADER_32 = HEADER_31.replace("SURG,BASE", "SURG,IND,BASE")
ABOVE_32 = ABOVE_31.replace("TEAM,ENDO", "TEAM,PRIC,ENDO")
HIP = "27250,,,A,,3.82,0.77,NA,0.77,,0.80,5.39,5.39,0,000,0.00,0.00,0.00,2,1,1,0,0,,32.3465,09,0,99,0.00,0.00,0.00"
KNEE_2026 = (
    "27447,,,A,,19.11,11.58,NA,11.58,,4.02,34.71,34.71,0,090,0.10,0.69,0.21,2,1,2,1,0,9,,33.4009,09,0,99,0.00,0.00,0.00"
)
TEXT_HIP = (
    f"{'27252':57}A  11.03   9.51NA   9.51    2.24  22.78 22.780090.10.69.2121100       31622 32.3465 090 99"
    "      0.00   0.00   0.00   "
)


def csv_text(*rows: str, above: str = ABOVE_31, header: str = HEADER_31) -> str:
    return "\r\n".join([",,A title", ",,RELEASED 09/11/2025", above, header, *rows]) + "\r\n"


def test_a_row_of_31_columns(tmp_path):
    found = read(pfs.IMPORTER, write(tmp_path, "PPRRVU2025_Oct.csv", csv_text(HIP)))
    assert found.rows == [
        Rvu(
            *("27250", "", "", "A", "", "3.82", "0.77", "NA", "0.77", "", "0.80", "5.39", "5.39"),
            *("0", "000", "0.00", "0.00", "0.00", "2", "1", "1", "0", "0", "", "32.3465", "09", "0", "99", 5),
        )
    ]
    assert not found.rejected


def test_the_price_indicator_of_2026_moves_no_other_column(tmp_path):
    text = csv_text(KNEE_2026, above=ABOVE_32, header=HEADER_32)
    (row,) = read(pfs.IMPORTER, write(tmp_path, "PPRRVU2026_Oct_nonQPP.csv", text)).rows
    assert (row.team, row.endoscopic_base, row.conversion_factor) == ("0", "", "33.4009")
    assert (row.supervision, row.calculation_flag, row.imaging_family) == ("09", "0", "99")


def test_a_record_of_the_txt(tmp_path):
    text = f"HDR A NOTICE\r\n{TEXT_HIP}\r\n"
    (row,) = read(pfs.IMPORTER, write(tmp_path, "PPRRVU2025_Oct.txt", text)).rows
    assert (row.code, row.status, row.work, row.pe_facility, row.total_facility) == (
        "27252",
        "A",
        "11.03",
        "9.51",
        "22.78",
    )
    assert (row.global_days, row.pre_op, row.intra_op, row.post_op) == ("090", "0.10", "0.69", "0.21")
    assert (row.multiple, row.bilateral, row.assistant, row.co_surgeon, row.team) == ("2", "1", "1", "0", "0")
    assert (row.endoscopic_base, row.conversion_factor, row.line) == ("31622", "32.3465", 2)


@pytest.mark.parametrize(
    ("name", "edition", "cut"),
    [
        ("PPRRVU2025_Oct.csv", "2025-Q4", False),
        ("PPRRVU2025_Jan.csv", "2025-Q1", False),
        ("PPRRVU25_APR.csv", "2025-Q2", False),
        ("PPRRVU2026_Jul_nonQPP.csv", "2026-Q3", False),
        ("PPRRVU2025_Oct.head300.csv", "2025-Q4", True),
        ("PPRRVU2025_Oct.excerpt.csv", "2025-Q4", True),
    ],
)
def test_the_name_says_the_edition(tmp_path, name, edition, cut):
    recognised = pfs.IMPORTER.recognise(write(tmp_path, name, csv_text(HIP)))
    assert (recognised.edition.name, recognised.cut) == (edition, cut)


@pytest.mark.parametrize(
    "name", ["PPRRVU2026_Oct_QPP.csv", "OPPSCAP_Oct.csv", "PPRRVU2025_Oct.pdf", "PFREV25C.txt", "RVU25D.txt"]
)
def test_other_tables_are_not_mistaken(tmp_path, name):
    assert pfs.IMPORTER.recognise(write(tmp_path, name, csv_text(HIP))) is None


def test_another_content_is_not_mistaken(tmp_path):
    assert pfs.IMPORTER.recognise(write(tmp_path, "PPRRVU2025_Oct.csv", "<html>Accept the licence</html>")) is None
    assert pfs.IMPORTER.recognise(write(tmp_path, "PPRRVU2025_Oct.txt", "Not found")) is None


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        (HIP[: HIP.rindex(",")], "not as many columns"),
        (HIP + ",1", "not as many columns"),
        (HIP.replace("27250", "2725"), "'2725' is no code"),
        (HIP.replace("3.82", "3,82"), "not as many columns"),
        (HIP.replace("3.82", "n/a"), "'n/a' in work is no figure"),
        (HIP.replace("27250,,,A", "27250,,,AB"), "'AB' in status"),
        (HIP.replace(",000,", ",0,"), "'0' is no global days indicator"),
    ],
)
def test_a_bad_row_is_rejected_by_line_and_reason(tmp_path, row, reason):
    text = csv_text(HIP, row, HIP.replace("27250", "27256"))
    found = read(pfs.IMPORTER, write(tmp_path, "PPRRVU2025_Oct.csv", text))
    assert [row.code for row in found.rows] == ["27250", "27256"]
    ((line, said),) = found.rejected
    assert line == 6
    assert reason in said


def test_a_second_row_for_a_code_and_modifier_is_rejected(tmp_path):
    other = HIP.replace("27250,,", "27250,26,").replace("3.82", "1.00")
    text = csv_text(HIP, other, HIP.replace("3.82", "4.00"))
    found = read(pfs.IMPORTER, write(tmp_path, "PPRRVU2025_Oct.csv", text))
    assert len(found.rows) == 2
    assert found.rejected == [(7, "a second row for 27250; the first is on line 5")]


@pytest.mark.parametrize(
    ("above", "header", "reason"),
    [
        (ABOVE_31, HEADER_32, "32 columns in the header"),
        (ABOVE_31, HEADER_31 + ",NEW,NEW", "33 columns in the header"),
        (ABOVE_31, HEADER_31.removesuffix(",AMOUNT"), "30 columns in the header"),
    ],
)
def test_a_header_with_other_columns_stops(tmp_path, above, header, reason):
    file = write(tmp_path, "PPRRVU2025_Oct.csv", csv_text(HIP, above=above, header=header))
    with pytest.raises(FileError, match=reason):
        read(pfs.IMPORTER, file)


def test_a_file_that_ends_after_its_header_stops(tmp_path):
    with pytest.raises(FileError, match="no row after the header"):
        read(pfs.IMPORTER, write(tmp_path, "PPRRVU2025_Oct.csv", csv_text()))


def test_a_file_that_loses_most_of_its_rows_stops(tmp_path):
    text = csv_text(HIP, *[HIP.replace("27250", f"<{number}>") for number in range(200)])
    with pytest.raises(FileError, match=r"PPRRVU2025_Oct.csv, line \d+: 51 rows rejected"):
        read(pfs.IMPORTER, write(tmp_path, "PPRRVU2025_Oct.csv", text))


def test_a_file_in_another_encoding_stops(tmp_path):
    file = write(tmp_path, "PPRRVU2025_Oct.csv", csv_text(HIP))
    (tmp_path / file.name).write_bytes(csv_text(HIP).encode() + b"27251,,\x81\x8d")
    with pytest.raises(FileError, match="line 6: byte 0x81 is text neither in UTF-8 nor in Windows-1252"):
        read(pfs.IMPORTER, SourceFile(tmp_path / file.name, file.name))


@given(st.text(alphabet=st.characters(exclude_characters="\n\r\0", exclude_categories=["Cs"]), max_size=200))
def test_whatever_a_line_holds_it_is_a_row_or_rejected(tmp_path_factory, line):
    folder = tmp_path_factory.mktemp("pfs")
    found = read(
        pfs.IMPORTER,
        write(folder, "PPRRVU2025_Oct.txt", f"HDR\r\n{TEXT_HIP}\r\n{line}\r\n{TEXT_HIP[:5]}53{TEXT_HIP[7:]}\r\n"),
    )
    assert len(found.rows) >= 2
    assert len(found.rejected) <= 1


def test_the_official_table(official_data, has_official_data):
    forms = [read(pfs.IMPORTER, file) for file in official(official_data, "PPRRVU2025_Oct")]
    assert all(form.facts == forms[0].facts and not form.rejected for form in forms)
    assert len(forms) == (2 if has_official_data else 1)  # the sample set has the csv alone
    assert len(forms[0].rows) == (19_090 if has_official_data else 41)
    rows = {(row.code, row.modifier): row for row in forms[0].rows}
    hip = rows["27250", ""]
    assert (hip.work, hip.pe_facility, hip.mp, hip.total_facility) == ("3.82", "0.77", "0.80", "5.39")
    assert (hip.status, hip.global_days, hip.bilateral, hip.na_non_facility) == ("A", "000", "1", "NA")
    assert (rows["27252", ""].global_days, rows["27252", ""].intra_op) == ("090", "0.69")
    assert {modifier for _, modifier in rows} <= {"", "26", "TC", "53"}
