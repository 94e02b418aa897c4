"""The page that turns a note into codes, in a browser: with and without JavaScript, by keyboard, on any width."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.e2e.test_browser import SCRIPTS, WINDOWS
from tests.e2e.test_browser_keyboard import enter, tab_to
from tests.e2e.test_browser_pages import MOST_SHIFT
from tests.e2e.visitors import PHONE, Visitor

NOTE = """HPI: Left hip popped out getting out of a car. Denies chest pain.
PMH: hypertension. Mother had breast cancer.
Assessment:
1. Dislocation of left hip
2. Hip pain
3. Chronic kidney disease stage 3a
4. Quibbling frobnication
Plan: return if fever recurs.
"""


def look_up(visitor: Visitor, text: str = NOTE) -> None:
    visitor.open("/lookup")
    visitor.page.get_by_label("Note", exact=True).fill(text)
    with visitor.page.expect_navigation():
        visitor.page.get_by_role("button", name="Find codes").click()


@WINDOWS
@SCRIPTS
def test_from_a_note_to_its_codes_and_to_a_code_page(open_medcodes, arrive, window, scripts):
    reader = arrive(open_medcodes, viewport=window, java_script_enabled=scripts)
    look_up(reader)
    assert reader.path == "/lookup"
    codes = reader.page.locator(".found > li")
    expect(codes.first).to_contain_text("S73.005A")
    expect(reader.page.locator(".note mark.left").nth(1)).to_have_text("chest pain")
    expect(reader.page.locator(".note mark.unknown")).to_have_text("Quibbling frobnication")
    codes.first.locator("a.quote").first.click()
    expect(reader.page.locator("mark:target")).to_have_text("Dislocation of left hip1")
    codes.first.locator(".found-head a").click()
    reader.page.wait_for_url("**/codes/icd10cm/S73005A")


def test_a_question_leads_to_the_more_specific_codes(open_medcodes, arrive):
    reader = arrive(open_medcodes)
    look_up(reader)
    reader.page.get_by_text("Which hip: right, left?").click()
    expect(reader.page.locator(".ask-more[open] a.code")).to_have_text(["M25.551", "M25.552"])


def test_the_whole_way_by_keyboard(open_medcodes, arrive):
    reader = arrive(open_medcodes)
    reader.open("/lookup")
    reader.page.get_by_label("Note", exact=True).focus()
    reader.page.keyboard.insert_text(NOTE)
    tab_to(reader, "Find codes", "BUTTON")
    enter(reader)
    first = reader.page.locator(".keep input").first
    first.focus()
    reader.page.keyboard.press("Space")
    expect(first).not_to_be_checked()
    expect(reader.page.get_by_role("button", name="Copy")).to_contain_text("of")


def test_what_is_unticked_is_neither_copied_nor_printed(open_medcodes, arrive):
    reader = arrive(open_medcodes)
    reader.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    look_up(reader)
    boxes = reader.page.locator(".keep input")
    shown = [box.get_attribute("data-code") for box in boxes.all()]
    boxes.first.uncheck()
    reader.page.get_by_role("button", name="Copy").click()
    expect(reader.page.get_by_role("button", name="Copied")).to_be_visible()
    assert reader.page.evaluate("navigator.clipboard.readText()").split() == shown[1:]
    reader.page.emulate_media(media="print")
    expect(reader.page.locator(".found > li").first).to_be_hidden()
    expect(reader.page.locator(".found > li").nth(1)).to_be_visible()


def test_the_note_is_still_there_when_it_is_refused(open_medcodes, arrive):
    reader = arrive(open_medcodes)
    reader.open("/lookup")
    reader.page.evaluate("document.querySelector('#text').required = false")
    reader.page.evaluate("document.querySelector('#text').value = 'x'.repeat(20001)")
    with reader.page.expect_response(lambda answer: answer.request.method == "POST") as answered:
        reader.page.get_by_role("button", name="Find codes").click()
    assert answered.value.status == 422
    expect(reader.page.get_by_role("alert")).to_contain_text("longer than 20000 bytes")
    assert reader.page.get_by_label("Note", exact=True).input_value() == "x" * 20_001


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("found", [False, True])
def test_the_page_is_sound_on_every_width(open_medcodes, arrive, scheme, found):
    reader = arrive(open_medcodes, viewport=PHONE, color_scheme=scheme)
    if found:
        look_up(reader)
    else:
        reader.open("/lookup")
    assert reader.layout_shift() < MOST_SHIFT
    reader.page.evaluate("document.querySelectorAll('details').forEach((each) => { each.open = true; })")
    reader.look("lookup-found" if found else "lookup", scheme)
