"""The indexes of ICD-10-CM: terms, modifiers, codes, references, columns, and files that are refused."""

from __future__ import annotations

import gzip
import zipfile
from pathlib import Path

import pytest

from services.catalog.domain.editions import DataSet, fiscal_year
from services.catalog.domain.rows import IndexCode, IndexTerm
from services.catalog.importers import icd10cm_indexes
from services.catalog.importers.base import FileError, Rejected
from services.catalog.importers.files import SourceFile, source_files
from services.catalog.importers.registry import recognise
from tests.unit.catalog.importers.reading import official, read

NAME = "icd10cm-index-April-1-2026.xml"
EXTERNAL, DRUGS, NEOPLASMS = (NAME.replace("index", kind) for kind in ("eindex", "drug", "neoplasm"))
DRUG_HEADS = (
    *("Substance", "Poisoning Accidental (unintentional)", "Poisoning Intentional self-harm", "Poisoning Assault"),
    *("Poisoning Undetermined", "Adverse effect", "Underdosing"),
)
NEOPLASM_HEADS = (
    *("Neoplasm", "Malignant Primary", "Malignant Secondary", "Ca in situ", "Benign", "Uncertain Behavior"),
    "Unspecified Behavior",
)


def book(content: str, heads: tuple[str, ...] = (), version: str = "<version>2026</version>", before: str = "") -> str:
    """An index of one letter; without columns its first term stands on line 4."""
    columns = "".join(f'<head col="{number}">{head}</head>' for number, head in enumerate(heads, 1))
    heading = f"<indexHeading>{columns}</indexHeading>" if heads else ""
    return (
        f'<?xml version="1.0" encoding="utf-8"?>\n{before}<ICD10CM.index>{version}{heading}\n'
        f"<letter><title>H</title>\n{content}</letter></ICD10CM.index>\n"
    )


def main(title: str, inside: str = "") -> str:
    return f"<mainTerm><title>{title}</title>{inside}</mainTerm>\n"


def sub(level: int, title: str, inside: str = "") -> str:
    return f'<term level="{level}"><title>{title}</title>{inside}</term>\n'


def cells(*filed: str) -> str:
    return "".join(f'<cell col="{number}">{code}</cell>' for number, code in enumerate(filed, 2))


def source(folder: Path, content: str | bytes, name: str = NAME) -> SourceFile:
    (folder / name).write_bytes(content.encode() if isinstance(content, str) else content)
    (file,) = source_files(folder / name)
    return file


def rows(folder: Path, content: str | bytes, name: str = NAME) -> list:
    return list(icd10cm_indexes.rows(source(folder, content, name)))


def term(number: int, parent: int, title: str, line: int, **known: str) -> IndexTerm:
    values = {"modifiers": "", "shown": title, "see": "", "see_also": "", "see_category": "", **known}
    return IndexTerm(number, parent, "H", title, key=title.lower(), line=line, **values)  # type: ignore[arg-type]


def test_terms_stand_before_those_below_them_and_name_the_term_above(tmp_path):
    below = sub(1, "joint", "\n" + sub(2, "Left", "<code>M99.2</code>")) + sub(1, "skin")
    found = rows(tmp_path, book(main("Heat", "<code>T67</code>\n" + below) + main("Hop")))
    assert found == [
        term(1, 0, "Heat", 4),
        IndexCode(1, 1, "", "T67", 0, "", 0, 4),
        term(2, 1, "joint", 5),
        term(3, 2, "Left", 6),
        IndexCode(3, 1, "", "M992", 0, "", 0, 6),
        term(4, 1, "skin", 8),
        term(5, 0, "Hop", 10),
    ]


def test_nonessential_modifiers_are_kept_apart_and_in_their_place(tmp_path):
    content = main("Heat<nemod>(great)  (small)</nemod> NEC", sub(1, "of\n  hand<nemod>(left)</nemod>"))
    first, second = rows(tmp_path, book(content))
    assert (first.title, first.modifiers, first.shown) == ("Heat NEC", "(great) (small)", "Heat (great) (small) NEC")
    assert (second.title, second.modifiers, second.shown) == ("of hand", "(left)", "of hand (left)")
    assert first.key == "heat nec"
    (third,) = rows(tmp_path, book(main("Heat<nemod>(great)</nemod>, none")))
    assert (third.title, third.shown) == ("Heat, none", "Heat (great), none")
    (fourth,) = rows(tmp_path, book(main("<nemod>(great)</nemod>")))
    assert (fourth.title, fourth.modifiers, fourth.shown) == ("(great)", "", "(great)")


