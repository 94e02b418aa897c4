"""The ICD-10-CM tabular list: codes, groups, notes of every kind, seventh characters, and files that are refused."""

from __future__ import annotations

import gzip
import unicodedata
from html import unescape
from pathlib import Path

import pytest

from services.catalog.domain.editions import DataSet, fiscal_year
from services.catalog.domain.rows import OrderCode, TabularCode, TabularGroup, TabularNote
from services.catalog.importers import icd10cm_order, icd10cm_tabular
from services.catalog.importers.base import FileError, Rejected
from services.catalog.importers.files import SourceFile, source_files
from services.catalog.importers.registry import discover, recognise

NAME = "icd10cm-tabular-April-1-2026.xml"


def tabular(chapters: str, version: str = "<version>2026</version>", before: str = "") -> str:
    return f'<?xml version="1.0" encoding="utf-8"?>\n{before}<ICD10CM.tabular>{version}\n{chapters}</ICD10CM.tabular>\n'


def section(content: str, block: str = "S70-S79", notes: str = "") -> str:
    """A chapter of one block; its first diag stands on line 6 of the file."""
    return (
        f"<chapter><name>19</name><desc>Injury (S00-T88)</desc>\n"
        f'<section id="{block}">\n<desc>Block ({block})</desc>{notes}\n{content}</section></chapter>'
    )


def source(folder: Path, content: str | bytes, name: str = NAME) -> SourceFile:
    (folder / name).write_bytes(content.encode() if isinstance(content, str) else content)
    (file,) = source_files(folder / name)
    return file


def rows(folder: Path, content: str | bytes) -> list:
    return list(icd10cm_tabular.rows(source(folder, content)))


def codes(found: list) -> dict[str, TabularCode]:
    return {row.code: row for row in found if isinstance(row, TabularCode)}


def diag(name: str, desc: str, inside: str = "") -> str:
    return f"<diag><name>{name}</name><desc>{desc}</desc>{inside}</diag>\n"


ENCOUNTERS = """<sevenChrDef><extension char="A">first visit</extension><extension char="S">late effect</extension>
</sevenChrDef>"""


def test_codes_parents_leaves_and_lines(tmp_path):
    found = rows(tmp_path, tabular(section(diag("S73", "Hip", "\n" + diag("S73.0", "Hip out")) + diag("S74", "Nerve"))))
    assert found == [
        TabularCode("S73", "Hip", "S70-S79", "19", 0, 6),
        TabularCode("S730", "Hip out", "S73", "19", 1, 7),
        TabularCode("S74", "Nerve", "S70-S79", "19", 1, 9),
        TabularGroup("S70-S79", "Block (S70-S79)", "19", 5),
        TabularGroup("19", "Injury (S00-T88)", "", 3),
    ]


KINDS = [
    ("includes", "includes"),
    ("inclusionTerm", "inclusion_term"),
    ("excludes1", "excludes1"),
    ("excludes2", "excludes2"),
    ("codeFirst", "code_first"),
    ("useAdditionalCode", "use_additional"),
    ("codeAlso", "code_also"),
    ("notes", "note"),
    ("sevenChrNote", "seventh_character"),
]


@pytest.mark.parametrize(("tag", "kind"), KINDS)
def test_notes_of_each_kind_at_chapter_block_and_code(tmp_path, tag, kind):
    def notes(where: str) -> str:
        return f"<{tag}><note>one {where}</note>\n<note>two {where}</note><note> </note></{tag}>"

    content = section(diag("S73", "Hip", notes("code")), notes=notes("block"))
    content = content.replace("<section", notes("chapter") + "<section")
    found = [row for row in rows(tmp_path, tabular(content)) if isinstance(row, TabularNote)]
    for owner, where in (("S73", "code"), ("S70-S79", "block"), ("19", "chapter")):
        of_owner = [row for row in found if row.owner == owner]
        assert [(row.kind, row.position, row.text) for row in of_owner] == [
            (kind, 1, f"one {where}"),
            (kind, 2, f"two {where}"),
        ]
        assert of_owner[1].line == of_owner[0].line + 1
    assert len(found) == 6


def test_notes_keep_the_order_of_the_file(tmp_path):
    inside = """<excludes1><note>a</note></excludes1><includes><note>b</note></includes>
        <sevenChrDef><extension char="A">first</extension><note>\tfirst NOS</note>
        <extension char="D">later</extension></sevenChrDef>"""
    found = [
        row for row in rows(tmp_path, tabular(section(diag("S73", "Hip", inside)))) if isinstance(row, TabularNote)
    ]
    assert [(row.position, row.kind, row.text) for row in found] == [
        (1, "excludes1", "a"),
        (2, "includes", "b"),
        (3, "seventh_character", "A - first"),
        (4, "seventh_character", "first NOS"),
        (5, "seventh_character", "D - later"),
    ]


