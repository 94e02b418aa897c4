"""Clients that live whole lives of visitors through HTTP while things break, and record every answer."""

from __future__ import annotations

import asyncio
import random
import secrets
from collections import defaultdict
from dataclasses import dataclass
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import Any

import httpx

from tests.e2e.people import PASSWORD, SYSTEM

from .operations import Account, Operation, Recorded, now

TIMEOUT_SECONDS = 5.0
PAUSE_SECONDS = 0.05
LAST_AT_ONCE = 16


class Over(Exception):
    """The schedule has ended: a life stops wherever it is."""


@dataclass
class Browser:
    """One visitor's cookies. `subject` is the guest's."""

    guest: str
    receipts: str = ""
    keeps_receipts: bool = False

    @property
    def subject(self) -> str:
        return "g." + self.guest.split(".")[0]

    @property
    def cookie(self) -> str:
        receipts = f"; medcodes_receipts={self.receipts}" if self.keeps_receipts and self.receipts else ""
        return f"medcodes_guest={self.guest}{receipts}"


@dataclass
class Member:
    """A session of an account; `account` None until the account's id is known."""

    email: str
    token: str
    account: Account


class Clients:
    """`at_once` lives at a time, each anew when one ends, until `stop`. Each request goes to any of the gateways."""

    def __init__(self, urls: list[str], codes: list[str], seed: int, at_once: int = 10) -> None:
        self._urls, self._codes, self._at_once = urls, codes, at_once
        self._chance = random.Random(seed)
        self._stopped = asyncio.Event()
        # Nobody's cookies are anybody else's.
        jar = CookieJar(DefaultCookiePolicy(allowed_domains=[]))
        self._http = httpx.AsyncClient(timeout=TIMEOUT_SECONDS, cookies=jar)
        self.recorded = Recorded()
        self._browsers: dict[str, Browser] = {}
        self._registrations: dict[str, str] = {}  # e-mail -> guest, of those that may have registered
        self._emails: dict[str, str] = {}  # account's subject -> e-mail

    async def run(self) -> None:
        await asyncio.gather(*(self._live_on() for _ in range(self._at_once)))

    def stop(self) -> None:
        self._stopped.set()

    async def close(self) -> None:
        await self._http.aclose()

    async def look_back(self) -> None:
        """After the faults: what was shown is asked for again, and who has been deleted tries to come back."""
        self._stopped.clear()
        for email, guest in list(self._registrations.items()):
            if email not in self._emails.values() and (member := await self._log_in(email, guest)):
                await self._meter(member)
        shown: dict[str, set[str]] = defaultdict(set)
        for one in self.recorded.operations:
            if one.kind == "view" and one.status == 200:
                shown[one.subject].add(one.page.partition(":")[2])
        limit = asyncio.Semaphore(LAST_AT_ONCE)

        async def again(subject: str) -> None:
            async with limit:
                await self._look_back_as(subject, shown[subject])

        async with asyncio.timeout(60):
            await asyncio.gather(*map(again, sorted({*shown, *self.recorded.accounts})))

    async def _look_back_as(self, subject: str, codes: set[str]) -> None:
        if account := self.recorded.accounts.get(subject):
            member = await self._log_in(self._emails[subject], account.guest)
            account.may_log_in = member is not None
            if account.deleted is None:
                account.deleted = member is None
            if member is None:
                return
            await self._meter(member)
            who: Browser | Member = member
        else:
            who = Browser(self._browsers[subject].guest)
        for code in sorted(codes):
            await self._view(who, code, is_last=True)

    async def _live_on(self) -> None:
        while not self._stopped.is_set():
            try:
                await self._live()
            except Over:
                return

    async def _live(self) -> None:
        browser = await self._arrive()
        codes = self._chance.sample(self._codes, 8)
        await self._as_guest(browser, codes)
        if self._maybe(0.2):
            return
        member = await self._register(browser)
        await self._as_member(member, codes)
        if self._maybe(0.5):
            await self._log_out(member)
            await self._view(browser, codes[0])
            await self._view(browser, codes[1])
            if self._maybe(0.3):  # again from the same guest: nothing is copied
                again = await self._register(browser)
                await self._view(again, codes[0])
            elsewhere = await self._arrive()
            await self._view(elsewhere, codes[2])
            member = await self._log_in_surely(member)
            await self._view(member, codes[3])
        if self._maybe(0.3):
            await asyncio.gather(self._delete(member), self._view(member, codes[4], once=True))
            await self._view(browser, codes[0])

    async def _as_guest(self, browser: Browser, codes: list[str]) -> None:
        name = secrets.token_hex(6)
        first = [self._view(browser, codes[0], name)]
        if self._maybe(0.3):  # the same request twice at the same moment
            first.append(self._view(browser, codes[0], name))
        elif self._maybe(0.5):  # two pages with one view left
            first.append(self._view(browser, codes[1]))
        await asyncio.gather(*first)
        await self._view(browser, codes[0], name)
        await self._view(browser, codes[0])
        await self._view(browser, codes[1])

    async def _as_member(self, member: Member, codes: list[str]) -> None:
        if self._maybe(0.5):
            await self._meter(member)
        for code in codes[:3]:
            name = secrets.token_hex(6)
            await self._view(member, code, name)
            if self._maybe(0.5):
                await self._view(member, code, name)
        await asyncio.gather(*(self._view(member, code) for code in codes[3:]))
        await self._view(member, codes[7])

    async def _arrive(self) -> Browser:
        while True:
            answer = await self._send("GET", "/api/v1/meter", {})
            if answer is not None and (cookie := answer.cookies.get("medcodes_guest")):
                browser = Browser(cookie, keeps_receipts=self._maybe(0.3))
                self._browsers[browser.subject] = browser
                return browser
            await self._pause()

    async def _view(
        self, who: Browser | Member, code: str, name: str = "", *, once: bool = False, is_last: bool = False
    ) -> Operation:
        """Asks for a page until it is told yes or no, always as the same request."""
        name = name or secrets.token_hex(6)
        while True:
            operation = await self._view_once(who, code, name, is_last=is_last)
            if not operation.is_unknown or once:
                return operation
            await self._pause()

    async def _view_once(self, who: Browser | Member, code: str, name: str, *, is_last: bool) -> Operation:
        headers = {"X-Request-Id": name, **_credential(who)}
        invoked = now()
        answer = await self._send("GET", f"/api/v1/codes/{SYSTEM}/{code}", headers)
        if answer is not None and isinstance(who, Browser):
            who.receipts = answer.cookies.get("medcodes_receipts", who.receipts)
        found = _meter(answer)
        return self.recorded.add(
            Operation(
                "view",
                _subject(who),
                invoked,
                now(),
                answer.status_code if answer is not None else 0,
                f"{SYSTEM}:{code}",
                name,
                found.get("charged"),
                found.get("used"),
                found.get("limit"),
                has_receipts=isinstance(who, Browser) and who.keeps_receipts,
                is_last=is_last and answer is not None and answer.status_code != 503,
            )
        )

    async def _meter(self, member: Member) -> None:
        invoked = now()
        answer = await self._surely("GET", "/api/v1/meter", _credential(member))
        found = _meter(answer)
        self.recorded.add(
            Operation(
                "meter",
                member.account.subject,
                invoked,
                now(),
                answer.status_code,
                used=found.get("used"),
                limit=found.get("limit"),
            )
        )

    async def _register(self, browser: Browser) -> Member:
        """Registers; where an attempt may have worked, logging in tells."""
        email = f"{secrets.token_hex(6)}@example.org"
        self._registrations[email] = browser.subject
        body = {"email": email, "password": PASSWORD}
        while True:
            headers = {"Cookie": browser.cookie, "Sec-Fetch-Site": "same-origin"}
            answer = await self._send("POST", "/api/v1/accounts", headers, body)
            if answer is not None and answer.status_code == 201:
                return await self._member(email, answer.json()["token"], browser.subject)
            if member := await self._log_in(email, browser.subject):
                return member
            await self._pause()

    async def _member(self, email: str, token: str, guest: str) -> Member:
        answer = await self._surely("GET", "/api/v1/account", {"Authorization": f"Bearer {token}"})
        if answer.status_code != 200:
            raise AssertionError(f"a new session is answered {answer.status_code}")
        subject = "a." + answer.json()["id"]
        self._emails[subject] = email
        return Member(email, token, self.recorded.accounts.setdefault(subject, Account(subject, guest)))

    async def _log_in(self, email: str, guest: str) -> Member | None:
        """None where nobody has these credentials."""
        answer = await self._surely("POST", "/api/v1/sessions", {}, {"email": email, "password": PASSWORD})
        if answer.status_code == 401:
            return None
        if answer.status_code != 201:
            raise AssertionError(f"a log-in is answered {answer.status_code}: {answer.text}")
        return await self._member(email, answer.json()["token"], guest)

    async def _log_in_surely(self, member: Member) -> Member:
        found = await self._log_in(member.email, member.account.guest)
        if found is None:
            raise AssertionError("an account is gone")
        return found

    async def _log_out(self, member: Member) -> None:
        await self._surely("DELETE", "/api/v1/sessions/current", _credential(member))

    async def _delete(self, member: Member) -> None:
        member.account.deleted = None
        while True:
            answer = await self._surely("DELETE", "/api/v1/account", _credential(member), {"password": PASSWORD})
            if answer.status_code in (202, 401):  # 401: an attempt before has worked
                member.account.deleted = True
                return
            await self._pause()

    async def _surely(
        self, method: str, path: str, headers: dict[str, str], body: dict[str, str] | None = None
    ) -> httpx.Response:
        while True:
            answer = await self._send(method, path, headers, body)
            if answer is not None and answer.status_code < 500:
                return answer
            await self._pause()

    async def _send(
        self, method: str, path: str, headers: dict[str, str], body: dict[str, str] | None = None
    ) -> httpx.Response | None:
        try:
            return await self._http.request(method, self._chance.choice(self._urls) + path, headers=headers, json=body)
        except httpx.HTTPError:
            return None

    async def _pause(self) -> None:
        if self._stopped.is_set():
            raise Over
        await asyncio.sleep(PAUSE_SECONDS)

    def _maybe(self, share: float) -> bool:
        if self._stopped.is_set():
            raise Over
        return self._chance.random() < share


def _credential(who: Browser | Member) -> dict[str, str]:
    return {"Cookie": who.cookie} if isinstance(who, Browser) else {"Authorization": f"Bearer {who.token}"}


def _subject(who: Browser | Member) -> str:
    return who.subject if isinstance(who, Browser) else who.account.subject


def _meter(answer: httpx.Response | None) -> dict[str, Any]:
    if answer is None or answer.status_code not in (200, 403):
        return {}
    document = answer.json()
    return document.get("meter", document if "used" in document else {})