@pytest.mark.parametrize(
    ("filed", "code", "more"),
    [
        ("M99", "M99", 0),
        ("M99-", "M99", 1),
        ("M99.-", "M99", 1),
        ("M99.2", "M992", 0),
        ("M99.2-", "M992", 1),
        ("C7A.01", "C7A01", 0),
        ("T50.AX1A", "T50AX1A", 0),
    ],
)
def test_a_dash_says_that_more_characters_are_needed(tmp_path, filed, code, more):
    (_, found) = rows(tmp_path, book(main("Heat", f"<code>{filed}</code>")))
    assert (found.code, found.more) == (code, more)


def test_a_manifestation_goes_with_the_code(tmp_path):
    (_, found) = rows(tmp_path, book(main("Heat", "<code>E85.4</code><manif>M90.5-</manif>")))
    assert found == IndexCode(1, 1, "", "E854", 0, "M905", 1, 4)


def test_references(tmp_path):
    content = main("Heat", "<see>Fire, small</see>") + main("Hop", "<seeAlso>Jump</seeAlso><code>M99</code>")
    content += main("Hum", sub(1, "low", "<seecat>H90</seecat>") + sub(1, "high", "<subcat>H93.3</subcat>"))
    found = {row.title: row for row in rows(tmp_path, book(content)) if isinstance(row, IndexTerm)}
    assert (found["Heat"].see, found["Hop"].see_also) == ("Fire, small", "Jump")
    assert (found["low"].see_category, found["high"].see_category) == ("H90", "H93.3")


@pytest.mark.parametrize(
    ("name", "heads", "columns"),
    [
        (
            DRUGS,
            DRUG_HEADS,
            [
                *("poisoning_accidental", "poisoning_self_harm", "poisoning_assault", "poisoning_undetermined"),
                *("adverse_effect", "underdosing"),
            ],
        ),
        (
            NEOPLASMS,
            NEOPLASM_HEADS,
            ["malignant_primary", "malignant_secondary", "in_situ", "benign", "uncertain", "unspecified"],
        ),
    ],
)
def test_each_column_of_a_table_has_its_code(tmp_path, name, heads, columns):
    filed = cells("T51.0X1", "T51.0X2", "T51.0X3", "T51.0X4", "T51.0X5", "T51.0X6")
    term_row, *codes = rows(tmp_path, book(main("Herb", filed), heads), name)
    assert term_row.title == "Herb"
    assert [(code.column, code.position, code.code) for code in codes] == [
        (column, number, f"T510X{number - 1}") for number, column in enumerate(columns, 2)
    ]


def test_cells_without_a_code_are_no_rows(tmp_path):
    content = main("Herb", cells("T51.0X1", "--", "-", "", "T51.0X5", "-") + sub(1, "dry", "<see>Herb</see>"))
    found = rows(tmp_path, book(content, DRUG_HEADS), DRUGS)
    assert [row.column for row in found if isinstance(row, IndexCode)] == ["poisoning_accidental", "adverse_effect"]
    assert [row.title for row in found if isinstance(row, IndexTerm)] == ["Herb", "dry"]


GOOD = "".join(main(f"Good {number}", "<code>M99</code>") for number in range(5))


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (main("Heat", "<code>heat</code>"), "'heat' is no ICD-10-CM code"),
        (main("Heat", "<code>M99.12345</code>"), "'M99.12345' is no ICD-10-CM code"),
        (main("Heat", "<code>M99</code><code>M98</code>"), "a second code for one term"),
        (main("Heat", "<manif>a sort of heat</manif>"), "so there is no manifestation here"),
        (main("Heat", '<cell col="2">M99</cell>'), "a cell in column '2', which has no heading"),
        (main(" "), "a term without a title"),
        ("<mainTerm><code>M99</code></mainTerm>", "a term without a title"),
        (main("", sub(1, "one", sub(2, "two"))), "left out with the 2 terms below it"),
    ],
)
def test_what_cannot_be_right_is_rejected_with_its_line(tmp_path, content, reason):
    found = rows(tmp_path, book(GOOD + content))
    (rejected,) = [row for row in found if isinstance(row, Rejected)]
    assert (rejected.line, reason in rejected.reason) == (9, True), rejected


