"""The main walk in a browser: a guest searches, reads one page, meets the wall, and browses."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.e2e.visitors import DESK, PHONE, Visitor, flat

PAGE = "/codes/cpt/27250"
SPENT = "0 code page views remaining. Guests may view 1 code page. Register free to view 5 more."
UNSPENT = "1 code page view remaining. Guests may view 1 code page. Register free to view 5 more."
SECTIONS = ["Guidelines", "Modifiers", "Crosswalks", "NCCI Edits", "Compliance", "Medicare Coverage"]
WINDOWS = pytest.mark.parametrize("window", [PHONE, DESK], ids=["phone", "desk"])
SCRIPTS = pytest.mark.parametrize("scripts", [True, False], ids=["with JavaScript", "without JavaScript"])


def titles(visitor: Visitor) -> list[str]:
    """The sections of a code page, without their numbers."""
    return [re.sub(r"^\d ", "", flat(one)) for one in visitor.page.locator(".section h2").all()]


@WINDOWS
@SCRIPTS
def test_a_guest_reads_one_page_and_meets_the_wall_at_the_next(medcodes, arrive, window, scripts):
    guest = arrive(medcodes, viewport=window, java_script_enabled=scripts)
    guest.open("/")
    assert flat(guest.page.locator(".meter")) == UNSPENT
    guest.search("27250")

    assert guest.path == PAGE
    assert guest.heading == "27250 Hip put back in place without anesthesia"
    assert flat(guest.page.locator("#meter")) == SPENT
    assert titles(guest) == SECTIONS
    assert guest.page.get_by_role("link", name="Register to view").count() == 6
    assert guest.page.locator(".section :is(table, .answer, .editions, .fold)").count() == 0

    guest.search("dislocated hip")
    assert guest.heading == "Results for “dislocated hip”"
    results = guest.page.locator(".results > li")
    assert results.count() == 20
    assert "hip" in flat(results.first).lower()

    guest.follow(results.first.get_by_role("link"))
    assert guest.heading.endswith("Your free code page views are used up")
    expect(guest.page.get_by_role("link", name="Register free to view 5 more")).to_be_visible()
    assert flat(guest.page.locator("#meter")) == SPENT
    assert guest.page.locator(".section, .glance, .descriptions").count() == 0

    guest.open(PAGE)
    assert flat(guest.page.locator("#meter")) == SPENT


@SCRIPTS
def test_browsing_leads_down_to_a_code_by_links(medcodes, arrive, scripts):
    guest = arrive(medcodes, java_script_enabled=scripts)
    guest.open("/")
    guest.follow(guest.page.get_by_role("link", name="Browse"))
    guest.follow(guest.page.get_by_role("link", name="ICD-10-CM"))
    for group in ("19", "S70-S79"):
        guest.follow(guest.page.get_by_role("link", name=group, exact=True))
    for code in ("S73", "S73.0", "S73.00", "S73.005"):
        row = guest.page.get_by_role("row").filter(has=guest.page.get_by_role("link", name=code, exact=True))
        guest.follow(row.get_by_role("link", name="more specific codes"))
        assert guest.heading.startswith(f"{code} ")
    assert guest.context.request.get("/api/v1/meter").json()["used"] == 0  # browsing is free

    guest.follow(guest.page.get_by_role("link", name="S73.005A", exact=True))
    assert guest.path == "/codes/icd10cm/S73005A"
    assert guest.heading == "S73.005A Unspecified dislocation of left hip, initial encounter"
    above = guest.page.get_by_role("navigation", name="Path").get_by_role("link").all_inner_texts()
    assert above == ["ICD-10-CM", "19", "S70-S79", "S73", "S73.0", "S73.00", "S73.005"]
    assert flat(guest.page.locator("#meter")) == SPENT


def test_a_range_of_codes_can_be_shown(medcodes, arrive):
    guest = arrive(medcodes)
    guest.open("/codes/cpt")
    guest.page.locator("#range").fill("27250-27254")
    guest.follow(guest.page.get_by_role("button", name="Show"))
    codes = guest.page.locator("table.list tbody th").all_inner_texts()
    assert codes == ["27250", "27252", "27253", "27254"]


def test_the_date_of_service_is_asked_for_on_the_page(open_medcodes, arrive):
    reader = arrive(open_medcodes)
    reader.open(PAGE)
    reader.page.get_by_role("textbox", name="Date of service").fill("2025-11-01")
    reader.follow(reader.page.get_by_role("button", name="Show"))
    reader.page.wait_for_url("**/27250?on=2025-11-01")
    assert "On 2025-11-01" in flat(reader.page.locator(".state"))
    assert reader.page.locator(".notice").count() == 0  # the editions of that day are not out of date on that day


@SCRIPTS
def test_an_open_page_has_all_six_sections(open_medcodes, arrive, scripts):
    reader = arrive(open_medcodes, java_script_enabled=scripts)
    reader.open(PAGE)
    assert flat(reader.page.locator("#meter")) == "Code page views are not limited on this server."
    glance = dict(
        zip(
            reader.page.locator(".glance dt").all_inner_texts(),
            reader.page.locator(".glance dd").all_inner_texts(),
            strict=True,
        )
    )
    wanted = {"Global": "000", "Bilateral": "1", "MUE": "1 a day", "RVU": "5.39"}
    assert {label: glance[label] for label in wanted} == wanted
    assert titles(reader) == SECTIONS
    assert reader.page.locator(".section .answer").count() == 6
    assert reader.page.get_by_role("link", name="Register to view").count() == 0
    assert "Out of date on this server" in flat(reader.page.locator(".notice"))

    fold = reader.page.locator("#modifiers .fold")
    expect(fold.locator("table")).to_be_hidden()
    fold.locator("summary").first.click()
    expect(fold.locator("table")).to_be_visible()

    chip = reader.page.locator("#guidelines .src").first
    chip.locator("summary").click()
    opened = flat(chip.locator("div"))
    assert "Physician Fee Schedule" in opened
    assert re.search(r"PPRRVU\S*\.csv line \d+", opened)
    expect(reader.page.get_by_role("button", name="Copy code")).to_have_count(1 if scripts else 0)


def test_a_long_section_has_a_page_of_its_own_with_a_filter(open_medcodes, arrive):
    reader = arrive(open_medcodes)
    reader.open(PAGE)
    reader.follow(reader.page.get_by_role("link", name="with a filter"))
    assert reader.heading == "Medicare Coverage of 27250"
    reader.page.get_by_label("Only entries that contain").fill("Alabama")
    reader.follow(reader.page.get_by_role("button", name="Filter"))
    assert re.match(r"\d+ entr(y contains|ies contain) “Alabama”\.", flat(reader.page.locator(".answer")))
    reader.follow(reader.page.get_by_role("link", name="Back to 27250"))
    assert reader.path == PAGE
