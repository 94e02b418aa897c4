"""What must be true of every kind of page, in light and dark, on a phone and on a desk.

Screenshots of all of them are left in var/screenshots, light ones of a phone and dark ones of a desk. The one in the
README, docs/images/code-page.png, is written anew only with MEDCODES_UPDATE_SCREENSHOTS=1, so that a test run changes
no file of the repository.
"""

from __future__ import annotations

import os
import shutil

import pytest
from playwright.sync_api import expect

from tests.e2e.suggestions import type_on
from tests.e2e.test_browser import PAGE
from tests.e2e.visitors import NARROWEST, PHONE, Visitor
from tests.machine import ROOT

README_IMAGE = ROOT / "docs" / "images" / "code-page.png"
MOST_BYTES = 100_000
MOST_SHIFT = 0.05

LOCKED = {
    "home": ("/", 200),
    "code-locked": (PAGE, 200),
    "code-locked-icd10cm": ("/codes/icd10cm/S73005A", 200),
    "wall": ("/codes/cpt/27252", 403),
    "search": ("/search?q=dislocated+hip", 200),
    "search-start": ("/search", 200),
    "search-nothing": ("/search?q=zzzqqq", 200),
    "search-no-code": ("/search?q=S73.009X&system=icd10cm", 200),
    "search-misspelt": ("/search?q=diabtes+foot+ulcer", 200),
    "search-narrowed": ("/search?q=hip+dislocation&system=icd10cm&billable=true&on=2025-11-01", 200),
    "search-some-words": ("/search?q=hip+dislocation+pink+elephant", 200),
    "systems": ("/codes", 200),
    "browse-top": ("/codes/icd10cm", 200),
    "browse": ("/codes/icd10cm?parent=S73.00", 200),
    "browse-cpt": ("/codes/cpt?parent=27000-27999", 200),
    "indexes": ("/index", 200),
    "releases": ("/releases", 200),
    "not-found": ("/codes/cpt/27251", 404),
    "privacy": ("/privacy", 200),
    "register": ("/register", 200),
    "assistant": ("/assistant?code=27250", 200),
    "problems": ("/problems", 200),
    "api": ("/api/docs", 200),
}
OPEN = {
    "code-open": (PAGE, 200),
    "code-open-visit": ("/codes/cpt/99213", 200),
    "code-open-icd10cm": ("/codes/icd10cm/S73005A", 200),
    "code-open-header": ("/codes/icd10cm/S73.0", 200),
    "code-open-hcpcs": ("/codes/hcpcs/J1885", 200),
    "section": (PAGE + "/sections/medicare_coverage", 200),
}
SCHEMES = pytest.mark.parametrize("scheme", ["light", "dark"])


@SCHEMES
@pytest.mark.parametrize("name", LOCKED)
def test_a_page_of_a_guest(medcodes, arrive, name, scheme):
    path, status = LOCKED[name]
    guest = arrive(medcodes, viewport=PHONE, color_scheme=scheme)
    if name == "wall":
        guest.spend_views()
    guest.open(path, status)
    check_page(guest, name, scheme)


@SCHEMES
@pytest.mark.parametrize("name", OPEN)
def test_a_page_of_an_open_server(open_medcodes, arrive, name, scheme):
    path, status = OPEN[name]
    reader = arrive(open_medcodes, viewport=PHONE, color_scheme=scheme)
    reader.open(path, status)
    check_page(reader, name, scheme)


def check_page(visitor: Visitor, name: str, scheme: str) -> None:
    """A first visit, on a phone; then the same page in other windows."""
    assert visitor.transferred() < MOST_BYTES
    assert visitor.layout_shift() < MOST_SHIFT
    assert visitor.page.locator("h1").count() == 1
    assert "Medcodes" in visitor.page.title()
    visitor.look(name, scheme)


@pytest.mark.parametrize("path", ["/", PAGE, "/codes/icd10cm/S73005A", "/search?q=dislocated+hip"])
def test_nothing_moves_while_a_page_loads_on_a_desk(open_medcodes, arrive, path):
    reader = arrive(open_medcodes)
    reader.open(path)
    reader.page.wait_for_load_state("networkidle")
    assert reader.layout_shift() < MOST_SHIFT


def test_what_is_folded_and_named_can_be_opened_and_is_sound(open_medcodes, arrive):
    """axe again with every fold and one source open: what is hidden at first is not looked at."""
    reader = arrive(open_medcodes)
    reader.open(PAGE)
    reader.page.evaluate("document.querySelectorAll('.fold').forEach((fold) => { fold.open = true; })")
    reader.page.locator("#modifiers .src summary").first.click()
    reader.page.keyboard.press("/")
    type_on(reader, "2725", "2725")
    assert reader.faults() == []
    reader.page.set_viewport_size(NARROWEST)
    assert reader.overflow() == 0


def test_motion_is_left_out_where_it_is_not_wanted(open_medcodes, arrive):
    for motion, behavior in (("no-preference", "smooth"), ("reduce", "auto")):
        reader = arrive(open_medcodes, reduced_motion=motion)
        reader.open(PAGE)
        assert reader.page.evaluate("getComputedStyle(document.documentElement).scrollBehavior") == behavior
        assert reader.page.evaluate("document.getAnimations().length") == 0


def test_a_printed_page_has_the_facts_and_nothing_to_click(open_medcodes, arrive):
    reader = arrive(open_medcodes)
    reader.open(PAGE)
    reader.page.emulate_media(media="print")
    for hidden in (".find", ".nav", ".index", ".copy", ".on", ".ask"):
        expect(reader.page.locator(hidden).first).to_be_hidden()
    expect(reader.page.locator("#medicare-coverage .answer")).to_be_visible()
    folded = reader.page.locator("#modifiers .fold tbody tr").last
    expect(folded).to_be_visible()
    reader.screenshot("code-open-print")
    assert len(reader.page.pdf()) > 20_000


def test_the_screenshot_of_the_readme(open_medcodes, arrive):
    """With MEDCODES_UPDATE_SCREENSHOTS=1 it becomes docs/images/code-page.png."""
    reader = arrive(open_medcodes, viewport={"width": 1280, "height": 1000})
    reader.open(PAGE)
    made = reader.screenshot("code-page", full_page=False)
    assert made.stat().st_size < 300_000
    if os.environ.get("MEDCODES_UPDATE_SCREENSHOTS") == "1":
        README_IMAGE.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(made, README_IMAGE)
