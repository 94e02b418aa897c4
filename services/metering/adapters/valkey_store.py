"""Grants in Valkey or Redis: one function call decides a batch (functions/*.lua have the keys and the rules)."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from importlib import resources
from typing import Any

import structlog
from redis.asyncio import Redis
from redis.exceptions import RedisError

from ..domain.views import (
    CLOCK_SKEW_SECONDS,
    GUEST_LIFETIME_SECONDS,
    Claim,
    Decision,
    Grant,
    LedgerEntry,
    Reading,
    Terms,
    Window,
)
from ..ports import Decisions, Holding, MeterUnavailable, NotVerified, Pending, StoreStatus
from .valkey_client import client, guarded

# Names a key of the one slot that all keys share, so that a cluster client knows where to call a function.
SLOT_KEY = "{m}:seq"
VERSION = "v2"
LIBRARY = f"medcodes_metering_{VERSION}"
SOURCES = ("1_subjects.lua", "2_views.lua", "3_ledger.lua")
# The field of a subject's hash that is no page, and what it can hold of a guest and of an account.
MARK, SEALED, ERASED = "!", "sealed", "erased"
SCAN_COUNT = 1000
WAIT_SECONDS = 1.0
LIFETIME_MS = (GUEST_LIFETIME_SECONDS + CLOCK_SKEW_SECONDS) * 1000

WANTED_SETTINGS = {"appendonly": "yes", "appendfsync": "always", "maxmemory-policy": "noeviction"}

log = structlog.get_logger(__name__)


class ValkeyStore:
    """Fills `GrantStore` and `RestorableStore`; a component with a pool of connections that open when needed.

    `timeout` is for one answer, in seconds. With `synced_replicas` above 0 a decision is answered only after that many
    replicas have it in their append-only files, else it is unknown. `network_cap` is how many new grants a day the
    guests of one network get; 0: any number.
    """

    def __init__(
        self,
        url: str,
        *,
        timeout: float = 2.0,
        connections: int = 16,
        synced_replicas: int = 0,
        network_cap: int = 0,
    ) -> None:
        self._timeout, self._synced_replicas, self._network_cap = timeout, synced_replicas, network_cap
        self._deadline = max(timeout, 2 * WAIT_SECONDS)
        self._client: Redis = client(url, timeout=timeout, connections=connections)

    async def start(self) -> None:
        """Connects to nothing yet: Valkey may come later."""

    async def stop(self) -> None:
        await self._client.aclose()

    # GrantStore

    async def consume(self, claims: Sequence[Claim]) -> Decisions:
        items = "\n".join(
            f"{subject}|{page}|{request_id}|{ends_at}|{-1 if limit is None else limit}|{look_only:d}|"
            f"{network if terms is None else _terms(terms)}"
            for subject, page, request_id, ends_at, limit, look_only, network, terms in claims
        )
        flat = await self._consume(items)
        decisions = [
            Decision(outcome, charged == 1, used, granted_at_ms, None if limit < 0 else limit, ends_at_ms)
            for outcome, charged, used, granted_at_ms, limit, ends_at_ms in zip(*(iter(flat[1:]),) * 6, strict=True)
        ]
        return Decisions(flat[0], decisions)

    async def meter(self, subject: str, limit: int | None, terms: Terms | None = None) -> Reading:
        arguments = subject, -1 if limit is None else limit
        as_of_ms, used, most, unmerged = await self._call("meter", *arguments, reads=True)
        if unmerged and terms and terms.guest:
            await self.merge(subject, terms)
            as_of_ms, used, most, _ = await self._call("meter", *arguments, reads=True)
        return Reading(used, None if most < 0 else most, as_of_ms)

    async def views(self, subject: str, terms: Terms | None = None) -> Sequence[Grant]:
        unmerged, *flat = await self._call("views", subject, reads=True)
        if unmerged and terms and terms.guest:
            await self.merge(subject, terms)
            _, *flat = await self._call("views", subject, reads=True)
        pairs = iter(flat)
        return [_grant(page, value) for page, value in zip(pairs, pairs, strict=True)]

    async def merge(self, account: str, terms: Terms) -> int | None:
        copied = int(await self._write("merge", account, *_terms(terms).split("|")))
        return None if copied < 0 else copied

    async def erase(self, account: str) -> bool:
        return bool(await self._write("erase", account))

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
        source = functions()
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

    async def subjects(self) -> AsyncIterator[tuple[str, Holding]]:
        generation = (await self.status()).generation
        prefix = f"{{m}}:{generation}:s:"
        async for keys in self._scan(prefix + "*"):
            pipeline = self._client.pipeline(transaction=False)
            for key in keys:
                pipeline.hgetall(key)
            for key, values in zip(keys, await self._guarded(pipeline.execute()), strict=True):
                if values:  # else it has ended since the scan saw it
                    yield key.removeprefix(prefix), _holding(values)

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
        return list(await self._write("consume", LIFETIME_MS, self._network_cap, items))

    async def _write(self, name: str, *arguments: str | int) -> Any:
        """The answer of a function that writes, once the replicas that must have it have it."""
        if not self._synced_replicas:
            return await self._call(name, *arguments)
        pipeline = self._client.pipeline(transaction=False)
        pipeline.fcall(f"medcodes_{name}_{VERSION}", 1, SLOT_KEY, *map(str, arguments))
        # WAITAOF waits for this connection's own last write only; without one, a grant that an earlier connection wrote
        # would be repeated before the replicas have it.
        pipeline.incr("{m}:answers")
        for wait_ms in _waits(self._timeout):
            pipeline.waitaof(1, self._synced_replicas, wait_ms)
        result, *_, synced = await self._guarded(pipeline.execute())
        if synced[1] < self._synced_replicas:
            raise MeterUnavailable("not enough replicas of the store have answered")
        return result

    async def _call(self, name: str, *arguments: str | int, reads: bool = False) -> Any:
        call = self._client.fcall_ro if reads else self._client.fcall
        return await self._guarded(call(f"medcodes_{name}_{VERSION}", 1, SLOT_KEY, *arguments))

    async def _scan(self, pattern: str) -> AsyncIterator[list[str]]:
        cursor = 0
        while True:
            cursor, keys = await self._guarded(self._client.scan(cursor, pattern, SCAN_COUNT))
            if keys:
                yield keys
            if not cursor:
                return

    async def _guarded(self, answer: Any) -> Any:
        return await guarded(answer, self._deadline)


def functions() -> str:
    """The library of functions that the store is given."""
    folder = resources.files(__package__).joinpath("functions")
    return "".join(folder.joinpath(name).read_text("utf-8") for name in SOURCES)


def _waits(seconds: float) -> list[int]:
    """Time-outs in ms for WAITAOFs one after the other, each longer than the last, for somewhat less than `seconds`.

    Each one asks the replicas again how far their disks are. A replica answers before it has synced what it just got,
    and speaks up by itself once a second only, so that a single WAITAOF takes about that long.
    """
    waits, left = [2], int(seconds * 900)
    while sum(waits) + waits[-1] * 2 < left:
        waits.append(waits[-1] * 2)
    return waits


def _terms(terms: Terms) -> str:
    window, days, guest, guest_ends_at = terms
    letter = "" if window == Window.NONE else "m" if window == Window.CALENDAR_MONTH else f"d{days}"
    return f"{letter}|{guest}|{guest_ends_at}"


def _packed(entry: LedgerEntry) -> str:
    _, subject, page, time, request_id, ends_at_ms, kind, guest, copied = entry
    return f"{subject}|{page}|{time}|{request_id}|{ends_at_ms}|{kind}|{guest}|{copied}"


def _entry(sequence: int, packed: str) -> LedgerEntry:
    subject, page, time, request_id, ends, *more = packed.split("|")
    if not more:  # a guest's grant, in seconds
        return LedgerEntry(sequence, subject, page, int(time), request_id, int(ends) * 1000)
    kind, guest, copied = more
    return LedgerEntry(sequence, subject, page, int(time), request_id, int(ends), int(kind), guest, int(copied))


def _grant(page: str, value: str) -> Grant:
    system, code = page.split(":")
    time, request_id, *more = value.split("|")
    ends, copied = more or ("0", "")
    return Grant(system, code, int(time), request_id, int(ends), copied == "c")


def _holding(values: Mapping[str, str]) -> Holding:
    mark = values.get(MARK, "")
    grants = {page: _grant(page, value) for page, value in values.items() if page != MARK}
    return Holding(grants, sealed=mark == SEALED, merged=mark.endswith("|m"), erased=mark == ERASED)
