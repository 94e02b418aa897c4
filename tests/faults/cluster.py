"""All of Medcodes as processes that can be killed one by one, with two replicas of metering and of the gateway."""

from __future__ import annotations

import asyncio
import contextlib
import os
import random
import shutil
import signal
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import httpx

from services.common.events import Bus
from services.metering.adapters.ledger import STREAM, JetStreamLedger
from services.metering.adapters.valkey_store import ValkeyStore
from services.metering.ports import MeterUnavailable
from services.standalone.ports import LOOPBACK, free_port
from services.standalone.servers import NatsServer, Server, ValkeyServer
from services.standalone.supervisor import ServiceProcess
from tests.faults import torn_file
from tests.faults.proxy import Link
from tests.faults.schedule import Fault
from tests.machine import ROOT

REAL = "services"
REPLICAS = (1, 2)
SETTINGS = {
    # Hashing costs nothing here, and all visitors come from one address.
    "MEDCODES_ARGON2_MEMORY_KIB": "8",
    "MEDCODES_ARGON2_PASSES": "1",
    "MEDCODES_REGISTRATIONS_PER_NETWORK": "0",
    "MEDCODES_LOGIN_FAILURES_PER_EMAIL": "0",
    "MEDCODES_LOGIN_FAILURES_PER_NETWORK": "0",
    "MEDCODES_GUEST_SECRET": "the same for both gateways, and not a secret at all",
    "MEDCODES_LOG_LEVEL": "warning",
}
READY_SECONDS = 60.0


class Replica(ServiceProcess):
    """One service in a process of its own; `module` is what runs it, another one than `services` for a broken one."""

    def __init__(self, label: str, service: str, port: int, logs: Path, environment: dict[str, str]) -> None:
        super().__init__([service], port, logs, environment)
        self.name, self.module = label, REAL

    def command(self) -> list[str]:
        return [sys.executable, "-m", self.module, "serve", *self.names]


