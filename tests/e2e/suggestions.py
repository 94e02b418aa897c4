"""The search box of a page and its suggestions, in a browser."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

from playwright.sync_api import Locator, expect

from tests.e2e.visitors import Visitor


def box(visitor: Visitor) -> Locator:
    return visitor.page.get_by_role("combobox", name="Search codes")


def options(visitor: Visitor) -> Locator:
    return visitor.page.get_by_role("option")


def type_in(visitor: Visitor, text: str) -> None:
    """By keys, one after the other, until the suggestions for all of it are shown."""
    box(visitor).click()
    type_on(visitor, text, text)


def type_on(visitor: Visitor, keys: str, text: str) -> None:
    """Further keys, until the suggestions for the whole text are shown. Others may come before: where keys come slowly,
    what stands there in between is asked for, too."""
    with visitor.page.expect_response(lambda answer: asked(answer.url) == text) as answered:
        visitor.page.keyboard.type(keys, delay=20)
    found = [one["display"] for one in answered.value.json()["suggestions"]]
    assert found, f"nothing is suggested for {text}"
    expect(options(visitor).locator(".code")).to_have_text(found)


def asked(url: str) -> str:
    """What suggestions are asked for."""
    parts = urlsplit(url)
    return parse_qs(parts.query).get("q", [""])[0] if parts.path == "/api/v1/suggest" else ""
