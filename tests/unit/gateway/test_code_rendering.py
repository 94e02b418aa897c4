"""Code pages in HTML and JSON: complete, locked where they must be, and harmless whatever the files hold."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from medcodes.catalog.v1 import catalog_pb2 as pb

from services.gateway.rendering import code_html, code_json, names, pictures, section_view
from services.gateway.rendering.splice import Gap, Marks
from services.gateway.rendering.templates import Templates, day
from services.gateway.static_files import StaticFiles
from tests.unit.gateway import sample_pages

MARKS = Marks()
TEMPLATES = Templates(StaticFiles().addresses, {"public_url": "https://codes.example.org"})
FILLED = {**dict.fromkeys(Gap, b""), Gap.METER: b"METER", Gap.ON: b"2025-11-01"}
HOSTILE = """<script>alert(1)</script>"'><img src=x onerror=alert(2)>&amp;{{ 7*7 }}{% raw %}"""


def html(page: pb.CodePage, *, locked=False, dated=False) -> str:
    spliced = code_html.page(page, locked=locked, dated=dated, marks=MARKS, templates=TEMPLATES)
    return spliced.fill(FILLED).decode()


def data(page: pb.CodePage, *, locked=False, dated=False) -> dict:
    gaps = {**FILLED, Gap.METER: b'{"used":1}'}
    return orjson.loads(code_json.page(page, locked=locked, dated=dated, marks=MARKS).fill(gaps))


class Tags(HTMLParser):
    """Every tag with its attributes; fails on one that is closed without having been opened."""

    VOID = frozenset({"meta", "link", "input", "br", "rect", "path", "circle"})

    def __init__(self, text: str):
        super().__init__()
        self.found, self.open = [], []
        self.feed(text)
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        self.found.append((tag, dict(attrs)))
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.found.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        assert self.open and self.open.pop() == tag, f"</{tag}>"


def assert_harmless(text: str):
    for tag, attributes in Tags(text).found:
        assert tag != "style"
        assert not [name for name in attributes if name.startswith("on") or name == "style"]
        if tag == "script":
            assert attributes["src"].startswith("/static/")
        for name in ("href", "src", "action"):
            assert not str(attributes.get(name, "")).lower().startswith(("javascript:", "data:", "//"))


@pytest.mark.parametrize("locked", [True, False])
@pytest.mark.parametrize("page", [sample_pages.hip_page(), sample_pages.diagnosis_page()])
def test_pages_are_well_formed_and_have_nothing_inline(page, locked):
    assert_harmless(html(page, locked=locked))


def test_a_page_shows_what_a_coder_looks_for():
    text = html(sample_pages.hip_page())
    for expected in ("3.82", "0.77", "0.80", "000", "$174.35", "Not allowed", "PPRRVU2025_Oct.csv", "line 10,921"):
        assert expected in text
    assert text.index("METER") < text.index('id="guidelines"')
    titles = re.findall(r'<h2 id="[\w-]+-title"><span[^>]*>(\d)</span> ([^<]+)</h2>', text)
    assert [title for _, title in titles] == list(names.SECTIONS.values())
    assert [number for number, _ in titles] == list("123456")


def test_outdated_editions_are_said():
    assert "Out of date on this server" in html(sample_pages.hip_page())
    assert "Physician Fee Schedule 2025-Q4 (since Jan 1, 2026)" in html(sample_pages.hip_page())
    assert "Out of date on this server" not in html(sample_pages.diagnosis_page("2025-11-01"), dated=True)


def test_long_lists_are_folded_and_all_of_it_is_there():
    text = html(sample_pages.hip_page())
    assert "Show 5 more" in text
    for code, _ in sample_pages.PTP:
        assert f">{code}</a>" in text
    assert "/codes/cpt/27250/sections/ncci_edits" in text


