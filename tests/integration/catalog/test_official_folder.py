"""The release of a whole folder of official files, beside the bundled ICD-10-CM files and the sample set."""

from __future__ import annotations

import sqlite3
from collections import Counter
from pathlib import Path

import pytest

from services.catalog.adapters.schema import TABLES
from services.catalog.build.release_id import release_id
from services.catalog.domain.manifest import FileState, Manifest
from services.catalog.domain.rows import AddOn, HcpcsCode, Modifier, Mue, OrderCode, Rvu, TabularCode

# Rows of the whole files in the folder, counted on the files themselves (the folder's README says the same).
WHOLE_FILES = {
    "hcpcs/2025-Q4": 8_846,
    "pfs/2025-Q4": 19_090,
    "mue_practitioner/2026-Q2": 15_095,
    "add_on/2026-Q2": 9_000,
    "gpci/2025": 109,
    "gpci/2026": 109,
    "icd10pcs/FY2026": 80_029,
    "icd10pcs_tables/FY2020": 21_095,
    "icd9cm/FY2015": 14_567,
    "icd9proc/FY2015": 3_882,
    "gem_diagnoses/FY2018": 106_453,
    "gem_procedures/FY2016": 152_865,
    "icd10cm_drugs/FY2026": 47_466,
    "icd10cm_neoplasms/FY2026": 10_960,
}
# Pieces of the two indexes; the rows of terms and of codes together.
PARTS = {"icd10cm_index/FY2017": 81_393, "icd10cm_external_causes/FY2026": 8_696}
# Index: terms, those of them with a code, codes (ORIGIN.md beside each file, and the files themselves).
INDEX_TERMS = {
    "diseases": (51_835, 29_558, 29_558),
    "external_causes": (5_377, 3_319, 3_319),
    "drugs": (7_430, 7_204, 40_036),
    "neoplasms": (1_940, 1_822, 9_020),
}
EXCERPTS = ("pfs/2026-Q4", "ptp_practitioner/2026-Q3", "hcpcs/2026-Q4", "hcpcs/2019-Q1", "mue_practitioner/2026-Q4")


@pytest.fixture(scope="module")
def manifest(release_file: Path) -> Manifest:
    return Manifest.from_json(release_file.with_suffix(".json").read_bytes())


def edition(release, identity: str):
    return next(loaded for loaded in release.editions if loaded.edition.id == identity)


def test_every_file_of_the_folder_is_imported_superseded_or_named_as_not_known(manifest, official_data):
    """Nothing is missing, nothing is listed twice."""
    listed = Counter(file.path.split("!")[0] for file in manifest.files if file.root == official_data.name)
    on_disk = {path.relative_to(official_data).as_posix() for path in official_data.rglob("*") if path.is_file()}
    assert listed.keys() == on_disk
    assert all(file.reason for file in manifest.files if file.state is not FileState.IMPORTED)
    assert all(len(file.sha256) == 64 for file in manifest.files)


def test_the_icd_codes_are_those_of_the_order_file(release, manifest):
    assert release.count("icd10cm") == 98_186
    fiscal = edition(release, "icd10cm/FY2026")
    assert fiscal.complete
    codes = release.rows(TabularCode, fiscal.edition)
    assert sum(filed.row.leaf for filed in codes) == 74_719


def test_tabular_list_and_order_file_agree(release, has_official_data):
    fiscal = edition(release, "icd10cm/FY2026").edition
    tabular = {filed.row.code: filed.row for filed in release.rows(TabularCode, fiscal)}
    order = {filed.row.code: filed.row for filed in release.rows(OrderCode, fiscal)}
    if has_official_data:
        assert tabular.keys() == order.keys()
        assert all(tabular[code].leaf == row.valid for code, row in order.items())
        record = release.node("icd10cm", "S73005A")
        assert record.description == order["S73005A"].long_title
        assert record.file == "icd10cm_order_2026.txt"
    else:
        assert not order
        assert release.node("icd10cm", "S73005A").description == tabular["S73005A"].title