class Cluster:
    """`parts` are processes, `links` the proxies between them, by the names that schedules use."""

    def __init__(self, state: Path) -> None:
        self._state, self._logs = state, state / "logs"
        self.nats, self.valkey = NatsServer(state / "nats"), ValkeyServer(state / "valkey")
        self.parts: dict[str, Server] = {"nats": self.nats, "valkey": self.valkey}
        self.links: dict[str, Link] = {}
        self.store, self.bus = ValkeyStore(self.valkey.url, timeout=5), Bus(self.nats.url, "faults")
        self.ledger = JetStreamLedger(self.bus)
        self._busy: dict[str, asyncio.Lock] = {}
        # Deleted accounts whose erasure was not waited for: an event can be given again after half a minute only.
        self.owed: set[str] = set()

    @property
    def targets(self) -> list[str]:
        return [name for name in self.parts if name != "catalog"]

    @property
    def urls(self) -> list[str]:
        return [f"http://{LOOPBACK}:{self.parts[f'gateway-{number}'].port}" for number in REPLICAS]

    async def start(self) -> None:
        await asyncio.gather(self.nats.start(), self.valkey.start())
        await self.bus.start()
        common = {
            **SETTINGS,
            "MEDCODES_STATE_DIR": str(self._state),
            "MEDCODES_NATS_URL": self.nats.url,
            "PYTHONPATH": str(ROOT),
        }
        catalog, accounts = (self._add(name, name, common) for name in ("catalog", "accounts"))
        for number in REPLICAS:
            store_link = await self._link(f"metering-{number}>valkey", self.valkey.port, repeats=True)
            valkey_url = f"valkey://{LOOPBACK}:{store_link.port}/0"
            metering = self._add(f"metering-{number}", "metering", {**common, "MEDCODES_VALKEY_URL": valkey_url})
            link = await self._link(f"gateway-{number}>metering", metering.port, repeats=False)
            addresses = {"catalog": catalog.port, "accounts": accounts.port, "metering": link.port}
            settings = {f"MEDCODES_{name.upper()}_ADDRESS": f"{LOOPBACK}:{port}" for name, port in addresses.items()}
            self._add(f"gateway-{number}", "gateway", {**common, **settings})
        others = [part for part in self.parts.values() if part not in (self.nats, self.valkey)]
        await asyncio.gather(*(part.start() for part in others))
        await self.until_ready()

    async def stop(self) -> None:
        await asyncio.gather(*(link.stop() for link in self.links.values()))
        await self.bus.stop()
        await self.store.stop()
        for part in self.parts.values():
            with contextlib.suppress(OSError):
                os.kill(part.pid, signal.SIGCONT)
            part.kill()
        await asyncio.gather(*(part.wait() for part in self.parts.values()))

    async def inflict(self, fault: Fault) -> None:
        async with self._busy.setdefault(fault.target, asyncio.Lock()):
            if fault.target in self.links:
                await self.links[fault.target].misbehave(fault.kind, fault.seconds)
            elif fault.kind == "stop":
                await self._pause(self.parts[fault.target], fault.seconds)
            else:
                part = self.parts[fault.target]
                part.kill()
                await part.wait()
                if fault.kind == "tear":
                    torn_file.tear(self.valkey.store, await self._relayed(), random.Random(str(fault)))
                await asyncio.sleep(fault.seconds)
                await part.start()

    async def until_ready(self) -> None:
        """Returns once every gateway reaches every service, and both replicas of metering serve."""
        async with httpx.AsyncClient(timeout=3) as client:
            for url in self.urls:
                await _until(lambda url=url: _is_well(client, url), READY_SECONDS)

    async def begin_anew(self, module: str = REAL) -> None:
        """Empties the meter and its ledger, and has metering run by `module`."""
        replicas = [self.parts[f"metering-{number}"] for number in REPLICAS]
        for part in (*replicas, self.valkey):
            part.kill()
            await part.wait()
        shutil.rmtree(self.valkey.store / "appendonlydir")
        await self.bus.js.delete_stream(STREAM)
        self.owed.clear()
        await self.valkey.start()
        for part in replicas:
            part.module = module
        await asyncio.gather(*(part.start() for part in replicas))
        await self.until_ready()

    async def _relayed(self) -> int:
        """The last entry that the ledger has for sure."""
        try:
            return (await asyncio.wait_for(self.ledger.tail(), 1)).through
        except (MeterUnavailable, TimeoutError):
            return 0

    async def _pause(self, part: Server, seconds: float) -> None:
        os.kill(part.pid, signal.SIGSTOP)
        await asyncio.sleep(seconds)
        os.kill(part.pid, signal.SIGCONT)

    def _add(self, label: str, service: str, environment: dict[str, str]) -> Replica:
        port = free_port()
        listen = {"MEDCODES_HTTP_PORT": str(port)}
        if service != "gateway":
            listen = {f"MEDCODES_{service.upper()}_LISTEN": f"{LOOPBACK}:{port}"}
        replica = Replica(label, service, port, self._logs, environment | listen)
        self.parts[label] = replica
        return replica

    async def _link(self, name: str, port: int, *, repeats: bool) -> Link:
        self.links[name] = Link(port, repeats=repeats)
        await self.links[name].start()
        return self.links[name]


@contextlib.asynccontextmanager
async def running(state: Path) -> AsyncIterator[Cluster]:
    """A cluster on a state folder that has a release."""
    cluster = Cluster(state)
    try:
        await cluster.start()
        yield cluster
    finally:
        await cluster.stop()


async def _is_well(client: httpx.AsyncClient, url: str) -> bool:
    """Ready, nothing failing, and able to say what a visitor has left."""
    try:
        ready, meter = await client.get(f"{url}/readyz"), await client.get(f"{url}/api/v1/meter")
    except httpx.HTTPError:
        return False
    return ready.status_code == 200 and not ready.json().get("failing") and meter.status_code == 200


async def _until(check: Callable[[], Awaitable[bool]], seconds: float) -> None:
    async with asyncio.timeout(seconds):
        while not await check():
            await asyncio.sleep(0.05)
