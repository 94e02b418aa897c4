"""Accounts in a browser: from the wall to an account and back, by keyboard, on phone and desk, without JavaScript."""

from __future__ import annotations

import time

import pytest
from playwright.sync_api import expect

from tests.e2e.people import PASSWORD, email
from tests.e2e.test_browser import PAGE, SCRIPTS, WINDOWS
from tests.e2e.test_browser_keyboard import enter, tab_to
from tests.e2e.visitors import PHONE, Visitor, flat

OTHER = "/codes/cpt/27252"
PAGES = {
    "account": "/account",
    "account-shelf": "/account/shelf",
    "account-changes": "/account/changes",
    "account-views": "/account/views",
    "account-history": "/account/history",
    "account-security": "/account/security",
    "account-api-keys": "/account/api-keys",
    "account-delete": "/account/delete",
    "code-member": PAGE,
}
SIGNED_OUT = {
    "login": "/login",
    "register-next": "/register?next=/codes/cpt/27252",
    "forgot": "/forgot",
    "reset": "/reset?token=none",
    "verify": "/verify?token=none",
    "mail": "/dev/mail",
}
SCHEMES = pytest.mark.parametrize("scheme", ["light", "dark"])


def fill_in(visitor: Visitor, address: str, password: str = PASSWORD) -> None:
    visitor.page.get_by_label("E-mail address").fill(address)
    visitor.page.get_by_label("Password", exact=True).fill(password)


def press(visitor: Visitor, name: str) -> None:
    with visitor.page.expect_navigation():
        visitor.page.get_by_role("button", name=name).first.click()


def registered(visitor: Visitor, path: str = "/register") -> str:
    address = email()
    visitor.open(path)
    fill_in(visitor, address)
    press(visitor, "Register")
    return address


@WINDOWS
@SCRIPTS
def test_from_the_wall_to_an_account_and_back_out(medcodes, arrive, window, scripts):
    guest = arrive(medcodes, viewport=window, java_script_enabled=scripts)
    guest.open(PAGE)
    guest.open(OTHER, 403)
    guest.follow(guest.page.get_by_role("link", name="Register free to view 5 more").last)
    assert guest.heading == "Register"
    address = email()
    fill_in(guest, address)
    press(guest, "Register")

    assert guest.path == OTHER  # the page that was wanted
    assert flat(guest.page.locator("#meter")) == "4 code page views remaining."
    assert guest.page.locator(".section.locked").count() == 0
    assert guest.page.locator(".section .answer").count() == 6
    guest.open(PAGE)
    assert guest.page.locator(".section.locked").count() == 0

    guest.follow(guest.page.get_by_role("link", name="Account", exact=True).first)
    assert guest.heading == "Account"
    assert address in flat(guest.page.locator(".facts-list"))
    assert "2 of 6 viewed" in flat(guest.page.locator(".facts-list"))
    rows = [flat(row) for row in guest.page.locator(".views tbody tr").all()]
    assert [row.split()[0] for row in rows] == ["27252", "27250"]
    assert "as a guest" in rows[1]

    press(guest, "Log out")
    assert "You are logged out." in flat(guest.page.locator("main"))
    guest.open(PAGE)
    assert guest.page.locator(".section.locked").count() == 6
    guest.open(OTHER, 403)
    guest.follow(guest.page.get_by_role("link", name="Log in").last)
    fill_in(guest, address)
    press(guest, "Log in")
    assert guest.path == OTHER


@SCRIPTS
def test_a_code_is_saved_and_noted_and_found_again(medcodes, arrive, scripts):
    member = arrive(medcodes, java_script_enabled=scripts)
    registered(member, f"/register?next={PAGE}")
    if scripts:
        with member.page.expect_navigation():
            member.page.keyboard.press("s")
    else:
        press(member, "Save")
    shelf = member.page.locator("#shelf")
    assert "saved" in flat(shelf)
    shelf.get_by_text("Private note", exact=True).first.click()
    note = "<b>Check</b> the anesthesia record"
    shelf.get_by_role("textbox", name="Private note").fill(note)
    press(member, "Keep the note")
    assert flat(shelf.locator(".note-text")) == f"note {note}"
    shelf.get_by_text("Change the note").click()
    expect(shelf.get_by_role("textbox", name="Private note")).to_have_value(note)

    member.follow(member.page.get_by_role("link", name="Shelf").first)
    assert member.heading == "Shelf"
    assert "27250" in flat(member.page.locator(".saved-list"))
    assert flat(member.page.locator(".note-text")) == note
    press(member, "Take 27250 out")
    assert "Nothing is saved here yet." in flat(member.page.locator(".saved-list"))

    member.open("/search?q=dislocated+hip")
    member.open("/account/history")
    for _ in range(200):  # it is recorded beside the pages
        if "dislocated hip" in flat(member.page.locator("main")):
            break
        time.sleep(0.1)
        member.open("/account/history")
    assert "27250" in flat(member.page.locator("main"))
    assert "dislocated hip" in flat(member.page.locator("main"))
    press(member, "Clear the searches")
    assert "dislocated hip" not in flat(member.page.locator("main"))
    member.page.get_by_label("what I search for").uncheck()
    press(member, "Keep this choice")
    assert not member.page.get_by_label("what I search for").is_checked()


