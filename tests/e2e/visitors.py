"""Somebody with a browser: what the browser complained of, what it asked for, and what the pages looked like."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, ConsoleMessage, Locator, Request, Response

from tests.machine import ROOT

SCREENSHOTS = ROOT / "var" / "screenshots"
PHONE, DESK = {"width": 390, "height": 844}, {"width": 1280, "height": 800}
NARROWEST = {"width": 360, "height": 740}
# What takes long, axe and a screenshot, is done once a scheme and not in every window.
LOOKED_AT = {"light": ("phone", PHONE), "dark": ("desk", DESK)}
SERIOUS = ("serious", "critical")
# For what comes in a moment, on a machine that tests share.
PATIENCE_MS = 30_000

# Movements of what is already on the page, unless the visitor has just pressed or typed something (web.dev/cls).
_WATCH_SHIFTS = """
window.layoutShift = 0;
new PerformanceObserver((list) => {
  for (const entry of list.getEntries()) if (!entry.hadRecentInput) window.layoutShift += entry.value;
}).observe({ type: "layout-shift", buffered: true });
"""
_REFUSED = re.compile(r"Failed to load resource: the server responded with a status of (401|403|404|422) ")


class Visitor:
    """A guest who has not been here before, in a browser context of their own.

    `options` are Playwright's for a context. `complaints` collects errors on the console, refused loads, breaches of
    the Content-Security-Policy, and requests to other hosts; it stays empty on a good day.
    """

    def __init__(self, browser: Browser, base_url: str, **options: Any) -> None:
        self.base_url = base_url
        self.complaints: list[str] = []
        self.requests: list[Request] = []
        self._refused: set[str] = set()
        self.context = browser.new_context(**{"base_url": base_url, "viewport": DESK, "locale": "en-US", **options})
        self.context.add_init_script(_WATCH_SHIFTS)
        self.page = self.context.new_page()
        self.page.set_default_timeout(PATIENCE_MS)
        self.page.on("console", self._on_console)
        self.page.on("pageerror", lambda error: self.complaints.append(f"uncaught: {error}"))
        self.page.on("requestfailed", self._on_failed)
        self.page.on("request", self._on_request)
        self.page.on("response", self._on_response)

    def open(self, path: str, status: int = 200) -> None:
        response = self.page.goto(path)
        assert response is not None
        assert response.status == status, f"{path} answered {response.status}"

    def spend_views(self) -> None:
        """Uses up what a guest may view, outside of the page."""
        assert self.context.request.get("/codes/cpt/27250").status == 200

    def search(self, words: str) -> None:
        self.page.get_by_role("combobox", name="Search codes").or_(
            self.page.get_by_role("searchbox", name="Search codes")
        ).fill(words)
        with self.page.expect_navigation():
            self.page.keyboard.press("Enter")

    def follow(self, found: Locator) -> None:
        """Clicks on what leads to another page; returns once that has been loaded."""
        with self.page.expect_navigation():
            found.click()

    @property
    def path(self) -> str:
        found = urlsplit(self.page.url)
        return found.path + (f"?{found.query}" if found.query else "")

    @property
    def heading(self) -> str:
        return flat(self.page.locator("h1"))

    @property
    def focused(self) -> Locator:
        return self.page.locator(":focus")

    def transferred(self) -> int:
        """Bytes that came over the wire, with headers, for all that has been asked for so far."""
        sizes = [request.sizes() for request in self.requests]
        return sum(size["responseHeadersSize"] + size["responseBodySize"] for size in sizes)

    def layout_shift(self) -> float:
        return float(self.page.evaluate("window.layoutShift"))

    def overflow(self) -> int:
        """Pixels by which the page is wider than the window."""
        return int(self.page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth"))

    def faults(self) -> list[str]:
        """What axe finds serious or critical, with the elements."""
        found = Axe().run(self.page).response["violations"]
        return [
            f"{one['id']} ({one['impact']}): {one['help']}: {[node['target'] for node in one['nodes']]}"
            for one in found
            if one["impact"] in SERIOUS
        ]

    def look(self, name: str, scheme: str) -> None:
        """At the page as it is now: no window is too narrow for it, axe finds nothing, and people get a screenshot."""
        looked_at, looked_at_size = LOOKED_AT[scheme]
        for size in (PHONE, DESK, NARROWEST):
            self.page.set_viewport_size(size)
            assert self.overflow() == 0, f"{name} is wider than a window of {size['width']}"
            if size is looked_at_size:
                assert self.faults() == [], f"{name} on a {looked_at}"
                self.screenshot(f"{name}-{looked_at}-{scheme}")

    def screenshot(self, name: str, *, full_page: bool = True) -> Path:
        SCREENSHOTS.mkdir(parents=True, exist_ok=True)
        path = SCREENSHOTS / f"{name}.png"
        self.page.screenshot(path=path, full_page=full_page, animations="disabled")
        return path

    def leave(self) -> None:
        self.context.close()
        assert not self.complaints

    def _on_console(self, message: ConsoleMessage) -> None:
        """The browser itself calls a wall, or a form that was not taken, an error; those pages are meant."""
        is_meant = message.location.get("url") in self._refused and _REFUSED.match(message.text)
        if message.type in ("error", "warning") and not is_meant:
            self.complaints.append(f"console: {message.text} ({message.location.get('url')})")

    def _on_failed(self, request: Request) -> None:
        if "ERR_ABORTED" not in (request.failure or ""):  # completions that are no longer wanted
            self.complaints.append(f"failed: {request.url} {request.failure}")

    def _on_request(self, request: Request) -> None:
        self.requests.append(request)
        if not request.url.startswith(self.base_url + "/"):
            self.complaints.append(f"another host: {request.url}")

    def _on_response(self, response: Response) -> None:
        if response.status in (401, 403, 404, 422) and response.request.is_navigation_request():
            self._refused.add(response.url)


def flat(found: Locator) -> str:
    """An element's visible text on one line."""
    return " ".join(found.inner_text().split())