def test_the_table_of_visual_impairment_becomes_notes(tmp_path):
    def limits(high: str, low: str = "") -> str:
        return f"<visRange><visMax>{high}</visMax>" + (f"<visMin>{low}</visMin>" if low else "") + "</visRange>"

    heading, value = "<heading>{}</heading>".format, "<value>{}</value>".format
    table = f"""<visualImpairment>
        <visCategory>{heading("Level")}{limits(heading("Less than:"), heading("At least:"))}</visCategory>
        <visCategory>{value(1)}{limits(value("6/18"), value("6/60"))}{limits(value("0.3"), value("0.1"))}</visCategory>
        <visCategory>{value(4)}{limits(value("1/60"), value("Light"))}{limits(value("0.02"))}</visCategory>
        <visCategory>{value(5)}{limits(value("No light"))}</visCategory></visualImpairment>"""
    found = rows(tmp_path, tabular(section(diag("H54", "Blindness", table), "H53-H54")))
    assert [(row.kind, row.text) for row in found if isinstance(row, TabularNote)] == [
        ("note", "Level 1: less than 6/18, 0.3; at least 6/60, 0.1"),
        ("note", "Level 4: less than 1/60, 0.02; at least Light"),
        ("note", "Level 5: No light"),
    ]


def test_seventh_characters_fill_up_with_the_placeholder(tmp_path):
    below = diag("S73.0", "Out", diag("S73.00", "Out, any side", diag("S73.005", "Out, left")) + diag("S73.01", "Back"))
    found = codes(
        rows(
            tmp_path, tabular(section(diag("S73", "Hip", ENCOUNTERS + "\n" + below) + diag("T07", "Many", ENCOUNTERS)))
        )
    )
    assert set(found) == {
        *("S73", "S730", "S7300", "S73005", "S73005A", "S73005S", "S7301", "S7301XA", "S7301XS"),
        *("T07", "T07XXXA", "T07XXXS"),
    }
    assert found["S73005A"] == TabularCode("S73005A", "Out, left, first visit", "S73005", "19", 1, found["S73005"].line)
    assert found["S7301XS"].title == "Back, late effect"
    assert found["T07XXXA"].parent == "T07"
    assert [code for code, row in found.items() if row.leaf] == [code for code in found if len(code) == 7]


def test_the_nearest_definition_of_seventh_characters_holds(tmp_path):
    own = '<sevenChrDef><extension char="1">right</extension></sevenChrDef>'
    below = diag("S73.0", "Out", own) + diag("S73.1", "Sprain")
    found = codes(rows(tmp_path, tabular(section(diag("S73", "Hip", ENCOUNTERS + below)))))
    assert [code for code, row in found.items() if row.leaf] == ["S730XX1", "S731XXA", "S731XXS"]


def test_a_definition_may_stand_after_what_it_is_for_and_above_the_category(tmp_path):
    found = codes(rows(tmp_path, tabular(section(diag("S73", "Hip", diag("S73.0", "Out") + ENCOUNTERS)))))
    assert {"S730XXA", "S730XXS"} <= set(found)
    found = codes(rows(tmp_path, tabular(section(diag("S73", "Hip"), notes=ENCOUNTERS))))
    assert {"S73XXXA", "S73XXXS"} <= set(found)


def test_a_code_that_is_listed_whole_is_not_expanded(tmp_path):
    deep = diag("S73.0", "Out", diag("S73.00", "Out", diag("S73.005", "Out", diag("S73.005A", "Out, first"))))
    found = codes(rows(tmp_path, tabular(section(diag("S73", "Hip", ENCOUNTERS + deep)))))
    assert [code for code, row in found.items() if row.leaf] == ["S73005A"]


def head_injury(note: str) -> str:
    sixth = "".join(diag(f"S06.1X{character}", f"Head {character}") for character in "178")
    skull = diag("S06.A", "Pressed", diag("S06.A1", "Pressed"))
    return diag("S06", "Head", f"{ENCOUNTERS}<notes><note>{note}</note></notes>{diag('S06.1', 'Head', sixth)}{skull}")