def test_a_locked_page_holds_nothing_of_its_sections():
    page = sample_pages.hip_page()
    text, found = html(page, locked=True), json.dumps(data(page, locked=True))
    assert text.count("Register to view") == 6
    for section in page.sections:
        assert section.summary not in text + found
        for entry in section.entries:
            if len(entry.text) > 12:
                assert entry.text not in text + found
    for protected in ("174.35", "5.39", "PPRRVU2025_Oct.csv"):
        assert protected not in text + found


def test_a_locked_section_in_json():
    section = data(sample_pages.hip_page(), locked=True)["sections"]["crosswalks"]
    assert section == {
        "access": "register",
        "state": "no_data",
        "outdated_since": None,
        "summary": None,
        "entries": [],
        "total": None,
        "next_cursor": None,
    }


def test_the_json_of_a_page():
    found = data(sample_pages.diagnosis_page("2025-11-01"), dated=True)
    assert list(found) == [
        "system", "code", "display", "status", "billable", "effective", "on", "release", "official_description",
        "common_language_description", "hierarchy", "sections", "meter",
    ]  # fmt: skip
    assert (found["display"], found["status"], found["billable"], found["on"]) == (
        "S73.005A",
        "active",
        True,
        "2025-11-01",
    )
    assert found["effective"] == {"from": "2025-10-01", "to": "2026-09-30"}
    assert list(found["sections"]) == list(names.SECTIONS)
    entry = found["sections"]["guidelines"]["entries"][0]
    assert list(entry)[:6] == ["kind", "text", "value", "from", "to", "source"]
    assert entry["kind"] == "includes"
    assert entry["source"] == {"file": "icd10cm-tabular-April-2026.xml", "edition": "ICD-10-CM FY2026", "line": 10921}
    assert found["meter"] == {"used": 1}


def test_without_a_date_on_is_null_and_billable_may_be_unknown():
    found = data(sample_pages.hip_page())
    assert found["on"] is None
    assert found["billable"] is None
    assert found["official_description"]["text"] is None
    assert "AMA" in found["official_description"]["missing"]


def hostile(page: pb.CodePage) -> pb.CodePage:
    """The page with every text replaced by markup."""

    def spoil(message):
        for field, value in message.ListFields():
            if field.type == field.TYPE_MESSAGE:
                for one in value if field.is_repeated else [value]:
                    spoil(one)
            elif field.type == field.TYPE_STRING and field.name not in ("name", "system") and not field.is_repeated:
                setattr(message, field.name, HOSTILE)

    spoil(page)
    return page


@pytest.mark.parametrize("locked", [True, False])
def test_markup_in_the_files_is_shown_and_does_nothing(locked):
    text = html(hostile(sample_pages.hip_page()), locked=locked)
    assert_harmless(text)
    assert "<script>alert" not in text
    assert "<img" not in text
    assert "&lt;script&gt;alert(1)" in text
    assert "49" not in re.findall(r"alert\(2\)&gt;&amp;amp;(\d*)", text)
    assert data(hostile(sample_pages.hip_page()), locked=locked)["display"] == HOSTILE


@settings(max_examples=30)
@given(st.text(max_size=60))
def test_no_description_breaks_the_page(text):
    page = sample_pages.diagnosis_page()
    page.official_description.text = text.encode("utf-8", "replace").decode()
    page.hierarchy.siblings[0].description = page.official_description.text
    assert_harmless(html(page))


def test_a_page_fits_into_one_round_trip_of_100_kb():
    static = sum(len(path.read_bytes()) for path in code_html_static())
    assert len(html(sample_pages.hip_page())) + static < 100_000


def code_html_static():
    from services.gateway.static_files import FOLDER

    return FOLDER.iterdir()


def test_kinds_newer_than_the_gateway_are_still_shown():
    page = sample_pages.hip_page()
    page.sections[0].entries.add(kind=9999, text="a new kind of fact", value="7")
    page.sections[0].state = 77
    assert "a new kind of fact" in html(page)
    found = data(page)["sections"]["guidelines"]
    assert found["state"] == "no_data"
    assert found["entries"][-1]["kind"] == "unspecified"