@pytest.mark.parametrize(
    ("cell", "reason"),
    [
        ('<cell col="8">T51</cell>', "a cell in column '8', which has no heading"),
        ('<cell col="1">T51</cell>', "a cell in column '1', which has no heading"),
        ('<cell col="²">T51</cell>', "which has no heading"),
        ("<cell>T51</cell>", "which has no heading"),
        ("<code>T51</code>", "a code outside of the columns"),
        ('<cell col="2">T52</cell>', "a second code in column 2"),
    ],
)
def test_what_stands_outside_of_the_columns_is_rejected(tmp_path, cell, reason):
    found = rows(tmp_path, book(main("Herb", cells("T51") + cell), DRUG_HEADS), DRUGS)
    (rejected,) = [row for row in found if isinstance(row, Rejected)]
    assert reason in rejected.reason
    assert [row.code for row in found if isinstance(row, IndexCode)] == ["T51"]


def test_terms_of_more_than_nine_levels_are_rejected(tmp_path):
    nested = ""
    for level in range(11, 0, -1):
        nested = sub(level, f"level {level}", nested)
    found = rows(tmp_path, book(main("Heat", nested)))
    (rejected,) = [row for row in found if isinstance(row, Rejected)]
    assert "'level 10' stands more than 9 levels below its main term; left out with the 1 terms below it" in str(
        rejected
    )
    assert len(found) == 11


@pytest.mark.parametrize(
    ("name", "heads", "reason"),
    [
        (DRUGS, (), "no indexHeading before the first term"),
        (DRUGS, NEOPLASM_HEADS, "the columns are not those of the icd10cm_drugs"),
        (DRUGS, DRUG_HEADS[:-1], "the columns are not those of"),
        (NEOPLASMS, DRUG_HEADS, "the columns are not those of the icd10cm_neoplasms"),
        (NAME, DRUG_HEADS, "the columns are not those of the icd10cm_index"),
        (EXTERNAL, DRUG_HEADS, "the columns are not those of the icd10cm_external_causes"),
    ],
)
def test_other_columns_than_the_names_are_refused(tmp_path, name, heads, reason):
    with pytest.raises(FileError, match=reason):
        rows(tmp_path, book(main("Herb", cells("T51")), heads), name)


def test_more_rejected_than_plausible_is_refused(tmp_path):
    with pytest.raises(FileError, match="rows rejected up to here"):
        rows(tmp_path, book(GOOD + main("Heat", "<code>no</code>") * 60))
    with pytest.raises(FileError, match="no row after the header"):
        rows(tmp_path, book(""))


def test_memory_stays_bounded_term_by_term(tmp_path):
    """Terms are let go of as they have been read: the letter holds nothing of the one before."""
    many = "".join(main(f"Heat {number}", sub(1, "joint", "<code>M99</code>")) for number in range(3_000))
    assert sum(isinstance(row, IndexTerm) for row in rows(tmp_path, book(many))) == 6_000


@pytest.mark.parametrize(
    "doctype",
    [
        '<!DOCTYPE ICD10CM.index [<!ENTITY l0 "ha"><!ENTITY l11 "&l0;&l0;">]>',
        '<!DOCTYPE ICD10CM.index [<!ENTITY l11 SYSTEM "file:///etc/hostname">]>',
        "<!DOCTYPE ICD10CM.index>",
    ],
)
def test_hostile_xml_is_refused(tmp_path, doctype):
    with pytest.raises(FileError):
        rows(tmp_path, book(main("&l11;" if "ENTITY" in doctype else "Heat"), before=doctype))


@pytest.mark.parametrize(
    "change",
    [
        lambda content: content[: content.index(b"Hop")],
        lambda content: content.replace(b"</term>", b"", 1),
        lambda content: content.replace(b"Hop", "Höp".encode("latin-1")),
        lambda content: content + b"<more/>",
    ],
    ids=["truncated", "not closed", "Latin-1 that says it is UTF-8", "something after the end"],
)
def test_xml_that_is_not_well_formed_is_refused(tmp_path, change):
    content = book(main("Heat", sub(1, "joint")) + main("Hop")).encode()
    with pytest.raises(FileError, match="not well-formed XML"):
        rows(tmp_path, change(content))


def test_nesting_without_end_is_refused(tmp_path):
    with pytest.raises(FileError, match="not well-formed"):
        rows(tmp_path, book(main("Heat", "<term>" * 50_000)))


