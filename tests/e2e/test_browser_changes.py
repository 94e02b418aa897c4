"""The page of changes in a browser, at phone and desk width, with values of a held page and without of another."""

from __future__ import annotations

from tests.e2e.test_browser_accounts import press, registered
from tests.e2e.visitors import PHONE, flat
from tests.integration.gateway.test_changes import HELD, NOT_HELD, changed_machine

__all__ = ["changed_machine"]


def test_changes_and_the_feed_s_address(changed_machine, arrive):
    machine, _ = changed_machine
    member = arrive(machine, viewport=PHONE)
    registered(member, f"/register?next=/codes/cpt/{HELD}")
    with member.page.expect_navigation():
        member.page.keyboard.press("s")
    answer = member.context.request.put(
        f"/api/v1/account/lists/-/codes/cpt/{NOT_HELD}", headers={"Sec-Fetch-Site": "same-origin"}
    )
    assert answer.status == 204
    member.open("/account/changes")
    text = flat(member.page.locator(".panel"))
    assert text.count("9.87") == 1
    assert "which this account has not opened" in text
    press(member, "Make the address")
    assert "/api/v1/feed.atom?token=mcf_" in flat(member.page.locator("main").get_by_role("status"))
    member.look("account-changes-told", "light")
    press(member, "Revoke it")
    assert "opens nothing any more" in flat(member.page.locator("main").get_by_role("status"))