def test_the_tabulars_wording_is_kept_for_search_where_it_differs(release, has_official_data):
    fiscal = edition(release, "icd10cm/FY2026").edition
    differing = []
    for filed in release.rows(TabularCode, fiscal):
        record = release.node("icd10cm", filed.row.code)
        if record.description != filed.row.title:
            differing.append(filed.row)
    assert bool(differing) == has_official_data
    terms = release.search_terms("icd10cm", [row.code for row in differing[:200]])
    assert all(row.title in terms[row.code] for row in differing[:200])


def test_whole_files_are_complete_and_excerpts_are_not(release, has_official_data):
    found = {loaded.edition.id: loaded for loaded in release.editions}
    if has_official_data:
        assert {name: found[name].rows for name in WHOLE_FILES} == WHOLE_FILES
        assert all(found[name].complete for name in WHOLE_FILES)
        assert {name: found[name].rows for name in PARTS} == PARTS
        assert not any(found[name].complete for name in (*EXCERPTS, *PARTS))
    else:
        complete = {name for name, loaded in found.items() if loaded.complete}
        assert complete >= {"icd10cm/FY2026"}
        assert "pfs/2025-Q4" not in complete


def test_of_csv_and_txt_both_are_listed_and_one_is_imported(manifest, has_official_data):
    if not has_official_data:
        return
    for names in (
        ("PPRRVU2025_Oct.csv", "PPRRVU2025_Oct.txt"),
        ("HCPC2025_OCT_ANWEB.csv", "HCPC2025_OCT_ANWEB.xlsx"),
        ("AOC_V2026Q2-MCR.csv", "AOC_V2026Q2-MCR.xlsx"),
    ):
        found = {file.name: file for file in manifest.files if file.name in names}
        assert sorted(file.state for file in found.values()) == [FileState.IMPORTED, FileState.SUPERSEDED]
        assert len({file.rows for file in found.values()}) == 1, "the two forms hold the same rows"


def test_every_row_of_the_manifest_is_in_the_file(release_file, manifest):
    connection = sqlite3.connect(release_file)
    derived = {"edition", "source_file", "text", "node"}
    tables = [table.name for table in TABLES if table.name not in derived]
    counted = sum(connection.execute(f'SELECT count(*) FROM "{name}"').fetchone()[0] for name in tables)
    files = connection.execute("SELECT count(*) FROM source_file").fetchone()[0]
    connection.close()
    imported = [file for file in manifest.files if file.state is FileState.IMPORTED]
    assert counted == manifest.rows == sum(file.rows for file in imported)
    assert files == len(imported)


def test_the_release_id_comes_out_of_the_rows_again(release_file, manifest):
    assert release_id(release_file) == manifest.id == release_file.stem


def test_facts_of_one_code_with_their_lines(release, has_official_data):
    [rvu] = release.rows(Rvu, edition(release, "pfs/2025-Q4").edition, code="27250")
    assert (rvu.row.work, rvu.row.pe_facility, rvu.row.mp, rvu.row.global_days) == ("3.82", "0.77", "0.80", "000")
    [mue] = release.rows(Mue, edition(release, "mue_practitioner/2026-Q2").edition, code="27250")
    assert (mue.row.value, mue.row.mai) == ("1", "2")
    assert rvu.row.line > 1
    if has_official_data:
        assert rvu.file == "PPRRVU2025_Oct.csv"


def test_codes_of_every_system_are_found_in_their_place(release):
    assert [one.code for one in release.path("icd10cm", "S73005A")] == [
        "19",
        "S70-S79",
        "S73",
        "S730",
        "S7300",
        "S73005",
    ]
    assert [one.code for one in release.path("cpt", "27250")] == ["20000-29999", "27000-27999"]
    assert [one.code for one in release.children("icd10cm", "", "", 100)] == [str(number) for number in range(1, 23)]
    assert {one.code for one in release.children("icd10cm", "S73005", "", 10)} == {"S73005A", "S73005D", "S73005S"}
    assert release.node("hcpcs", "J").is_group
    assert release.node("modifier", "LT")


