"""HCPCS Level II: xlsx, csv and txt with continuation records, modifiers among the codes."""

import csv
import io

import pytest

from services.catalog.domain.rows import HcpcsCode, Modifier
from services.catalog.importers import hcpcs
from services.catalog.importers.base import FileError
from tests.unit.catalog.importers.reading import official, read, write, write_sheet

HEADER = [
    *(
        "HCPC",
        "SEQNUM",
        "RECID",
        "LONG DESCRIPTION",
        "SHORT DESCRIPTION",
        "PRICE1",
        "PRICE2",
        "PRICE3",
        "PRICE4",
        "MULT_PI",
    ),
    *("CIM1", "CIM2", "CIM3", "MCM1", "MCM2", "MCM3", "STATUTE", *(f"LABCERT{n}" for n in range(1, 9))),
    *(
        *(f"XREF{n}" for n in range(1, 6)),
        "COV",
        "ASC_GRP",
        "ASC_DT",
        "OPPS",
        "OPPS_PI",
        "OPPS_DT",
        "PROCNOTE",
        "BETOS",
    ),
    *(*(f"TOS{n}" for n in range(1, 6)), "ANEST_BU", "ADD DT", "ACT EFF DT", "TERM DT", "ACTION CD"),
]

CRUTCH = HcpcsCode(
    "E9114",
    "Made-up crutch, of a long wording that fills more than one line of eighty characters, with a tip",
    "Made-up crutch",
    pricing="32 36",
    multiple_pricing="A",
    coverage="D",
    statute="1862A7",
    cross_references="E0110 E0112",
    lab_certification="340",
    processing_note="0069",
    betos="D1E",
    type_of_service="A P",
    anesthesia_units="0",
    manual_references="CIM 60-9; MCM 2100.1",
    added="1986-01-01",
    effective="1997-01-01",
    terminated="2024-12-31",
    action="N",
    line=2,
)
SIDE = Modifier("LT", "Made-up side", "Side", "C", "1984-01-01", "1997-01-01", "", 3)


def sheet_row(values):
    return [values.get(name, "") for name in HEADER]


CRUTCH_ROW = sheet_row(
    {
        "HCPC": "E9114",
        "SEQNUM": "0010",
        "RECID": "3",
        "LONG DESCRIPTION": CRUTCH.long_description,
        "SHORT DESCRIPTION": "Made-up crutch",
        "PRICE1": "32",
        "PRICE2": "36",
        "MULT_PI": "A",
        "CIM1": "60-9",
        "MCM1": "2100.1",
        "STATUTE": "1862A7",
        "LABCERT1": "340",
        "XREF1": "E0110",
        "XREF2": "E0112",
        "COV": "D",
        "PROCNOTE": "0069",
        "BETOS": "D1E",
        "TOS1": "A",
        "TOS2": "P",
        "ANEST_BU": "  0",
        "ADD DT": "19860101",
        "ACT EFF DT": "19970101",
        "TERM DT": "20241231",
        "ACTION CD": "N",
    }
)
SIDE_ROW = sheet_row(
    {
        "HCPC": "   LT",
        "SEQNUM": "0010",
        "RECID": "7",
        "LONG DESCRIPTION": "Made-up side",
        "SHORT DESCRIPTION": "Side",
        "COV": "C",
        "ADD DT": "19840101",
        "ACT EFF DT": "19970101",
    }
)


def csv_text(*rows, header=HEADER):
    text = io.StringIO()
    csv.writer(text).writerows([header, *rows])
    return text.getvalue()


def text_record(code, sequence, record, long, fields=None):
    """A 320-byte record; `fields` are values by their first position."""
    line = list(f"{code:>5}{sequence}{record}{long:<80}".ljust(320))
    for position, value in (fields or {}).items():
        line[position - 1 : position - 1 + len(value)] = value
    return "".join(line)


