"""Everything by keyboard alone, and the keys that are shortcuts."""

from __future__ import annotations

from playwright.sync_api import expect

from tests.e2e.suggestions import type_on
from tests.e2e.test_browser import PAGE, SECTIONS
from tests.e2e.visitors import PHONE, Visitor

MOST_STOPS = 400

# What marks the element that has the focus: an outline, or a border that other elements have not.
_FOCUS = """() => {
  const element = document.activeElement;
  if (!element || element === document.body || element === document.documentElement) return null;
  const style = getComputedStyle(element), box = element.getBoundingClientRect();
  return {
    name: (element.innerText || element.ariaLabel || element.name || element.id || "").trim().replace(/\\s+/g, " "),
    tag: element.tagName,
    outlined: style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2,
    inside: box.width > 0 && box.height > 0 && box.bottom > 0 && box.top < innerHeight
      && box.right > 0 && box.left < innerWidth,
  };
}"""


def stops(visitor: Visitor) -> list[dict]:
    """What the focus stops at with Tab, once around the page."""
    found = []
    for _ in range(MOST_STOPS):
        visitor.page.keyboard.press("Tab")
        focus = visitor.page.evaluate(_FOCUS)
        if focus is None:
            return found
        if found and focus["tag"] == "INPUT" and found[-1]["name"] == focus["name"]:
            continue  # the parts of a date, which the browser itself marks
        found.append(focus)
    raise AssertionError(f"the focus never leaves the page: {found[-3:]}")


def tab_to(visitor: Visitor, name: str, tag: str = "A") -> None:
    """Presses Tab until the focus is on what reads `name`."""
    for _ in range(MOST_STOPS):
        visitor.page.keyboard.press("Tab")
        focus = visitor.page.evaluate(_FOCUS)
        if focus and focus["tag"] == tag and focus["name"].startswith(name):
            assert focus["outlined"], focus
            assert focus["inside"], focus
            return
    raise AssertionError(f"Tab does not lead to {name}")


def enter(visitor: Visitor) -> None:
    with visitor.page.expect_navigation():
        visitor.page.keyboard.press("Enter")


def test_a_guest_walks_with_tab_and_enter_only(medcodes, arrive):
    guest = arrive(medcodes, reduced_motion="reduce")  # at once where the focus is
    guest.open("/")
    tab_to(guest, "q", "INPUT")
    guest.page.keyboard.type("27250")
    enter(guest)
    assert guest.path == PAGE
    tab_to(guest, "27252")
    enter(guest)
    assert guest.heading.startswith("27252")
    tab_to(guest, "Register free to view 5 more")
    enter(guest)
    assert guest.path == "/register?next=/codes/cpt/27252"
    tab_to(guest, "Browse")
    enter(guest)
    tab_to(guest, "ICD-10-CM")
    enter(guest)
    tab_to(guest, "19")
    enter(guest)
    assert guest.path == "/codes/icd10cm?parent=19"


def test_the_skip_link_comes_first_and_leads_past_the_top(medcodes, arrive):
    guest = arrive(medcodes)
    guest.open("/codes")
    guest.page.keyboard.press("Tab")
    skip = guest.page.get_by_role("link", name="Skip to the content")
    expect(skip).to_be_focused()
    expect(skip).to_be_in_viewport()
    guest.page.keyboard.press("Enter")
    expect(guest.page.locator("#main")).to_be_focused()
    guest.page.keyboard.press("Tab")
    assert guest.page.evaluate("document.activeElement.closest('main') !== null")


def test_the_focus_is_always_visible_and_goes_around(open_medcodes, arrive):
    reader = arrive(open_medcodes, reduced_motion="reduce")
    reader.open(PAGE)
    found = stops(reader)
    assert [one for one in found if not one["outlined"]] == []
    assert [one for one in found if not one["inside"]] == []
    names = [one["name"] for one in found]
    assert names[0] == "Skip to the content"
    assert "Copy code" in names
    assert any(name.startswith("Show 20 more") for name in names)


def test_the_focus_is_visible_on_a_phone_too(open_medcodes, arrive):
    reader = arrive(open_medcodes, viewport=PHONE, reduced_motion="reduce")
    reader.open(PAGE)
    assert [one for one in stops(reader) if not (one["outlined"] and one["inside"])] == []


def test_digits_jump_to_the_sections(open_medcodes, arrive):
    reader = arrive(open_medcodes, reduced_motion="reduce")
    reader.open(PAGE)
    for key, title in enumerate(SECTIONS, 1):
        reader.page.keyboard.press(str(key))
        section = reader.page.get_by_role("region", name=title)
        expect(section).to_be_focused()
        expect(section.locator("h2")).to_be_in_viewport()


def test_a_slash_leads_to_the_search_box_and_is_typed_inside_it(open_medcodes, arrive):
    reader = arrive(open_medcodes)
    reader.open(PAGE)
    reader.page.keyboard.press("/")
    box = reader.page.get_by_role("combobox", name="Search codes")
    expect(box).to_be_focused()
    reader.page.keyboard.type("1/2")
    expect(box).to_have_value("1/2")


def test_escape_closes_a_source(open_medcodes, arrive):
    reader = arrive(open_medcodes)
    reader.open(PAGE)
    chip = reader.page.locator("#guidelines .src").first
    chip.locator("summary").focus()
    reader.page.keyboard.press("Enter")
    expect(chip.locator("div")).to_be_visible()
    reader.page.keyboard.press("Escape")
    expect(chip.locator("div")).to_be_hidden()


def test_the_copy_button_copies_the_code(open_medcodes, arrive):
    reader = arrive(open_medcodes, permissions=["clipboard-read", "clipboard-write"])
    reader.open("/codes/icd10cm/S73005A")
    tab_to(reader, "Copy code", "BUTTON")
    reader.page.keyboard.press("Enter")
    expect(reader.page.get_by_role("button", name="Copied")).to_be_visible()
    assert reader.page.evaluate("navigator.clipboard.readText()") == "S73.005A"


def test_suggestions_are_chosen_by_keyboard(open_medcodes, arrive):
    reader = arrive(open_medcodes)
    reader.open("/")
    reader.page.keyboard.press("/")
    box = reader.page.get_by_role("combobox", name="Search codes")
    expect(box).to_have_attribute("aria-expanded", "false")
    type_on(reader, "2725", "2725")
    options = reader.page.get_by_role("option")
    expect(box).to_have_attribute("aria-expanded", "true")
    assert all(text.startswith("2725") for text in options.all_inner_texts())

    reader.page.keyboard.press("ArrowDown")
    reader.page.keyboard.press("ArrowDown")
    expect(options.nth(1)).to_have_attribute("aria-selected", "true")
    assert box.get_attribute("aria-activedescendant") == options.nth(1).get_attribute("id")
    wanted = options.nth(1).locator(".code").inner_text()
    enter(reader)
    assert reader.path == f"/codes/cpt/{wanted}"


def test_escape_closes_the_suggestions_and_keeps_what_was_typed(open_medcodes, arrive):
    reader = arrive(open_medcodes)
    reader.open("/")
    reader.page.keyboard.press("/")
    reader.page.keyboard.type("S73.00", delay=20)
    expect(reader.page.get_by_role("option").first).to_be_visible()
    reader.page.keyboard.press("Escape")
    expect(reader.page.get_by_role("option")).to_have_count(0)
    expect(reader.page.get_by_role("combobox", name="Search codes")).to_have_value("S73.00")