@pytest.mark.parametrize(
    "note",
    [
        "7th characters D and S do not apply to codes in category S06 with 6th character 7 - died so, or 8 - died so.",
        "7th character S does not apply to codes in subcategory S06.1- with 6th character 7 or 8.",
    ],
)
def test_a_note_narrows_the_seventh_characters(tmp_path, note):
    found = codes(rows(tmp_path, tabular(section(head_injury(note), "S00-S09"))))
    assert [code for code, row in found.items() if row.leaf] == [
        *("S061X1A", "S061X1S", "S061X7A", "S061X8A", "S06A1XA", "S06A1XS"),
    ]


def test_a_narrowing_note_that_is_not_understood_is_reported(tmp_path):
    note = "7th character D does not apply on rainy days"
    found = rows(tmp_path, tabular(section(head_injury(note), "S00-S09")))
    (rejected,) = (row for row in found if isinstance(row, Rejected))
    assert note in rejected.reason
    assert "S061X7S" in codes(found)


def test_blocks_in_blocks_and_blocks_of_one_category(tmp_path):
    blocks = "".join(
        f'<section id="{block}"><desc>{block}</desc>{inside}</section>\n'
        for block, inside in [
            ("C00-C96", ""),
            ("C00-C75", "<includes><note>any</note></includes>"),
            ("C00-C14", diag("C00", "Lip")),
            ("C7A", diag("C7A", "Other", diag("C7A.0", "Other one"))),
            ("D00-D09", diag("D00", "In place")),
        ]
    )
    found = rows(tmp_path, tabular(f"<chapter><name>2</name><desc>New growths</desc>{blocks}</chapter>"))
    groups = {row.group_id: row.parent for row in found if isinstance(row, TabularGroup)}
    assert groups == {
        "C00-C96": "2", "C00-C75": "C00-C96", "C00-C14": "C00-C75", "C7A-C7A": "C00-C96", "D00-D09": "2", "2": ""
    }  # fmt: skip
    assert {code: row.parent for code, row in codes(found).items()} == {
        "C00": "C00-C14", "C7A": "C7A-C7A", "C7A0": "C7A", "D00": "D00-D09"
    }  # fmt: skip
    assert [row.owner for row in found if isinstance(row, TabularNote)] == ["C00-C75"]


def test_markup_in_descriptions_and_notes_stays_text(tmp_path):
    script = "&lt;script&gt;alert('a &amp; b')&lt;/script&gt;"
    note = f"<includes><note>{script} <new>more</new>\n   text<!-- x --></note>and a tail</includes>"
    found = rows(tmp_path, tabular(section(diag("S73", "Hip &lt;b&gt;out&lt;/b&gt; <![CDATA[<i>]]>", note))))
    assert codes(found)["S73"].title == "Hip <b>out</b> <i>"
    assert [row.text for row in found if isinstance(row, TabularNote)] == ["<script>alert('a & b')</script> more text"]


@pytest.mark.parametrize(
    ("wrong", "reason"),
    [
        (diag("", "Nameless"), "an entry without a code"),
        ("<diag><desc>Nameless</desc></diag>", "an entry without a code"),
        (diag("S7", "Short"), "'S7' is no ICD-10-CM code"),
        (diag("S73.12345", "Long"), "'S73.12345' is no ICD-10-CM code"),
        (diag("s73", "Small"), "'s73' is no ICD-10-CM code"),
        (diag("S75", ""), "S75 has no description"),
        (diag("S75", " "), "S75 has no description"),
        (diag("S74", "Again"), "a second row for S74; the first is on line 6"),
        (diag("S75", "Vessel", '<sevenChrDef><extension char="AB">x</extension></sevenChrDef>'), "'AB' is no seventh"),
        (diag("S75", "Vessel", "<sevenChrDef><extension>x</extension></sevenChrDef>"), "'' is no seventh"),
        (diag("S75", "Vessel", '<sevenChrDef><extension char="A"/></sevenChrDef>'), "character A without a meaning"),
        (diag("S75", "Vessel", ENCOUNTERS.replace('"S"', '"A"')), "character A defined twice"),
    ],
)
def test_an_entry_that_is_no_code_is_left_out_with_line_and_reason(tmp_path, wrong, reason):
    found = rows(tmp_path, tabular(section(diag("S74", "Nerve") + wrong)))
    (rejected,) = (row for row in found if isinstance(row, Rejected))
    assert rejected.line >= 7
    assert reason in rejected.reason
    assert "S74" in codes(found)