CRUTCH_RECORDS = (
    text_record(
        *("E9114", "00100", "3", "Made-up crutch, of a long wording that fills more than one line of eighty"),
        {
            92: "Made-up crutch",
            120: "3236",
            128: "A",
            129: "60-9",
            147: "2100.1",
            171: "1862A7",
            181: "340",
            205: "E0110E0112",
            230: "D",
            253: "0069",
            257: "D1E",
            261: "AP",
            266: "000",
            269: "198601011997010120241231N",
        },
    ),
    text_record("E9114", "00200", "4", "characters, with a tip"),
)
SIDE_RECORD = text_record("LT", "00100", "7", "Made-up side", {92: "Side", 230: "C", 269: "1984010119970101"})
NOTICE = "***Disclaimers\t\t\r\n\t\t\r\n*A notice.\xa0\r\n\r\n"


def test_the_csv(tmp_path):
    file = write(tmp_path, "HCPC2025_OCT_ANWEB.csv", csv_text(CRUTCH_ROW, SIDE_ROW))
    assert read(hcpcs.IMPORTER, file) == ([CRUTCH, SIDE], [])


def test_the_sheet_that_stores_no_empty_cells_at_the_end(tmp_path):
    rows = [HEADER, CRUTCH_ROW, [cell or None for cell in SIDE_ROW]]
    file = write_sheet(tmp_path, "HCPC2025_OCT_ANWEB.xlsx", rows)
    assert read(hcpcs.IMPORTER, file) == ([CRUTCH, SIDE], [])


def test_the_txt_joins_continuation_records(tmp_path):
    text = NOTICE + "\r\n".join([*CRUTCH_RECORDS, SIDE_RECORD]) + "\r\n"
    found = read(hcpcs.IMPORTER, write(tmp_path, "HCPC2019_CONTR_ANWEB.txt", text, "cp1252"))
    assert found.rows == [CRUTCH._replace(anesthesia_units="000", line=5), SIDE._replace(line=7)]
    assert not found.rejected


@pytest.mark.parametrize(
    ("name", "edition", "cut"),
    [
        ("HCPC2025_OCT_ANWEB.csv", "2025-Q4", False),
        ("HCPC2026_JUL_ANWEB_06172026.csv", "2026-Q3", False),
        ("HCPC2026_OCT_ANWEB_v2.csv", "2026-Q4", False),
        ("HCPC2019_CONTR_ANWEB.csv", "2019-Q1", False),
        ("HCPC2026_OCT_ANWEB.excerpt.csv", "2026-Q4", True),
        ("HCPC2026_OCT_ANWEB_v2.fixedwidth.excerpt.csv", "2026-Q4", True),
    ],
)
def test_the_name_says_the_edition(tmp_path, name, edition, cut):
    recognised = hcpcs.IMPORTER.recognise(write(tmp_path, name, csv_text(CRUTCH_ROW)))
    assert (recognised.edition.name, recognised.cut) == (edition, cut)


@pytest.mark.parametrize(
    "name",
    [
        "HCPC2025_OCT_ANWEB_Transaction Report.csv",
        "HCPC2025_OCT_ANWEB_Corrections.csv",
        "HCPCS2019_recordlayout.txt",
        "HCPC2019_README.txt",
        "proc_notes_2019.txt",
        "HCPC2025_OCT_ANWEB.pdf",
    ],
)
def test_other_files_are_not_mistaken(tmp_path, name):
    assert hcpcs.IMPORTER.recognise(write(tmp_path, name, csv_text(CRUTCH_ROW))) is None


@pytest.mark.parametrize("name", ["HCPC2025_OCT_ANWEB.csv", "HCPC2025_OCT_ANWEB.txt", "HCPC2025_OCT_ANWEB.xlsx"])
def test_another_content_is_not_mistaken(tmp_path, name):
    assert hcpcs.IMPORTER.recognise(write(tmp_path, name, "<html>Not found</html>")) is None


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({0: "27250"}, "'27250' is no HCPCS Level II code"),
        ({0: "ABC", 2: "7"}, "'ABC' is no modifier"),
        ({2: "9"}, "record id '9'"),
        ({3: " "}, "E9115 has no long description"),
        ({44: "19861301"}, "'19861301' is no date"),
        ({46: "soon"}, "'soon' is no date"),
    ],
)
def test_a_bad_row_is_rejected_by_line_and_reason(tmp_path, change, reason):
    row = [change.get(column, cell) for column, cell in enumerate(["E9115", *CRUTCH_ROW[1:]])]
    found = read(hcpcs.IMPORTER, write(tmp_path, "HCPC2025_OCT_ANWEB.csv", csv_text(CRUTCH_ROW, row, SIDE_ROW)))
    assert found.rows == [CRUTCH, SIDE._replace(line=4)]
    ((line, said),) = found.rejected
    assert line == 3
    assert reason in said


