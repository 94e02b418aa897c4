"""Grants in Valkey or Redis: one function call decides a batch (functions.lua has the keys and the rules)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from importlib import resources
from typing import Any

import structlog
from redis.asyncio import BlockingConnectionPool, Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import RedisError, ResponseError
from redis.exceptions import TimeoutError as RedisTimeoutError

from ..domain.views import CLOCK_SKEW_SECONDS, GUEST_LIFETIME_SECONDS, Claim, Decision, Grant, LedgerEntry
from ..ports import Decisions, LedgerDamaged, MeterUnavailable, NotVerified, Pending, StoreStatus

# Names a key of the one slot that all keys share, so that a cluster client knows where to call a function.
SLOT_KEY = "{m}:seq"
LIBRARY = "medcodes_metering_v1"
SCAN_COUNT = 1000
WAIT_SECONDS = 1.0
LIFETIME_MS = (GUEST_LIFETIME_SECONDS + CLOCK_SKEW_SECONDS) * 1000

WANTED_SETTINGS = {"appendonly": "yes", "appendfsync": "always", "maxmemory-policy": "noeviction"}

log = structlog.get_logger(__name__)


class ValkeyStore:
    """Fills `GrantStore` and `RestorableStore`; a component with a pool of connections that open when needed.

    `timeout` is for one answer, in seconds. With `synced_replicas` above 0 a decision is answered only after that many
    replicas have it in their append-only files, else it is unknown.
    """

    def __init__(self, url: str, *, timeout: float = 2.0, connections: int = 16, synced_replicas: int = 0) -> None:
        self._timeout, self._synced_replicas = timeout, synced_replicas
        self._deadline = max(timeout, 2 * WAIT_SECONDS)
        pool = BlockingConnectionPool.from_url(
            _redis_url(url),
            max_connections=connections,
            timeout=timeout,
            # One deadline around the whole call is set below; the client's own costs a task for every write.
            socket_timeout=None,
            socket_connect_timeout=timeout,
            # Whether a call that was cut off has granted something is for the caller to find out, by its request id.
            retry=Retry(NoBackoff(), 0),
            protocol=2,
            decode_responses=True,
        )
        self._client: Redis = Redis.from_pool(pool)

    async def start(self) -> None:
        """Connects to nothing yet: Valkey may come later."""

    async def stop(self) -> None:
        await self._client.aclose()

    # GrantStore

    async def consume(self, claims: Sequence[Claim]) -> Decisions:
        items = "\n".join(
            f"{subject}|{page}|{request_id}|{ends_at}|{-1 if limit is None else limit}|{look_only:d}"
            for subject, page, request_id, ends_at, limit, look_only in claims
        )
        flat = await self._consume(items)
        decisions = [
            Decision(outcome, charged == 1, used, granted_at_ms)
            for outcome, charged, used, granted_at_ms in zip(*(iter(flat[1:]),) * 4, strict=True)
        ]
        return Decisions(flat[0], decisions)

    async def meter(self, subject: str) -> tuple[int, int]:
        as_of_ms, used = await self._call("meter", subject, reads=True)
        return used, as_of_ms

    async def views(self, subject: str) -> Sequence[Grant]:
        flat = iter(await self._call("views", subject, reads=True))
        return [_grant(page, value) for page, value in zip(flat, flat, strict=True)]

    # Outbox

    async def pending(self, after: int, limit: int) -> Pending:
        run, *flat = await self._call("pending", after, limit, reads=True)
        pairs = iter(flat)
        return Pending(run, [_entry(key, packed) for key, packed in zip(pairs, pairs, strict=True)])

    async def wait(self, after: int) -> None:
        await self._guarded(self._client.xread({"{m}:ledger": f"{after}-0"}, 1, int(WAIT_SECONDS * 1000)))

    async def trim(self, run: str, through: int) -> None:
        await self._call("trim", run, through)

    # RestorableStore

    async def status(self) -> StoreStatus:
        try:
            found = await self._call("status", reads=True)
        except NotVerified:  # the server does not even know the functions
            await self.prepare()
            found = await self._call("status", reads=True)
        run, verified, sequence, generation, waiting = found
        return StoreStatus(run, verified == 1, sequence, int(generation), waiting)

    async def prepare(self) -> None:
        source = resources.files(__package__).joinpath("functions.lua").read_text("utf-8")
        present = await self._guarded(self._client.function_list(LIBRARY, True))
        # Loading is a write: repeated at every try it would fill the append-only file.
        if not present or source not in present[0]:
            await self._guarded(self._client.function_load(source, replace=True))
        await self._warn_of_settings()

    async def replay(self, entries: Sequence[LedgerEntry]) -> int:
        return int(await self._call("replay", entries[0].sequence, *map(_packed, entries)))

    async def verify(self, run: str, through: int) -> bool:
        return bool(await self._call("verify", run, through))

    async def begin_generation(self) -> int:
        return int(await self._call("begin_generation"))

    async def fill_generation(self, generation: int, entries: Sequence[LedgerEntry]) -> int:
        return int(await self._call("fill_generation", generation, entries[0].sequence, *map(_packed, entries)))

    async def swap_generation(self, generation: int, limit: int) -> tuple[bool, int]:
        swapped, through = await self._call("swap_generation", generation, limit)
        return swapped == 1, through

    async def drop_generations(self, before: int) -> int:
        dropped = 0
        async for keys in self._scan("{m}:[0-9]*"):
            old = [key for key in keys if int(key.split(":", 2)[1]) < before]
            if old:
                dropped += int(await self._guarded(self._client.unlink(*old)))
        return dropped

    async def subjects(self) -> AsyncIterator[tuple[str, Mapping[str, tuple[int, str]]]]:
        generation = (await self.status()).generation
        prefix = f"{{m}}:{generation}:s:"
        async for keys in self._scan(prefix + "*"):
            pipeline = self._client.pipeline(transaction=False)
            for key in keys:
                pipeline.hgetall(key)
            for key, values in zip(keys, await self._guarded(pipeline.execute()), strict=True):
                grants = {page: _time_and_request(value) for page, value in values.items()}
                if grants:  # else it has ended since the scan saw it
                    yield key.removeprefix(prefix), grants

    # Calls

    async def _warn_of_settings(self) -> None:
        try:
            found = await self._client.config_get(*WANTED_SETTINGS)
        except RedisError:  # hosted servers do not say
            return
        for name, wanted in WANTED_SETTINGS.items():
            if (value := found.get(name, wanted)) != wanted:
                log.warning("valkey can lose grants", setting=name, value=value, wanted=wanted)

    async def _consume(self, items: str) -> list[int]:
        if not self._synced_replicas:
            return list(await self._call("consume", LIFETIME_MS, items))
        pipeline = self._client.pipeline(transaction=False)
        pipeline.fcall("medcodes_consume_v1", 1, SLOT_KEY, str(LIFETIME_MS), items)
        # WAITAOF waits for this connection's own last write only; without one, a grant that an earlier connection wrote
        # would be repeated before the replicas have it.
        pipeline.incr("{m}:answers")
        for wait_ms in _waits(self._timeout):
            pipeline.waitaof(1, self._synced_replicas, wait_ms)
        results, *_, synced = await self._guarded(pipeline.execute())
        if synced[1] < self._synced_replicas:
            raise MeterUnavailable("not enough replicas of the store have answered")
        return list(results)

    async def _call(self, name: str, *arguments: str | int, reads: bool = False) -> Any:
        call = self._client.fcall_ro if reads else self._client.fcall
        return await self._guarded(call(f"medcodes_{name}_v1", 1, SLOT_KEY, *arguments))

    async def _scan(self, pattern: str) -> AsyncIterator[list[str]]:
        cursor = 0
        while True:
            cursor, keys = await self._guarded(self._client.scan(cursor, pattern, SCAN_COUNT))
            if keys:
                yield keys
            if not cursor:
                return

    async def _guarded(self, answer: Any) -> Any:
        """The answer, or what its failure means to a caller."""
        try:
            async with asyncio.timeout(self._deadline):
                return await answer
        except (RedisConnectionError, RedisTimeoutError, TimeoutError, OSError) as error:
            raise MeterUnavailable("the store does not answer") from error
        except ResponseError as error:
            raise _meaning(str(error)) from error
        except RedisError as error:
            raise MeterUnavailable("the store does not answer") from error


def _waits(seconds: float) -> list[int]:
    """Time-outs in ms for WAITAOFs one after the other, each longer than the last, for somewhat less than `seconds`.

    Each one asks the replicas again how far their disks are. A replica answers before it has synced what it just got,
    and speaks up by itself once a second only, so that a single WAITAOF takes about that long.
    """
    waits, left = [2], int(seconds * 900)
    while sum(waits) + waits[-1] * 2 < left:
        waits.append(waits[-1] * 2)
    return waits


def _meaning(said: str) -> Exception:
    if said.startswith("UNVERIFIED") or "unction not found" in said:
        return NotVerified("the store is being compared with the ledger")
    if said.startswith("GAP"):
        return LedgerDamaged(f"the ledger lacks entries {said[4:]}")
    if said.startswith("SUPERSEDED"):
        return MeterUnavailable("another rebuild has finished meanwhile")
    log.error("valkey refused a call", said=said)
    return MeterUnavailable("the store refused the call")


def _redis_url(url: str) -> str:
    """Valkey's own schemes in the words of the client library."""
    for scheme, known in (("valkey://", "redis://"), ("valkeys://", "rediss://")):
        if url.startswith(scheme):
            return known + url.removeprefix(scheme)
    return url


def _packed(entry: LedgerEntry) -> str:
    return f"{entry.subject}|{entry.page}|{entry.granted_at_ms}|{entry.request_id}|{entry.ends_at}"


def _entry(key: str, packed: str) -> LedgerEntry:
    subject, page, time, request_id, ends_at = packed.split("|")
    return LedgerEntry(int(key.removesuffix("-0")), subject, page, int(time), request_id, int(ends_at))


def _time_and_request(value: str) -> tuple[int, str]:
    time, request_id = value.split("|")
    return int(time), request_id


def _grant(page: str, value: str) -> Grant:
    system, code = page.split(":")
    return Grant(system, code, *_time_and_request(value))