def test_what_stands_below_an_entry_that_is_left_out_is_counted(tmp_path):
    misplaced = diag("S73.0", "Out", diag("S75.1", "Elsewhere", diag("S75.11", "Deeper")) + diag("S73.01", "Back"))
    found = rows(tmp_path, tabular(section(diag("S73", "Hip", misplaced))))
    assert [row for row in found if isinstance(row, Rejected)] == [
        Rejected(6, "S75.1 stands below S730; left out with the 1 entries below it")
    ]
    assert set(codes(found)) == {"S73", "S730", "S7301"}


def test_a_list_of_rubbish_is_refused(tmp_path):
    with pytest.raises(FileError, match="rejected"):
        rows(tmp_path, tabular(section(diag("S73", "Hip") + diag("nothing", "at all") * 200)))
    with pytest.raises(FileError):
        rows(tmp_path, tabular(""))


@pytest.mark.parametrize("number", ["", "XIX", "19<b/>a"])
def test_a_chapter_without_a_number_is_refused(tmp_path, number):
    content = tabular(section(diag("S73", "Hip"))).replace("<name>19</name>", f"<name>{number}</name>")
    with pytest.raises(FileError, match="a chapter with the number") as raised:
        rows(tmp_path, content)
    assert raised.value.line == 3


LAUGHS = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 12))


@pytest.mark.parametrize(
    "doctype",
    [
        f'<!DOCTYPE ICD10CM.tabular [<!ENTITY l0 "ha">{LAUGHS}]>',
        '<!DOCTYPE ICD10CM.tabular [<!ENTITY l11 SYSTEM "file:///etc/passwd">]>',
        '<!DOCTYPE ICD10CM.tabular SYSTEM "file:///etc/passwd">',
        "<!DOCTYPE ICD10CM.tabular>",
    ],
)
@pytest.mark.parametrize("attribute", ["", ' note="&l11;"'])
def test_hostile_xml_is_refused(tmp_path, doctype, attribute):
    reference = "&l11;" if "ENTITY" in doctype else ""
    content = section(diag("S73", f"Hip {reference}")).replace("<chapter>", f"<chapter{attribute}>")
    with pytest.raises(FileError):
        rows(tmp_path, tabular(content, before=doctype))


def test_nesting_without_end_is_refused(tmp_path):
    with pytest.raises(FileError, match="not well-formed"):
        rows(tmp_path, tabular(section("<diag>" * 50_000)))


@pytest.mark.parametrize(
    ("change", "line"),
    [
        (lambda content: content[: content.index(b"S74")], 7),
        (lambda content: content.replace(b"</diag>", b"", 1), 9),
        (lambda content: content.replace(b"Nerve", "Nérve".encode("latin-1")), 7),
        (lambda content: content + b"<more/>", 10),
    ],
    ids=["truncated", "not closed", "Latin-1 that says it is UTF-8", "something after the end"],
)
def test_xml_that_is_not_well_formed_is_refused_with_its_line(tmp_path, change, line):
    content = tabular(section(diag("S73", "Hip") + diag("S74", "Nerve") + "\n")).encode()
    with pytest.raises(FileError, match="not well-formed XML") as raised:
        rows(tmp_path, change(content))
    assert abs(raised.value.line - line) <= 1


def test_another_root_is_refused(tmp_path):
    with pytest.raises(FileError, match="the root element is not"):
        rows(tmp_path, "<ICD10CM.index><version>2026</version></ICD10CM.index>")
    with pytest.raises(FileError, match="the root element is not"):
        rows(tmp_path, f"<x>{tabular(section(diag('S73', 'Hip'))).splitlines()[1]}</ICD10CM.tabular></x>")


@pytest.mark.parametrize(
    ("name", "cut"),
    [
        ("icd10c-tabular-April-1-2026.xml", False),
        ("icd10cm-tabular-April-1-2026.xml", False),
        ("icd10cm-tabular-2026.xml", False),
        ("icd10cm_tabular_2026.xml", False),
        ("ICD10CM_TABULAR_2026.XML", False),
        ("icd10cm_tabular_2026.excerpt.xml", True),
        ("icd10c-tabular-April-1-2026.head900.xml.txt", True),
    ],
)
def test_recognised_by_name_and_root(tmp_path, name, cut):
    file = source(tmp_path, tabular(""), name)
    importer, recognised = recognise(file) or pytest.fail("not recognised")
    assert importer is icd10cm_tabular.IMPORTER
    assert recognised.edition == fiscal_year(DataSet.ICD10CM, 2026)
    assert (recognised.part, recognised.parts, recognised.cut) == ("tabular", ("tabular",), cut)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("icd10cm-index-April-1-2026.xml", tabular("")),
        ("icd10pcs_tabular_2026.xml", tabular("")),
        (NAME, tabular("").replace("tabular", "index")),
        (NAME, tabular("", version="")),
        (NAME, tabular("").replace("<ICD10CM.tabular>", '<ICD10CM.tabular isAddenda="true">')),
        (NAME, "not xml at all"),
        (NAME, tabular("").encode("utf-16")),
    ],
)
def test_not_recognised(tmp_path, name, content):
    assert recognise(source(tmp_path, content, name)) is None


