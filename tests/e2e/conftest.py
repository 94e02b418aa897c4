"""Fixtures of the browser tests: Chromium, and visitors with it."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, sync_playwright

from tests.e2e.visitors import Visitor

NAMES = ("chromium", "chromium-browser", "google-chrome")
ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


@pytest.fixture(scope="session")
def chromium() -> str:
    """The browser's executable: MEDCODES_TEST_CHROMIUM, or what the shell finds."""
    named = os.environ.get("MEDCODES_TEST_CHROMIUM", "")
    found = next(filter(None, map(shutil.which, [named] if named else NAMES)), None)
    if found is None:
        looked_for = f"MEDCODES_TEST_CHROMIUM is {named}, which is no program" if named else "There is no Chromium here"
        pytest.fail(
            f"{looked_for}. The browser tests need it: apt-get install chromium (Debian), brew install chromium "
            "(macOS), or name its executable in MEDCODES_TEST_CHROMIUM."
        )
    return found


@pytest.fixture(scope="module")
def browser(chromium: str) -> Iterator[Browser]:
    """One for each module, not for the session: while it runs, this thread has an event loop, and no async test may."""
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=chromium, args=list(ARGUMENTS))
        yield running
        running.close()


@pytest.fixture
def arrive(browser: Browser) -> Iterator[Callable[..., Visitor]]:
    """`arrive(machine, **options)`: a new visitor; fails afterwards if their browser complained of anything."""
    visitors: list[Visitor] = []

    def arrive(machine, **options) -> Visitor:
        visitors.append(Visitor(browser, machine.url, **options))
        return visitors[-1]

    yield arrive
    for visitor in visitors:
        visitor.leave()
