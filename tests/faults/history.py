"""Visitors under faults: what they asked for, what they were told, and what must hold of it afterwards."""

from __future__ import annotations

import asyncio
import random
from collections import Counter, defaultdict
from dataclasses import dataclass, field

import httpx

from tests.machine import Machine


@dataclass
class History:
    """Which pages each guest was shown, and every status that was seen."""

    shown: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    statuses: Counter[int] = field(default_factory=Counter)
    unreachable: int = 0


class Visitors:
    """Guests who keep asking for random codes, each with a cookie of its own, until told to stop."""

    def __init__(self, machine: Machine, codes: list[str], seed: int, guests: int = 40) -> None:
        self._machine, self._codes, self._guests = machine, codes, guests
        self._chance = random.Random(seed)
        self._stop = asyncio.Event()
        self.history = History()
        self.cookies: dict[str, dict[str, str]] = {}

    async def run(self) -> None:
        async with httpx.AsyncClient(base_url=self._machine.url, timeout=10) as client:
            await asyncio.gather(*(self._visit(client, f"guest-{number}") for number in range(self._guests)))

    def stop(self) -> None:
        self._stop.set()

    async def _visit(self, client: httpx.AsyncClient, name: str) -> None:
        self.cookies[name] = await self._first_cookie()
        while not self._stop.is_set():
            code = self._chance.choice(self._codes)
            try:
                answer = await client.get(f"/api/v1/codes/icd10cm/{code}", headers=_cookie(self.cookies[name]))
            except httpx.HTTPError:
                self.history.unreachable += 1
                await asyncio.sleep(0.05)
                continue
            self.history.statuses[answer.status_code] += 1
            if answer.status_code == 200:
                self.history.shown[name].add(code)
            await asyncio.sleep(0.01)

    async def _first_cookie(self) -> dict[str, str]:
        async with httpx.AsyncClient(base_url=self._machine.url, timeout=10) as client:
            await client.get("/")
            return dict(client.cookies)


def _cookie(cookies: dict[str, str]) -> dict[str, str]:
    return {"Cookie": "; ".join(f"{name}={value}" for name, value in cookies.items())}


async def still_shown(machine: Machine, cookies: dict[str, str], codes: set[str]) -> dict[str, dict]:
    """Each code asked for again, after the faults: {code: the meter of the answer, or its problem}."""
    found = {}
    async with httpx.AsyncClient(base_url=machine.url, timeout=10) as client:
        for code in codes:
            answer = await client.get(f"/api/v1/codes/icd10cm/{code}", headers=_cookie(cookies))
            found[code] = answer.json().get("meter", {}) if answer.status_code == 200 else answer.json()
    return found