def test_every_kind_has_a_place():
    for value, name in names.KIND.items():
        view = section_view.view(
            pb.Section(name="compliance", entries=[pb.Entry(kind=value, text="t", value="1", label="l")]),
            5,
            locked=False,
        )
        assert len(view.groups) == 1, name


def test_the_picture_of_relative_values_adds_up():
    bars = pictures.rvu_bars(sample_pages.hip_page().sections)
    assert [(bar.name, bar.total) for bar in bars] == [("Non-facility", "5.39"), ("Facility", "5.39")]
    for bar in bars:
        assert sum(part.width for part in bar.parts) == pytest.approx(pictures.BAR_WIDTH, abs=0.5)


def test_no_picture_where_a_figure_is_missing():
    page = sample_pages.hip_page()
    for entry in page.sections[5].entries:
        if entry.kind == pb.ENTRY_KIND_RVU_MP:
            entry.value = "NA"
    assert pictures.rvu_bars(page.sections) == []


def test_the_place_in_the_tree():
    page = sample_pages.diagnosis_page()
    place = pictures.place(page.hierarchy, code_html.family(page), "S73005A")
    assert sum(dot.kind == "current" for dot in place.dots) == 1
    assert len(place.dots) == 9
    assert place.text == "6 levels down, one of 3 siblings"
    assert all(0 <= dot.x <= place.width and 0 <= dot.y <= place.height for dot in place.dots)
    assert pictures.place(pb.Hierarchy(), [pb.CodeRef(code="X")], "X") is None


def test_the_code_stands_among_its_siblings_whether_they_are_listed_with_it_or_not():
    page = sample_pages.hip_page()
    expected = [code for code, _ in sample_pages.FAMILY]
    assert [ref.code for ref in code_html.family(page)] == expected
    del page.hierarchy.siblings[0]
    assert [ref.code for ref in code_html.family(page)] == expected


def test_the_code_is_in_the_picture_of_a_large_family():
    family = [pb.CodeRef(code=f"{number:05}") for number in range(100)]
    for code in ("00000", "00050", "00099"):
        place = pictures.place(pb.Hierarchy(), family, code)
        assert len(place.dots) == pictures.MOST_DOTS
        assert sum(dot.kind == "current" for dot in place.dots) == 1


def test_dates_read_as_dates():
    assert day("2025-10-01") == "Oct 1, 2025"
    assert day("not stated") == "not stated"


@pytest.mark.parametrize(
    ("status", "said"),
    [
        (pb.CODE_STATUS_ACTIVE, "Header: not billable"),
        (pb.CODE_STATUS_RETIRED, "Not billable any more"),
        (pb.CODE_STATUS_FUTURE, "Not billable yet"),
    ],
)
def test_only_a_code_in_force_is_called_a_header(status, said):
    text = html(pb.CodePage(system="icd9cm", code="83500", display="835.00", status=status, billable=False))
    assert said in text
    assert ("Header" in text) == (status == pb.CODE_STATUS_ACTIVE)


def test_codes_of_the_gems_stand_in_tables_of_their_own_with_their_direction():
    other = pb.CodeRef(system="icd10cm", code="S73006A", display="S73.006A", description="Hip out", has_page=True)
    entries = [
        pb.Entry(kind=kind, text="Approximate: the two do not say exactly the same.", value="10000", related=other)
        for kind in (pb.ENTRY_KIND_EQUIVALENT_CODE, pb.ENTRY_KIND_EQUIVALENT_FROM)
    ]
    section = pb.Section(name="crosswalks", state=pb.SECTION_STATE_AVAILABLE, entries=entries, total=2)
    groups = section_view.view(section, 3, locked=False).groups
    assert [(group.heading, group.layout) for group in groups] == [
        ("Equivalent codes by the GEMs", "pairs"),
        ("Codes whose GEMs lead here", "pairs"),
    ]