@SCRIPTS
def test_a_new_list_is_made_on_the_code_page(medcodes, arrive, scripts):
    member = arrive(medcodes, java_script_enabled=scripts)
    registered(member, f"/register?next={PAGE}")
    member.page.get_by_label("Save to list").select_option("new")
    member.page.get_by_label("Name of the new list").fill("Hips & knees")
    press(member, "Save")
    assert "Hips & knees" in flat(member.page.locator("#shelf .saved"))


def test_what_is_wrong_stands_beside_its_field_and_is_read_out(medcodes, arrive):
    guest = arrive(medcodes, java_script_enabled=False)
    guest.open("/register")
    address = email()
    fill_in(guest, address, "short")
    press(guest, "Register")
    field = guest.page.get_by_label("Password", exact=True)
    assert field.get_attribute("aria-invalid") == "true"
    described = field.get_attribute("aria-describedby").split()
    assert any(flat(guest.page.locator(f"#{one}")).startswith("The password") for one in described)
    assert field.input_value() == ""
    expect(guest.page.get_by_label("E-mail address")).to_have_value(address)
    assert guest.page.get_by_role("alert").count() == 1


def test_an_account_is_verified_and_a_password_set_anew_by_mail(medcodes, arrive):
    member = arrive(medcodes)
    address = registered(member)
    open_mail(member, address, "/verify")
    press(member, "This is my address")
    assert "verified" in flat(member.page.locator(".facts-list .tag"))
    press(member, "Log out")
    member.follow(member.page.get_by_role("link", name="Forgot the password?"))
    member.page.get_by_label("E-mail address").fill(address)
    press(member, "Send the link")
    open_mail(member, address, "/reset")
    member.page.get_by_label("New password").fill("another quiet river")
    press(member, "Set it")
    fill_in(member, address, "another quiet river")
    press(member, "Log in")
    assert member.heading == "Account"


def open_mail(visitor: Visitor, address: str, path: str) -> None:
    for _ in range(300):
        visitor.open("/dev/mail")
        mail = visitor.page.locator(".mail").filter(has_text=address).filter(has_text=path).first
        if mail.count():
            break
        time.sleep(0.1)
    visitor.follow(mail.get_by_role("link").filter(has_text=path))
    assert visitor.path.startswith(path)


def test_everything_by_keyboard(medcodes, arrive):
    guest = arrive(medcodes, reduced_motion="reduce")
    guest.open("/")
    tab_to(guest, "Register")
    enter(guest)
    tab_to(guest, "email", "INPUT")
    guest.page.keyboard.type(email())
    tab_to(guest, "password", "INPUT")
    guest.page.keyboard.type(PASSWORD)
    enter(guest)
    assert guest.heading == "Account"
    tab_to(guest, "API keys")
    enter(guest)
    tab_to(guest, "name", "INPUT")
    guest.page.keyboard.type("program")
    tab_to(guest, "Make the key", "BUTTON")
    enter(guest)
    assert "it is not shown again" in flat(guest.page.locator(".notice"))
    tab_to(guest, "Revoke", "BUTTON")
    enter(guest)
    assert "The key is revoked" in flat(guest.page.locator(".notice"))
    tab_to(guest, "Log out", "BUTTON")
    enter(guest)
    assert guest.heading == "Log in"


def test_an_account_is_deleted_and_says_so(medcodes, arrive):
    member = arrive(medcodes, java_script_enabled=False)
    address = registered(member)
    member.follow(member.page.get_by_role("link", name="Delete the account"))
    member.page.get_by_label("Password", exact=True).fill(PASSWORD)
    member.page.get_by_label("Type “delete”").fill("delete")
    press(member, "Delete my account")
    expect(member.page.get_by_role("heading", name="The account is deleted")).to_be_visible(timeout=60_000)
    member.screenshot("deletion-desk-light")
    member.open("/login")
    fill_in(member, address)
    press(member, "Log in")
    assert "do not belong together" in flat(member.page.get_by_role("alert"))


@SCHEMES
def test_pages_of_an_account(medcodes, arrive, scheme):
    member = arrive(medcodes, viewport=PHONE, color_scheme=scheme)
    registered(member, f"/register?next={PAGE}")
    with member.page.expect_navigation():
        member.page.keyboard.press("s")
    for code in ("27252", "27253"):
        member.open(f"/codes/cpt/{code}")
    member.open("/search?q=dislocated+hip")
    for name, path in PAGES.items():
        member.open(path)
        member.look(name, scheme)


@SCHEMES
def test_pages_before_there_is_an_account(medcodes, arrive, scheme):
    guest = arrive(medcodes, viewport=PHONE, color_scheme=scheme)
    for name, path in SIGNED_OUT.items():
        guest.open(path)
        guest.look(name, scheme)


def test_the_wall_of_an_account(medcodes, arrive):
    member = arrive(medcodes)
    registered(member)
    codes = member.context.request.get("/api/v1/codes/cpt?range=27250-27254").json()["items"]
    for found in [*codes, {"code": "99213"}, {"code": "99214"}][:5]:
        assert member.context.request.get(f"/codes/cpt/{found['code']}").status == 200
    member.open("/codes/cpt/99215", 403)
    assert member.heading.endswith("Your code page views are used up")
    assert "Your plan" in flat(member.page.locator("main"))
    assert member.page.get_by_role("link", name="Register free").count() == 0
    member.look("wall-member", "light")
