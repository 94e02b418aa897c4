"""The search box with its suggestions, and the page of results, by keyboard, mouse and finger."""

from __future__ import annotations

import re
import time
from collections.abc import Callable

import pytest
from playwright.sync_api import Locator, Route, expect

from tests.e2e.suggestions import asked, box, options, type_in, type_on
from tests.e2e.test_browser import PAGE, SCRIPTS, WINDOWS
from tests.e2e.visitors import DESK, PATIENCE_MS, PHONE, Visitor, flat

PAGES_WITH_A_BOX = ["/", "/search?q=hip", PAGE, "/codes", "/login"]
_PLACES = "Array.from(document.querySelectorAll('main *, footer *, nav a'), (one) => one.getBoundingClientRect().top)"


def until(visitor: Visitor, condition: Callable[[], bool]) -> None:
    began = time.monotonic()
    while not condition():
        assert time.monotonic() - began < PATIENCE_MS / 1000
        visitor.page.wait_for_timeout(20)


class Held:
    """Holds the answers to one text back until they are let go."""

    def __init__(self, visitor: Visitor, text: str) -> None:
        self._routes: list[Route] = []
        self._text = text
        visitor.page.route("**/api/v1/suggest?*", self._on_route)

    def _on_route(self, route: Route) -> None:
        if asked(route.request.url) == self._text:
            self._routes.append(route)
        else:
            route.continue_()

    def wait(self, visitor: Visitor) -> None:
        until(visitor, lambda: bool(self._routes))

    def let_go(self) -> None:
        for route in self._routes:
            route.continue_()


@pytest.mark.parametrize("path", PAGES_WITH_A_BOX)
def test_every_page_has_a_box_that_completes(open_medcodes, arrive, path):
    reader = arrive(open_medcodes)
    reader.open(path)
    box(reader).fill("")
    type_in(reader, "27")
    assert all(text.startswith("27") for text in options(reader).all_inner_texts())


def test_one_letter_asks_for_nothing(open_medcodes, arrive):
    reader = arrive(open_medcodes)
    reader.open("/")
    box(reader).click()
    reader.page.keyboard.type("h")
    reader.page.wait_for_timeout(400)
    assert not [one for one in reader.requests if asked(one.url)]
    expect(box(reader)).to_have_attribute("aria-expanded", "false")


def test_the_keys_of_a_combobox(open_medcodes, arrive):
    reader = arrive(open_medcodes)
    reader.open("/")
    type_in(reader, "2725")
    press, last = reader.page.keyboard.press, options(reader).count() - 1
    for key, chosen in [
        ("ArrowDown", 0),
        ("ArrowDown", 1),
        ("End", last),
        ("ArrowDown", None),  # back in the text, and around again
        ("ArrowDown", 0),
        ("ArrowUp", None),
        ("ArrowUp", last),
        ("Home", 0),
        ("ArrowRight", None),
    ]:
        press(key)
        selected = options(reader).and_(reader.page.locator("[aria-selected=true]"))
        expect(selected).to_have_count(0 if chosen is None else 1)
        if chosen is not None:
            expect(options(reader).nth(chosen)).to_have_attribute("aria-selected", "true")
        expected = None if chosen is None else options(reader).nth(chosen).get_attribute("id")
        assert box(reader).get_attribute("aria-activedescendant") == expected
    press("Escape")
    expect(options(reader)).to_have_count(0)
    press("ArrowUp")
    expect(options(reader).nth(last)).to_have_attribute("aria-selected", "true")
    expect(box(reader)).to_be_focused()
    expect(box(reader)).to_have_value("2725")


def test_enter_without_a_choice_searches_for_the_text(open_medcodes, arrive):
    reader = arrive(open_medcodes)
    reader.open("/")
    type_in(reader, "hip disl")
    with reader.page.expect_navigation():
        reader.page.keyboard.press("Enter")
    assert reader.path == "/search?q=hip+disl"


def test_the_number_of_suggestions_is_said(open_medcodes, arrive):
    reader = arrive(open_medcodes)
    reader.open("/")
    type_in(reader, "2725")
    said = reader.page.locator("form.find [role=status]")
    expect(said).to_have_text(re.compile(rf"{options(reader).count()} suggestions, "))
    box(reader).fill("qqqqqqzz")
    expect(said).to_have_text("No suggestions")


def test_one_slip_while_typing_is_forgiven(open_medcodes, arrive):
    reader = arrive(open_medcodes)
    reader.open("/")
    type_in(reader, "diabtes mel")
    assert all("diabetes" in text.lower() for text in options(reader).all_inner_texts())


@pytest.mark.parametrize(
    "options_of", [{"viewport": DESK}, {"viewport": PHONE, "has_touch": True}], ids=["mouse", "finger"]
)
def test_a_suggestion_is_chosen_by_pointer(open_medcodes, arrive, options_of):
    reader = arrive(open_medcodes, **options_of)
    reader.open("/codes")
    type_in(reader, "2725")
    wanted = options(reader).nth(1)
    code = wanted.locator(".code").inner_text()
    with reader.page.expect_navigation():
        wanted.tap() if "has_touch" in options_of else wanted.click()
    assert reader.path == f"/codes/cpt/{code}"


