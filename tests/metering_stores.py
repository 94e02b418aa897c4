"""What the metering tests share: claims, a store that may serve, and a ledger on a real server."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import secrets
import time
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest

from services.common.events import Bus
from services.common.lifecycle import Task
from services.metering.adapters.announcer import JetStreamAnnouncer
from services.metering.adapters.ledger import JetStreamLedger
from services.metering.adapters.valkey_store import ValkeyStore
from services.metering.domain.views import GUEST_LIFETIME_SECONDS, Claim, Terms, Window
from services.metering.recovery import Recovery
from services.metering.relay import Relay
from services.standalone.servers import Server

STORE_SECONDS = 20.0
"""For an answer of Valkey, which syncs every write to a disk that tests share."""

_numbers = itertools.count(1)
# One moment for the whole run: what a subject is asked for again carries the same end, as it does from a visitor's
# cookie, also when a second has passed since.
_FIRST_SEEN = int(time.time()) - 60


def guest() -> str:
    return "g." + secrets.token_urlsafe(16)


def account() -> str:
    return "a." + secrets.token_urlsafe(16)


def guest_end() -> int:
    return _FIRST_SEEN + GUEST_LIFETIME_SECONDS


def terms(guest: str = "", window: int = Window.NONE, days: int = 0, *, guest_ends_at: int = 0) -> Terms:
    """What an account's claims carry; `guest` is the one that it registered from."""
    return Terms(int(window), days, guest, guest_ends_at or guest_end() if guest else 0)


def claim(
    subject: str,
    code: str = "27250",
    *,
    request_id: str = "",
    limit: int | None = 1,
    ends_at: int | None = None,
    look_only: bool = False,
    network: str = "",
) -> Claim:
    """A guest's claim; without `request_id` each one has its own."""
    ends = guest_end() if ends_at is None else ends_at
    request_id = request_id or f"request-{next(_numbers)}"
    return Claim(subject, f"cpt:{code}", request_id, ends, limit, look_only, network)


def account_claim(
    subject: str,
    code: str = "27250",
    *,
    request_id: str = "",
    limit: int | None = 5,
    look_only: bool = False,
    on: Terms | None = None,
) -> Claim:
    """An account's claim, on the terms `on`; without `request_id` each one has its own."""
    request_id = request_id or f"request-{next(_numbers)}"
    return Claim(subject, f"cpt:{code}", request_id, 0, limit, look_only, "", on or Terms())


async def let_serve(store: ValkeyStore) -> None:
    """Marks an empty store as compared with an empty ledger."""
    await store.prepare()
    assert await store.verify((await store.status()).run, 0)


@contextlib.asynccontextmanager
async def connected(server: Server) -> AsyncIterator[Bus]:
    bus = Bus(server.url, "test")
    await bus.start()
    try:
        await asyncio.wait_for(bus.wait_connected(), 30)
        yield bus
    finally:
        await bus.stop()


@pytest.fixture
async def bus(nats_server: Server) -> AsyncIterator[Bus]:
    async with connected(nats_server) as bus:
        yield bus


@pytest.fixture
async def ledger(bus: Bus) -> JetStreamLedger:
    ledger = JetStreamLedger(bus)
    await ledger.prepare()
    return ledger


@pytest.fixture
async def store(valkey_server: Server) -> AsyncIterator[ValkeyStore]:
    store = ValkeyStore(valkey_server.url)
    yield store
    await store.stop()


@contextlib.asynccontextmanager
async def metering(store: ValkeyStore, bus: Bus) -> AsyncIterator[Recovery]:
    """Recovery and relay, as a replica of the service runs them; its health is polled ten times a second."""

    async def nobody() -> None: ...

    async def poll() -> None:
        while True:
            await recovery.is_verified()
            await asyncio.sleep(0.1)

    recovery = Recovery(store, JetStreamLedger(bus), nobody)
    relay = Relay(store, JetStreamLedger(bus), JetStreamAnnouncer(bus))
    tasks = [Task("recovery", recovery.run), Task("relay", relay.run), Task("health", poll)]
    for task in tasks:
        await task.start()
    try:
        yield recovery
    finally:
        for task in tasks:
            await task.stop()


async def until(check: Callable[[], Awaitable[bool]], seconds: float = 30.0) -> None:
    """Waits for something to become true; fails the test if it does not."""
    async with asyncio.timeout(seconds):
        while not await check():
            await asyncio.sleep(0.02)


async def relayed(store: ValkeyStore) -> bool:
    return (await store.status()).waiting == 0
