"""The ICD-10-PCS tables: what each character means in the codes of a table."""

from __future__ import annotations

from pathlib import Path

import pytest

from services.catalog.domain.editions import DataSet, fiscal_year
from services.catalog.domain.rows import ProcedureValue
from services.catalog.importers import icd10pcs_tables
from services.catalog.importers.base import FileError, Rejected
from services.catalog.importers.files import SourceFile, source_files
from services.catalog.importers.registry import recognise

NAME = "icd10pcs_tables_2026.xml"
HEAD = "<ICD10PCS.tabular>\n<version>2026</version>\n"


def axis(position: object, title: str, *labels: str, definition: str = "") -> str:
    told = f"<definition>{definition}</definition>" if definition else ""
    lines = "\n".join(f'<label code="{label[0]}">{label[1:]}</label>' for label in labels)
    return f'<axis pos="{position}" values="1"><title>{title}</title>{lines}{told}</axis>'


def table(*rows: str, operation: str = "R") -> str:
    first = [axis(1, "Section", "0Surgical"), axis(2, "Body System", "SJoints")]
    third = axis(3, "Operation", f"{operation}Replacement", definition="Putting in a substitute")
    return "\n".join(["<pcsTable>", *first, third, *(f"<pcsRow>{row}</pcsRow>" for row in rows), "</pcsTable>"])


def source(folder: Path, *tables: str, name: str = NAME, end: str = "</ICD10PCS.tabular>") -> SourceFile:
    (folder / name).write_text(HEAD + "\n".join(tables) + end)
    (file,) = source_files(folder / name)
    return file


def rows(folder: Path, *tables: str, **options: str) -> list:
    return list(icd10pcs_tables.rows(source(folder, *tables, **options)))


def test_every_meaning_of_a_table_once(tmp_path):
    hip = axis(4, "Body Part", "9Hip Joint, Right", "BHip Joint, Left")
    found = rows(tmp_path, table(hip, hip), table(axis(4, "Body Part", "9Hip"), operation="S"))
    assert [row[:5] for row in found] == [
        ("0SR", 1, "0", "Section", "Surgical"),
        ("0SR", 2, "S", "Body System", "Joints"),
        ("0SR", 3, "R", "Operation", "Replacement"),
        ("0SR", 4, "9", "Body Part", "Hip Joint, Right"),
        ("0SR", 4, "B", "Body Part", "Hip Joint, Left"),
        ("0SS", 1, "0", "Section", "Surgical"),
        ("0SS", 2, "S", "Body System", "Joints"),
        ("0SS", 3, "S", "Operation", "Replacement"),
        ("0SS", 4, "9", "Body Part", "Hip"),
    ]
    assert [row.definition for row in found[:4]] == ["", "", "Putting in a substitute", ""]
    assert found[0].line == 4


def test_a_character_that_means_two_things_in_rows_of_one_table_has_both(tmp_path):
    found = rows(tmp_path, table(axis(7, "Qualifier", "0Autologous"), axis(7, "Qualifier", "0Influenza Vaccine")))
    assert [row.label for row in found if row.position == 7] == ["Autologous", "Influenza Vaccine"]


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        (axis(8, "Body Part", "9Hip"), "an axis at '8'"),
        (axis("", "Body Part", "9Hip"), "an axis at ''"),
        (axis(4, "Body Part", "OHip"), "'O' is no character of a code"),
        (axis(4, "Body Part", "9 "), "9 at position 4 has no meaning"),
    ],
)
def test_a_label_that_cannot_be_right_is_left_out_with_line_and_reason(tmp_path, row, reason):
    found = rows(tmp_path, table(row, axis(5, "Approach", "0Open")))
    (rejected,) = (one for one in found if isinstance(one, Rejected))
    assert reason in rejected.reason
    assert rejected.line > 3
    assert found[-1].label == "Open"


def test_a_table_without_its_three_characters_is_left_out(tmp_path):
    wrong = f"<pcsTable>{axis(1, 'Section', '0Surgical')}</pcsTable>"
    found = rows(tmp_path, wrong, table(axis(4, "Body Part", "9Hip")))
    assert isinstance(found[0], Rejected)
    assert {row.table for row in found if isinstance(row, ProcedureValue)} == {"0SR"}


def test_a_damaged_file_is_refused_with_its_line(tmp_path):
    with pytest.raises(FileError, match="not well-formed") as raised:
        rows(tmp_path, table(axis(4, "Body Part", "9Hip")), end="")
    assert raised.value.line > 3
    with pytest.raises(FileError):
        rows(tmp_path)


def test_recognised_by_name_and_root(tmp_path):
    whole = source(tmp_path, table(""))
    importer, recognised = recognise(whole) or pytest.fail("not recognised")
    assert importer is icd10pcs_tables.IMPORTER
    assert (recognised.edition, recognised.cut) == (fiscal_year(DataSet.ICD10PCS_TABLES, 2026), False)
    _, cut = recognise(source(tmp_path, table(""), name="icd10pcs_tables_2026.head200.xml.txt")) or pytest.fail("no")
    assert cut.cut
    assert recognise(source(tmp_path, table(""), name="icd10pcs_index_2026.xml")) is None


def test_the_whole_file(official_data, has_official_data):
    whole = list(official_data.rglob("icd10pcs_tables_2020.xml*"))
    assert bool(whole) == has_official_data
    for path in whole:
        (file,) = source_files(path)
        _, recognised = recognise(file) or pytest.fail("not recognised")
        found = list(icd10pcs_tables.rows(file))
        assert all(isinstance(row, ProcedureValue) for row in found)
        assert len(found) == 21_095 >= recognised.floor
        hips = {row.label for row in found if row[:3] == ("0SR", 4, "9")}
        assert hips == {"Hip Joint, Right"}