@WINDOWS
def test_nothing_moves_when_suggestions_come_and_go(open_medcodes, arrive, window):
    reader = arrive(open_medcodes, viewport=window)
    reader.open(PAGE)
    reader.page.wait_for_load_state("networkidle")
    before, shifted = reader.page.evaluate(_PLACES), reader.layout_shift()
    type_in(reader, "hip disl")
    assert reader.page.evaluate(_PLACES) == before
    assert reader.overflow() == 0
    reader.page.keyboard.press("Escape")
    assert reader.page.evaluate(_PLACES) == before
    assert reader.layout_shift() == shifted


def test_an_answer_that_comes_too_late_is_dropped(open_medcodes, arrive):
    reader = arrive(open_medcodes)
    reader.open("/")
    held = Held(reader, "27")
    box(reader).click()
    reader.page.keyboard.type("27")
    held.wait(reader)
    type_on(reader, "25", "2725")
    shown = options(reader).all_inner_texts()
    reader.page.wait_for_timeout(200)
    assert options(reader).all_inner_texts() == shown
    # The first request was given up, not only not listened to.
    until(reader, lambda: any(asked(one.url) == "27" and one.failure for one in reader.requests))


def stays_as_it_is(reader: Visitor, text: str, choose: Callable[[], None]) -> None:
    """What is suggested for "27", once somebody has begun to choose before the answer to a later text comes."""
    type_in(reader, "27")
    shown = options(reader).all_inner_texts()
    held = Held(reader, text)
    box(reader).fill(text)
    held.wait(reader)
    choose()
    held.let_go()
    reader.page.wait_for_timeout(300)
    assert options(reader).all_inner_texts() == shown


def test_suggestions_stay_where_they_are_under_the_pointer(open_medcodes, arrive):
    reader = arrive(open_medcodes)
    reader.open("/")
    stays_as_it_is(reader, "272", lambda: options(reader).nth(2).hover())
    reader.page.mouse.move(5, 5)
    expect(options(reader).first).to_contain_text("272")


def test_suggestions_stay_as_they_are_while_the_arrows_choose(open_medcodes, arrive):
    reader = arrive(open_medcodes)
    reader.open("/")
    stays_as_it_is(reader, "992", lambda: reader.page.keyboard.press("ArrowDown"))
    expect(options(reader).first).to_have_attribute("aria-selected", "true")
    reader.page.keyboard.press("ArrowUp")
    expect(options(reader).first).to_contain_text("992")
    reader.page.keyboard.press("ArrowDown")
    reader.page.keyboard.type("13", delay=20)
    expect(options(reader)).to_have_count(1)
    expect(options(reader).first).to_contain_text("99213")


def test_the_box_searches_without_javascript(open_medcodes, arrive):
    reader = arrive(open_medcodes, java_script_enabled=False)
    reader.open(PAGE)
    searchbox = reader.page.get_by_role("searchbox", name="Search codes")
    searchbox.fill("hip dislocation")
    with reader.page.expect_navigation():
        searchbox.press("Enter")
    assert reader.path == "/search?q=hip+dislocation"


@pytest.mark.parametrize("scheme", ["light", "dark"])
@WINDOWS
def test_open_suggestions_are_sound(open_medcodes, arrive, window, scheme):
    reader = arrive(open_medcodes, viewport=window, color_scheme=scheme)
    reader.open("/")
    type_in(reader, "hip disl")
    reader.page.keyboard.press("ArrowDown")
    assert reader.faults() == []
    assert reader.overflow() == 0
    width = "phone" if window is PHONE else "desk"
    reader.screenshot(f"suggestions-{width}-{scheme}", full_page=False)


def filters(visitor: Visitor) -> Locator:
    """The filters, unfolded where they are folded."""
    summary = visitor.page.locator(".filters > summary")
    if summary.is_visible() and not visitor.page.locator(".filters[open]").count():
        summary.click()
    return visitor.page.locator(".filters")


def total(visitor: Visitor) -> int:
    found = re.match(r"([\d,]+) codes?", flat(visitor.page.locator(".result-line")))
    assert found
    return int(found[1].replace(",", ""))