# The whole list, as the installed package simple-icd-10-cm carries it.


@pytest.fixture(scope="module")
def whole() -> list:
    root = icd10cm_tabular.bundled_icd10cm_root()
    known = [(file, found) for file in discover([root]) if (found := recognise(file))]
    ((file, (importer, recognised)),) = known
    assert recognised.edition.name == "FY2026"
    found = list(importer.rows(file))
    assert len(found) >= recognised.floor
    return found


def test_the_whole_list_is_complete_and_consistent(whole):
    found = codes(whole)
    groups = {row.group_id for row in whole if isinstance(row, TabularGroup)}
    assert not [row for row in whole if isinstance(row, Rejected)]
    assert len(found) == 98_186
    assert sum(row.leaf for row in found.values()) == 74_719
    assert len(groups) == 22 + 297
    assert not groups & set(found)
    assert all(row.parent in found or row.parent in groups for row in found.values())
    assert {row.parent for row in found.values()} & set(found) == {code for code, row in found.items() if not row.leaf}
    assert all(row.owner in found or row.owner in groups for row in whole if isinstance(row, TabularNote))


def test_lines_of_the_whole_list_are_those_of_the_file(whole):
    (path,) = icd10cm_tabular.bundled_icd10cm_root().path.glob("*tabular*.xml")
    lines = path.read_text(encoding="utf-8").splitlines()
    found = codes(whole)
    for code, shown in (("A00", "A00"), ("S73005A", "S73.005"), ("T07XXXS", "T07"), ("Z9989", "Z99.89")):
        assert f"<name>{shown}</name>" in lines[found[code].line - 1]
    notes = [row for row in whole if isinstance(row, TabularNote) and "visCategory" not in lines[row.line - 1]]
    assert len(notes) == 26_960
    assert all(row.text.split()[-1] in unescape(lines[row.line - 1]) for row in notes)


def test_the_whole_list_has_no_d_or_s_where_a_head_injury_was_fatal(whole):
    fatal = [code for code in codes(whole) if code[:3] == "S06" and len(code) == 7 and code[5] in "78"]
    assert fatal
    assert {code[6] for code in fatal} == {"A"}


def without_accents(title: str) -> str:
    """As the order file writes titles."""
    return "".join(letter for letter in unicodedata.normalize("NFKD", title) if not unicodedata.combining(letter))


def test_the_whole_list_has_the_codes_of_the_order_file(whole, official_data, has_official_data):
    """The order file of the official downloads; without them, the plain list of codes beside the tabular list."""
    found = codes(whole)
    if has_official_data:
        orders = [file for file in official_data.rglob("icd10cm?order?2026.txt*") if "head" not in file.name]
        (file,) = source_files(orders[0])
        order = {row.code: row for row in icd10cm_order.rows(file) if isinstance(row, OrderCode)}
        assert set(found) == set(order)
        assert {code for code, row in found.items() if row.leaf} == {code for code, row in order.items() if row.valid}
        different = [code for code in order if without_accents(found[code].title) != order[code].long_title]
        assert different == []
    else:
        print("MEDCODES_TEST_DATA is not set: compared with the list of codes in simple-icd-10-cm")
        (path,) = icd10cm_tabular.bundled_icd10cm_root().path.glob("code-list*.txt")
        assert set(found) <= set(path.read_text(encoding="utf-8").split())


def test_the_bundled_list_is_found_without_importing_its_package():
    root = icd10cm_tabular.bundled_icd10cm_root()
    names = {file.name for file in discover([root])}
    assert {"icd10c-tabular-April-1-2026.xml", "code-list-April-2026.txt"} == names


def test_a_packed_list_is_the_same_list(tmp_path):
    content = tabular(section(diag("S73", "Hip", ENCOUNTERS))).encode()
    plain = rows(tmp_path, content)
    (tmp_path / f"{NAME}.gz").write_bytes(gzip.compress(content))
    (packed,) = source_files(tmp_path / f"{NAME}.gz")
    assert list(icd10cm_tabular.rows(packed)) == plain
