"""Valkey with two replicas, and a failover in the middle of a crowd: what was answered is there on the new primary."""

from __future__ import annotations

import asyncio
import contextlib
import os
import secrets
import signal

import pytest

from services.metering.adapters.ledger import JetStreamLedger
from services.metering.adapters.valkey_store import ValkeyStore
from services.metering.domain.views import Claim, Outcome
from services.metering.ports import MeterUnavailable
from services.standalone.ports import LOOPBACK
from services.standalone.servers import NatsServer, ValkeyServer
from tests.faults.checker import check
from tests.faults.evidence import gather
from tests.faults.operations import Account, Operation, Recorded, now
from tests.faults.proxy import Link
from tests.metering_stores import account, account_claim, claim, connected, guest, metering, terms, until

CROWD = 8
BEFORE, AFTER = 60, 60
CODES = [str(number) for number in range(1, 8)]


class Crowd:
    """Guests that view, try another page, register, and view on as accounts; unknown answers are asked for again."""

    def __init__(self, store: ValkeyStore) -> None:
        self._store = store
        self._stopped = False
        self.recorded = Recorded()
        self.unknown = 0

    async def run(self) -> None:
        await asyncio.gather(*(self._live_on() for _ in range(CROWD)))

    def stop(self) -> None:
        self._stopped = True

    async def more(self, views: int) -> None:
        """Returns once that many more answers have come."""
        goal = len(self.recorded.operations) + views
        await until(lambda: _is(len(self.recorded.operations) >= goal), 90)

    async def again(self) -> None:
        """Everything that was shown, once more."""
        for one in [one for one in self.recorded.operations if one.status == 200]:
            await self._ask(_claim(one.subject, one.page.split(":")[1], self.recorded), is_last=True)

    async def _live_on(self) -> None:
        while not self._stopped:
            subject, member = guest(), account()
            await asyncio.gather(*(self._ask(_claim(subject, code, self.recorded)) for code in CODES[:2]))
            self.recorded.accounts[member] = Account(member, subject)
            for code in CODES:
                await self._ask(_claim(member, code, self.recorded))

    async def _ask(self, asked: Claim, *, is_last: bool = False) -> None:
        while True:
            invoked = now()
            try:
                [decision] = (await self._store.consume([asked])).decisions
            except MeterUnavailable:
                self.unknown += 1
                self._add(asked, invoked, 503, None)
                await asyncio.sleep(0.02)
                continue
            status = 200 if decision.outcome == Outcome.GRANTED else 403
            self._add(asked, invoked, status, decision, is_last=is_last)
            return

    def _add(self, asked: Claim, invoked: float, status: int, decision, *, is_last: bool = False) -> None:
        meter = (decision.charged, decision.used, decision.limit) if decision else (None, None, None)
        self.recorded.add(
            Operation(
                "view", asked.subject, invoked, now(), status, asked.page, asked.request_id, *meter, is_last=is_last
            )
        )


@pytest.fixture
async def servers(tmp_path):
    """A primary and two replicas, all processes on loopback."""
    async with contextlib.AsyncExitStack() as stack:
        found = []
        for name in ("primary", "one", "other"):
            server = ValkeyServer(tmp_path / name)
            await server.start()
            stack.push_async_callback(server.stop)
            found.append(server)
        primary, *replicas = found
        await _command(primary, "config_set", "repl-diskless-sync-delay", 0)
        for replica in replicas:
            await _follow(replica, primary)
        yield found


@pytest.mark.parametrize("how", ["killed", "cut off"])
async def test_what_was_answered_before_a_failover_holds_after_it(servers, tmp_path, how):
    primary, *replicas = servers
    nats, link = NatsServer(tmp_path / "nats"), Link(primary.port, repeats=False)
    await nats.start()
    await link.start()
    store = ValkeyStore(f"valkey://{LOOPBACK}:{link.port}/0", synced_replicas=1, timeout=2)
    crowd = Crowd(store)
    try:
        async with connected(nats) as bus, metering(store, bus) as recovery:
            await until(recovery.is_verified)
            load = asyncio.create_task(crowd.run())
            await crowd.more(BEFORE)
            os.kill(primary.pid, signal.SIGKILL if how == "killed" else signal.SIGSTOP)
            new = await _promoted(replicas)
            link.move(new.port)
            await crowd.more(AFTER)
            crowd.stop()
            await asyncio.wait_for(load, 90)
            await crowd.again()
            evidence = await gather(store, JetStreamLedger(bus))
        if how == "cut off":
            os.kill(primary.pid, signal.SIGCONT)
            await _grants_nothing(primary)
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.kill(primary.pid, signal.SIGCONT)
        await store.stop()
        await link.stop()
        await nats.stop()
    assert crowd.unknown
    assert check(crowd.recorded, evidence) == []


async def _promoted(replicas: list[ValkeyServer]) -> ValkeyServer:
    """Of two replicas, one of which has all that was answered, the one that is further must be the next primary."""
    offsets = {replica: (await _command(replica, "info", "replication"))["slave_repl_offset"] for replica in replicas}
    new = max(replicas, key=lambda replica: offsets[replica])
    await _command(new, "replicaof", "NO", "ONE")
    for replica in replicas:
        if replica is not new:
            await _follow(replica, new)
    return new


async def _grants_nothing(primary: ValkeyServer) -> None:
    """It takes itself for the primary still, and nobody has its word on disk."""
    store = ValkeyStore(primary.url, synced_replicas=1, timeout=1)
    try:
        with pytest.raises(MeterUnavailable):
            await store.consume([claim(guest())])
    finally:
        await store.stop()


async def _follow(replica: ValkeyServer, primary: ValkeyServer) -> None:
    await _command(replica, "replicaof", LOOPBACK, primary.port)

    async def linked() -> bool:
        return (await _command(replica, "info", "replication"))["master_link_status"] == "up"

    await until(linked)


async def _command(server: ValkeyServer, name: str, *arguments):
    store = ValkeyStore(server.url)
    try:
        return await getattr(store._client, name)(*arguments)
    finally:
        await store.stop()


def _claim(subject: str, code: str, recorded: Recorded) -> Claim:
    if subject in recorded.accounts:
        return account_claim(subject, code, request_id=secrets.token_hex(6), on=terms(recorded.accounts[subject].guest))
    return claim(subject, code, request_id=secrets.token_hex(6))


async def _is(value: bool) -> bool:
    return value