def test_a_row_with_other_columns_or_a_second_one_is_rejected(tmp_path):
    text = csv_text(CRUTCH_ROW, SIDE_ROW[:-1], CRUTCH_ROW, SIDE_ROW)
    found = read(hcpcs.IMPORTER, write(tmp_path, "HCPC2025_OCT_ANWEB.csv", text))
    assert found.rejected == [
        (3, "47 columns instead of 48"),
        (4, "a second row for E9114; the first is on line 2"),
    ]


def test_in_the_txt_a_stray_continuation_and_a_stray_line_are_rejected(tmp_path):
    stray = text_record("E9999", "00200", "4", "of nothing")
    text = "\r\n".join([*CRUTCH_RECORDS, stray, "E9115 cut", SIDE_RECORD]) + "\r\n"
    found = read(hcpcs.IMPORTER, write(tmp_path, "HCPC2019_CONTR_ANWEB.txt", text))
    assert [row[0] for row in found.rows] == ["E9114", "LT"]
    assert sorted(line for line, _ in found.rejected) == [3, 4]


@pytest.mark.parametrize("header", [HEADER[:-1], [*HEADER, "NEW"], ["HCPC", *reversed(HEADER[1:])]])
def test_another_header_stops(tmp_path, header):
    file = write(tmp_path, "HCPC2025_OCT_ANWEB.csv", csv_text(CRUTCH_ROW, header=header))
    with pytest.raises(FileError, match="line 1: the header's"):
        read(hcpcs.IMPORTER, file)


def test_markup_in_a_description_is_kept_as_text(tmp_path):
    row = ["E9115", *CRUTCH_ROW[1:3], "<script>alert(1)</script>", *CRUTCH_ROW[4:]]
    (found,) = read(hcpcs.IMPORTER, write(tmp_path, "HCPC2025_OCT_ANWEB.csv", csv_text(row))).rows
    assert found.long_description == "<script>alert(1)</script>"


def test_the_official_table(official_data, has_official_data):
    forms = [read(hcpcs.IMPORTER, file) for file in official(official_data, "HCPC2025_OCT")]
    assert len(forms) == (2 if has_official_data else 1)  # csv and xlsx; the sample set has a csv
    assert all(form.facts == forms[0].facts and not form.rejected for form in forms)
    assert len(forms[0].rows) == (8_846 if has_official_data else 76)
    assert sum(isinstance(row, Modifier) for row in forms[0].rows) == (383 if has_official_data else 45)
    (crutch,) = (row for row in forms[0].rows if row[0] == "E0114")
    assert (crutch.added, crutch.effective, crutch.terminated) == ("1986-01-01", "1997-01-01", "")
    assert (crutch.coverage, crutch.type_of_service, crutch.manual_references) == ("D", "A P R", "CIM 60-9; MCM 2100.1")


def test_the_official_txt_has_the_wording_of_the_sheet(official_data, has_official_data):
    if not has_official_data:
        pytest.skip("the sample set has no txt of HCPCS; MEDCODES_TEST_DATA names a folder of official downloads")
    (file,) = official(official_data, "HCPC2019_CONTR")
    old = read(hcpcs.IMPORTER, file)
    assert (len(old.rows), old.rejected) == (265, [])
    new = {row[0]: row for row in read(hcpcs.IMPORTER, official(official_data, "HCPC2025_OCT")[0]).rows}
    both = [(row, new[row[0]]) for row in old.rows if row[0] in new]
    same = sum(before.long_description == after.long_description for before, after in both)
    assert len(both) - same <= 8  # reworded since, or cut off at the end of the piece