def test_another_root_is_refused(tmp_path):
    with pytest.raises(FileError, match="the root element is not"):
        rows(tmp_path, "<ICD10CM.tabular><version>2026</version></ICD10CM.tabular>")


@pytest.mark.parametrize(
    ("name", "data_set", "cut"),
    [
        (NAME, DataSet.ICD10CM_INDEX, False),
        ("icd10cm_index_2026.xml", DataSet.ICD10CM_INDEX, False),
        ("ICD10CM_INDEX_2026.XML", DataSet.ICD10CM_INDEX, False),
        ("icd10cm_index_2026.head400.xml.txt", DataSet.ICD10CM_INDEX, True),
        (EXTERNAL, DataSet.ICD10CM_EXTERNAL_CAUSES, False),
        ("icd10cm_eindex_2026.xml", DataSet.ICD10CM_EXTERNAL_CAUSES, False),
        ("icd10cm-drug-April-1-2026-XML.xml", DataSet.ICD10CM_DRUGS, False),
        ("icd10cm_neoplasm_2026.excerpt.xml", DataSet.ICD10CM_NEOPLASMS, True),
    ],
)
def test_recognised_by_name_and_root(tmp_path, name, data_set, cut):
    importer, recognised = recognise(source(tmp_path, book(GOOD), name)) or pytest.fail("not recognised")
    assert importer is icd10cm_indexes.IMPORTER
    assert recognised.edition == fiscal_year(data_set, 2026)
    assert recognised.cut is cut


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("icd10cm-tabular-April-1-2026.xml", book(GOOD)),
        ("icd10pcs_index_2026.xml", book(GOOD)),
        ("icd10cm_index_2026.pairs.csv", book(GOOD)),
        (NAME, book(GOOD).replace("ICD10CM.index", "ICD10CM.tabular")),
        (NAME, book(GOOD, version="")),
        (NAME, book(GOOD).replace("<ICD10CM.index>", '<ICD10CM.index isAddenda="true">')),
        (NAME, "not xml at all"),
        (NAME, book(GOOD).encode("utf-16")),
    ],
)
def test_not_recognised(tmp_path, name, content):
    assert recognise(source(tmp_path, content, name)) is None


def test_a_packed_index_is_the_same_index(tmp_path):
    content = book(main("Heat", sub(1, "joint", "<code>M99</code>"))).encode()
    plain = rows(tmp_path, content)
    (tmp_path / f"{NAME}.gz").write_bytes(gzip.compress(content))
    with zipfile.ZipFile(tmp_path / "table-index.zip", "w") as archive:
        archive.writestr(f"Table and Index/{NAME}", content)
    for packed in ("table-index.zip", f"{NAME}.gz"):
        (file,) = source_files(tmp_path / packed)
        assert list(icd10cm_indexes.rows(file)) == plain


def test_a_truncated_download_is_refused(tmp_path):
    (tmp_path / f"{NAME}.gz").write_bytes(gzip.compress(book(GOOD * 50).encode())[:-40])
    (file,) = source_files(tmp_path / f"{NAME}.gz")
    with pytest.raises(FileError, match="truncated"):
        list(icd10cm_indexes.rows(file))


# The official files, as far as the folder has them: of the two indexes those terms that its ORIGIN.md counts.
OFFICIAL = [
    # beginning of the name, terms with a code, terms, codes, rejected rows
    ("icd10cm_index_2017.", 29_558, 51_835, 29_558, 0),
    ("icd10cm-eindex-April-1-2026.", 3_319, 5_377, 3_319, 0),
    ("icd10cm-drug-April-1-2026", 7_204, 7_430, 40_036, 0),
    ("icd10cm-neoplasm-April-1-2026", 1_822, 1_940, 9_020, 1),
]


@pytest.mark.parametrize(("beginning", "coded", "terms", "codes", "rejected"), OFFICIAL)
def test_the_official_files_row_by_row(official_data, has_official_data, beginning, coded, terms, codes, rejected):
    if not has_official_data:
        return
    files = [file for file in official(official_data, beginning) if file.name.endswith(".xml")]
    found = read(icd10cm_indexes.IMPORTER, files[0])
    named = [row for row in found.rows if isinstance(row, IndexCode)]
    with_code = {row.term for row in named}
    assert (len(found.rows) - len(named), len(named), len(found.rejected)) == (terms, codes, rejected), found.rejected
    assert len(with_code) == coded
    numbers = [row.number for row in found.rows if isinstance(row, IndexTerm)]
    assert numbers == list(range(1, terms + 1))