@SCRIPTS
@WINDOWS
def test_results_are_narrowed_and_widened_by_links(open_medcodes, arrive, window, scripts):
    reader = arrive(open_medcodes, viewport=window, java_script_enabled=scripts)
    reader.open("/search?q=hip+dislocation")
    everything = total(reader)
    choice = filters(reader).get_by_role("link", name=re.compile("^Billable"))
    counted = int(choice.locator("b").inner_text().replace(",", ""))
    reader.follow(choice)
    assert total(reader) == counted < everything
    assert reader.path == "/search?q=hip+dislocation&billable=true"
    # What was not chosen still says how much it would be.
    expect(filters(reader).get_by_role("link", name=re.compile("^Header"))).to_be_visible()
    expect(reader.page.locator(".results .tag.ok").first).to_have_text("billable")

    reader.follow(filters(reader).get_by_role("link", name=re.compile("^Injury, poisoning")))
    chips = reader.page.get_by_role("list", name="Filters in use")
    assert [flat(chip) for chip in chips.get_by_role("listitem").all()][-1] == "Clear all"
    assert total(reader) < counted
    reader.follow(chips.get_by_role("link", name="Remove the filter Injury"))
    assert reader.path == "/search?q=hip+dislocation&billable=true"
    reader.follow(reader.page.get_by_role("link", name=re.compile("^Remove the filter Billable")))
    assert total(reader) == everything


@WINDOWS
def test_a_date_of_service_keeps_the_rest(open_medcodes, arrive, window):
    reader = arrive(open_medcodes, viewport=window)
    reader.open("/search?q=hip+dislocation&system=icd10cm&billable=true")
    found = filters(reader)
    found.get_by_label("Only codes in force on").fill("2025-11-01")
    reader.follow(found.get_by_role("button", name="Show"))
    reader.page.wait_for_url("**&on=2025-11-01")
    assert reader.path == "/search?q=hip+dislocation&system=icd10cm&billable=true&on=2025-11-01"
    reader.follow(reader.page.locator(".results > li").first.get_by_role("link"))
    assert reader.path.endswith("?on=2025-11-01")


def test_a_misspelt_word_is_read_as_another_and_can_be_kept(open_medcodes, arrive):
    reader = arrive(open_medcodes)
    reader.open("/search?q=diabtes")
    assert flat(reader.page.locator(".spelling")).startswith("Showing results for diabetes. ")
    reader.follow(reader.page.get_by_role("link", name="Search for “diabtes” instead"))
    assert flat(reader.page.locator(".result-line")) == "No code matches"
    reader.follow(reader.page.get_by_role("link", name="Remove the filter Spelled as typed"))
    assert reader.page.locator(".results > li").count() == 20


def test_results_go_on_page_by_page_and_back(open_medcodes, arrive):
    reader = arrive(open_medcodes)
    reader.open("/search?q=hip+dislocation&billable=true")
    first = reader.page.locator(".results .code").all_inner_texts()
    reader.follow(reader.page.get_by_role("link", name="More results"))
    second = reader.page.locator(".results .code").all_inner_texts()
    assert second and not set(first) & set(second)
    reader.follow(reader.page.get_by_role("link", name="First results"))
    assert reader.page.locator(".results .code").all_inner_texts() == first


def test_where_nothing_is_found_the_page_says_what_was_looked_for_and_what_to_try(open_medcodes, arrive):
    reader = arrive(open_medcodes)
    reader.open("/search?q=S73.009X")
    assert [flat(one) for one in reader.page.locator(".understood li").all()] == [
        "S73.009X as a code: there is none in the files on this server"
    ]
    reader.follow(reader.page.get_by_role("link", name="S73", exact=True))
    assert reader.page.locator(".results .code").all_inner_texts()[:3] == ["S73", "S73.0", "S73.00"]

    reader.open("/search?q=qqxylofonium&system=cpt")
    assert "qqxylofonium no code has this word" in flat(reader.page.locator(".understood"))
    reader.follow(reader.page.get_by_role("link", name="The same search in all codes"))
    assert reader.path == "/search?q=qqxylofonium"
    reader.follow(reader.page.get_by_role("link", name="indexes of ICD-10-CM"))
    assert reader.path == "/index"


def test_results_that_match_only_some_words_are_not_passed_off_as_all(open_medcodes, arrive):
    reader = arrive(open_medcodes)
    reader.open("/search?q=hip+dislocation+pink+elephant")
    assert flat(reader.page.locator(".result-line")).startswith("No code has all of these words; these have ")


def test_a_search_is_walked_by_keyboard_only(open_medcodes, arrive):
    reader = arrive(open_medcodes, reduced_motion="reduce")
    reader.open("/")
    reader.page.keyboard.press("/")
    reader.page.keyboard.type("hip dislocation")
    with reader.page.expect_navigation():
        reader.page.keyboard.press("Enter")
    tab_to_link(reader, "Billable")
    with reader.page.expect_navigation():
        reader.page.keyboard.press("Enter")
    tab_to_link(reader, "Remove the filter Billable")
    with reader.page.expect_navigation():
        reader.page.keyboard.press("Enter")
    assert reader.path == "/search?q=hip+dislocation"


def tab_to_link(visitor: Visitor, name: str) -> None:
    for _ in range(100):
        visitor.page.keyboard.press("Tab")
        if flat(visitor.focused).startswith(name):
            expect(visitor.focused).to_be_in_viewport()
            return
    raise AssertionError(f"Tab does not lead to {name}")