def test_numbers_of_cpt_and_cdt_have_no_text_but_the_licensees(release):
    for system in ("cpt", "cdt"):
        after = ""
        while records := release.codes_after(system, after, 5_000):
            after = records[-1].code
            assert not any(record.description for record in records)


def test_every_code_has_its_parent(release_file):
    connection = sqlite3.connect(release_file)
    lost = connection.execute(
        "SELECT n.system, n.code, n.parent FROM node AS n "
        "LEFT JOIN node AS p ON p.system = n.system AND p.code = n.parent WHERE n.parent != '' AND p.code IS NULL"
    ).fetchall()
    wrong = connection.execute(
        "SELECT n.system, n.code FROM node AS n WHERE has_children != "
        "EXISTS (SELECT 1 FROM node AS c WHERE c.system = n.system AND c.parent = n.code)"
    ).fetchall()
    connection.close()
    assert (lost, wrong) == ([], [])


def test_hcpcs_codes_and_modifiers_are_told_apart(release):
    loaded = edition(release, "hcpcs/2025-Q4")
    codes, modifiers = release.rows(HcpcsCode, loaded.edition), release.rows(Modifier, loaded.edition)
    assert len(codes) + len(modifiers) == loaded.rows
    assert modifiers
    record = release.node("hcpcs", codes[0].row.code)
    assert record.begins == codes[0].row.added
    assert record.description == codes[0].row.long_description


def test_add_on_rows_are_found_from_both_sides(release):
    loaded = edition(release, "add_on/2026-Q2").edition
    row = release.rows(AddOn, loaded)[0].row
    assert row in [filed.row for filed in release.rows(AddOn, loaded, add_on=row.add_on)]
    assert row in [filed.row for filed in release.rows(AddOn, loaded, primary=row.primary)]


async def test_equivalents_are_the_rows_that_stand_for_themselves(catalog, has_official_data):
    """Without the rows of combinations and those that lead to no code, counted on the files."""
    found, total = Counter(), 0
    async for batch in catalog.stream_equivalents(""):
        total = batch.total
        for one in batch.equivalents:
            found[one.gem.system] += 1
            assert one.gem.other
            assert not one.gem.is_part
            assert one.title or one.old == ("icd9cm", "")
    expected = {"icd10cm": 71_829, "icd9cm": 22_100, "icd10pcs": 76_671, "icd9proc": 66_631}
    assert found == (expected if has_official_data else {})
    assert total == sum(found.values())


async def test_the_terms_of_the_indexes_are_those_of_the_files(indexes, has_official_data):
    terms, coded, codes = Counter(), Counter(), Counter()
    async for batch in indexes.stream("", ""):
        for place in batch.terms:
            name, found = place.of.index.name, place.entry.codes
            assert place.path[-1] == place.entry.term
            assert [one.parent for one in place.path] == [0, *(one.number for one in place.path[:-1])]
            terms[name] += 1
            coded[name] += bool(found)
            codes[name] += len(found)
    if has_official_data:
        assert {name: (terms[name], coded[name], codes[name]) for name in terms} == INDEX_TERMS
    else:
        assert not terms


def test_most_references_lead_to_a_term(indexes, has_official_data):
    """What is left are references to conditions ("by type", "condition") and to what is not in the folder."""
    if not has_official_data:
        return
    for letter in "AHN":
        found = indexes.entries("diseases", [], letter, "", 500).items
        references = [place.see for place in found if place.entry.term.see]
        assert sum(one is not None for one in references) > 0.9 * len(references) > 30
    hip = indexes.entries("neoplasms", ["Neoplasm, neoplastic", "hip"], "", "", 0)
    assert hip.path[-1].entry.codes
