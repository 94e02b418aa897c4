"""What 2,000,000 subjects take: bytes in Valkey, and the time to restore them from the ledger.

Topology: nats-server (`sync_interval: always`) and valkey-server (`appendfsync always`) alone, and the command
`medcodes metering rebuild`, a process of its own. The ledger is seeded once by the relay's own code, in messages of 512
entries: guests with one grant each, as most subjects are. `restore_s` is what metering does after Valkey was lost: it
gives an empty one what the ledger has. Then the command replays the ledger into a second generation beside the first
one, swaps the two, and deletes the first one: in every round anew, but in three at most.
"""

from __future__ import annotations

import asyncio
import os
import secrets
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path

from redis.asyncio import Redis

from benchmarks.report import Figure
from services.common.events import Bus
from services.metering.adapters.ledger import JetStreamLedger
from services.metering.adapters.valkey_store import ValkeyStore
from services.metering.domain.views import GUEST_LIFETIME_SECONDS, LedgerEntry
from services.metering.ports import MAX_ENTRIES
from services.metering.recovery import recover
from services.standalone.servers import NatsServer, ValkeyServer

SUBJECTS = 2_000_000
REBUILDS = 3
"""At most so many rounds: each takes a minute or more."""

HOW = f"{SUBJECTS:,} guests with a grant each; nats-server and valkey-server alone"


def measure(rounds: int) -> list[Figure]:
    with tempfile.TemporaryDirectory() as name:
        return asyncio.run(_measure(Path(name), rounds))


async def _measure(folder: Path, rounds: int) -> list[Figure]:
    nats, valkey = NatsServer(folder / "nats"), ValkeyServer(folder / "valkey")
    await asyncio.gather(nats.start(), valkey.start())
    bus, client = Bus(nats.url, "benchmark"), Redis.from_url(valkey.url.replace("valkey://", "redis://"))
    await bus.start()
    try:
        await asyncio.wait_for(bus.wait_connected(), 10)
        ledger, store = JetStreamLedger(bus), ValkeyStore(valkey.url)
        await ledger.prepare()
        await _seed(ledger)
        await store.prepare()
        empty = await _memory(client, "used_memory")
        restore = await _restore(store, ledger)
        each = (await _memory(client, "used_memory") - empty) / SUBJECTS
        print(f"  restored in {restore:.1f} s, {each:.0f} bytes a subject", flush=True)
        environment = {
            "MEDCODES_STATE_DIR": str(folder / "state"),
            "MEDCODES_NATS_URL": nats.url,
            "MEDCODES_VALKEY_URL": valkey.url,
        }
        rebuilds = [await asyncio.to_thread(_rebuild, environment) for _ in range(min(rounds, REBUILDS))]
        peak = (await _memory(client, "used_memory_peak") - empty) / SUBJECTS
        await store.stop()
    finally:
        await client.aclose()
        await bus.stop()
        await asyncio.gather(nats.stop(), valkey.stop())
    return [
        Figure("bytes_per_subject", [each], None, HOW + "; used_memory, less that of an empty one"),
        Figure("rebuild_peak_bytes_per_subject", [peak], None, HOW + "; used_memory_peak, with two generations"),
        Figure("restore_s", [restore], None, HOW + "; into an empty Valkey, as metering does after it was lost"),
        Figure("rebuild_s", [seconds for seconds, _ in rebuilds], None, HOW + "; the command"),
        Figure("rebuild_peak_mib", [mib for _, mib in rebuilds], None, HOW + "; the command's own memory"),
    ]


async def _seed(ledger: JetStreamLedger) -> None:
    began, tail = time.perf_counter(), await ledger.take_over("benchmark")
    for first in range(1, SUBJECTS + 1, MAX_ENTRIES):
        tail = await ledger.append(
            [_entry(number) for number in range(first, min(first + MAX_ENTRIES, SUBJECTS + 1))], tail
        )
    print(f"  {SUBJECTS:,} entries in the ledger after {time.perf_counter() - began:.1f} s", flush=True)


def _entry(sequence: int) -> LedgerEntry:
    """A guest's grant, with identifiers as long as the gateway's."""
    now = int(time.time())
    return LedgerEntry(
        sequence,
        "g." + secrets.token_urlsafe(16),
        "cpt:27250",
        now * 1000 + sequence % 1000,
        secrets.token_hex(16),
        (now + GUEST_LIFETIME_SECONDS - sequence % 86400) * 1000,
    )


async def _restore(store: ValkeyStore, ledger: JetStreamLedger) -> float:
    began = time.perf_counter()
    status = await recover(store, ledger)
    if status.sequence != SUBJECTS:
        raise RuntimeError(f"{status.sequence} entries were restored, not {SUBJECTS}")
    return time.perf_counter() - began


def _rebuild(environment: Mapping[str, str]) -> tuple[float, float]:
    """Seconds, and MiB at the most."""
    began = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, "-m", "services", "metering", "rebuild"],
        env={**os.environ, **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - began
    said, complained = process.stdout.read(), process.stderr.read()
    if os.waitstatus_to_exitcode(status) or f"{SUBJECTS} ledger entries replayed" not in said:
        raise RuntimeError(said + complained)
    mib = usage.ru_maxrss / (2**10 if sys.platform != "darwin" else 2**20)
    print(f"  rebuilt in {seconds:.1f} s, {mib:.0f} MiB", flush=True)
    return seconds, mib


async def _memory(client: Redis, what: str) -> int:
    return int((await client.info("memory"))[what])
