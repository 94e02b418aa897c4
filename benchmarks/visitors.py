"""Visitors made beforehand, as files of requests: a line is a path, a space and the Cookie that is sent with it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

import httpx

from services.accounts.adapters.plans_file import load_plans
from services.accounts.adapters.sql.store import SqlStore
from services.accounts.app import build_database
from services.accounts.domain.client import Client
from services.accounts.domain.people import Account, new_id
from services.accounts.sessions import Sessions
from services.accounts.settings import AccountsSettings
from services.gateway.visitors.guests import GuestCookies, load_key
from tests.machine import Machine

PATH = "/codes/cpt/27250"
MEMBER_PATHS = tuple(f"/codes/cpt/{code}" for code in ("27250", "27252", "27253", "27254", "99213"))
"""As many as a registered account may view."""

NO_PASSWORD = "none: nobody logs in by it"
AT_ONCE = 100


def guests(medcodes: Machine, file: Path, count: int) -> Path:
    """Guests who have viewed nothing, each with one request: a first view."""
    return _write(file, (f"{PATH} {cookie}" for cookie in _guest_cookies(medcodes, count)))


def returning_guests(medcodes: Machine, file: Path, count: int) -> Path:
    """Guests who have viewed the page before, with the receipts that they got for it."""
    lines = []
    with httpx.Client(base_url=medcodes.url) as client:
        for cookie in _guest_cookies(medcodes, count):
            answer = client.get(PATH, headers={"Cookie": cookie})
            answer.raise_for_status()
            receipts = answer.headers["set-cookie"].partition(";")[0]
            client.cookies.clear()
            lines.append(f"{PATH} {cookie}; {receipts}")
    return _write(file, lines)


def members(medcodes: Machine, file: Path, count: int) -> list[Path]:
    """The views of new members, five different codes each by one session, in an order of codes of each one's own: a
    file of everybody's first views, one of everybody's second ones in the same order, and so on."""
    tokens = asyncio.run(_sign_up(medcodes, count))
    cookies = [
        f"{guest}; medcodes_session={token}"
        for guest, token in zip(_guest_cookies(medcodes, count), tokens, strict=True)
    ]
    codes = len(MEMBER_PATHS)
    return [
        _write(
            file.with_name(f"{file.name}-{turn}"),
            (f"{MEMBER_PATHS[(number + turn) % codes]} {cookie}" for number, cookie in enumerate(cookies)),
        )
        for turn in range(codes)
    ]


def of_first(files: Sequence[Path], count: int) -> Path:
    """The first `count` requests of each file, in one."""
    lines = [line for file in files for line in file.read_text().splitlines()[:count]]
    return _write(files[0].with_name(f"{files[0].name}-of-first"), lines)


def to(file: Path, path: str) -> Path:
    """The same requests to another path."""
    return _write(file.with_name(f"{file.name}{path.replace('/', '-')}"), _with_paths(file, lambda _: path))


def to_bare(file: Path, paths: Sequence[str]) -> Path:
    """The same requests to the bare handlers that return those pages."""
    number = {path: f"/bare/{index}" for index, path in enumerate(paths)}
    return _write(file.with_name(f"{file.name}-bare"), _with_paths(file, number.__getitem__))


def _with_paths(file: Path, path_for: Callable[[str], str]) -> Iterable[str]:
    for line in file.read_text().splitlines():
        path, _, cookie = line.partition(" ")
        yield f"{path_for(path)} {cookie}"


def _write(file: Path, lines: Iterable[str]) -> Path:
    file.write_text("".join(line + "\n" for line in lines))
    return file


def _guest_cookies(medcodes: Machine, count: int) -> list[str]:
    cookies = GuestCookies(load_key("", medcodes.state_dir), secure=False)
    now = time.time()
    return [cookies.issue(now)[1].decode().partition(";")[0] for _ in range(count)]


async def _sign_up(medcodes: Machine, count: int) -> list[str]:
    """Tokens of new accounts' sessions, by the store's own code: hashing a password for each would take minutes."""
    settings = AccountsSettings(state_dir=medcodes.state_dir)
    store, plans = SqlStore(build_database(settings)), load_plans(settings.plans_file)
    sessions = Sessions(store, plans, _now_ms, days=settings.session_days, idle_days=settings.session_idle_days)
    await store.prepare()
    tokens: list[str] = []
    while len(tokens) < count:
        async with store.writing() as transaction:
            for _ in range(min(AT_ONCE, count - len(tokens))):
                account = _account(plans.first.name)
                await transaction.accounts.add(account)
                tokens.append((await sessions.begin(transaction, account, Client())).token)
    await store.stop()
    return tokens


def _account(plan: str) -> Account:
    found = new_id()
    email = f"{found.lower()}@example.org"
    return Account(found, email, email, NO_PASSWORD, plan, _now_ms())


def _now_ms() -> int:
    return time.time_ns() // 1_000_000
