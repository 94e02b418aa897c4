"""Fixtures of the browser tests: Chromium, and visitors with it."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, expect, sync_playwright

from services.standalone.ports import free_port, reserve
from tests import machine
from tests.e2e.visitors import PATIENCE_MS, Visitor

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

# Little patience, and behind a proxy: limits that a test reaches in a moment, and visitors from many networks.
GUARDED = {
    "MEDCODES_PUBLIC_URL": "http://codes.example.org",
    "MEDCODES_TRUSTED_PROXIES": "127.0.0.0/8",
    "MEDCODES_REQUEST_SECONDS": "2",
    "MEDCODES_LOGIN_FAILURES_PER_EMAIL": "4",
    "MEDCODES_LOGIN_FAILURES_PER_NETWORK": "6",
    "MEDCODES_REGISTRATIONS_PER_NETWORK": "3",
    "MEDCODES_MAILS_PER_EMAIL": "2",
    "MEDCODES_MAILS_PER_NETWORK": "5",
    "MEDCODES_GUEST_GRANTS_PER_PREFIX_PER_DAY": "3",
    "MEDCODES_ACCESS_LOG": "true",
    "MEDCODES_LOG_LEVEL": "debug",
}


@pytest.fixture(scope="session")
def guarded(seed_state, tmp_path_factory) -> Iterator[machine.Machine]:
    """A running machine for attacks; it logs as much as it can. Its services' metrics are one port above the first."""
    folder = machine.copy_state(seed_state, tmp_path_factory.mktemp("guarded") / "state")
    with machine.running(folder, {**GUARDED, "MEDCODES_METRICS_PORT": str(free_ports(2))}) as running:
        yield running


def free_ports(number: int) -> int:
    """The first of so many in a row."""
    while True:
        port = free_port()
        if all(reserve(port + each) for each in range(1, number)):
            return port


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
    expect.set_options(timeout=PATIENCE_MS)
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
