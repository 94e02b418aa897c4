"""After every start of the store: compare it with the ledger, restore what it lacks, and only then let it serve."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import structlog
from prometheus_client import Counter, Gauge

from .ports import Ledger, LedgerDamaged, LedgerFenced, MeterUnavailable, RestorableStore, StoreStatus

PAUSE_SECONDS = 0.2

log = structlog.get_logger(__name__)
_lag = Gauge("metering_ledger_lag", "Ledger entries that are not yet relayed.")
_verified = Gauge("metering_store_verified", "1 while Valkey answers and was compared with the ledger, else 0.")
_lost = Counter(
    "metering_lost_entries", "Ledger entries that the store had, and neither it nor the ledger has any more."
)


async def recover(store: RestorableStore, ledger: Ledger, *, anyway: bool = False) -> StoreStatus:
    """Makes sure that the store holds all that the ledger holds and may serve; `anyway`: even if it says that it does.

    The ledger is taken over for the store's present run *before* its end is read: a relay that still holds entries of
    an earlier run, which this one may have lost, can write no more. May run in several replicas at once, and again
    after any failure. Raises `MeterUnavailable`, or `LedgerDamaged` if the ledger cannot restore the store.
    """
    status = await store.status()
    if status.verified and not anyway:
        return status
    await ledger.prepare()
    tail = await ledger.take_over(status.run)
    if status.sequence < tail.through:
        log.warning("restoring grants", have=status.sequence, ledger=tail.through)
        async for entries in ledger.read(status.sequence):
            await store.replay(entries)
    if not await store.verify(status.run, tail.through):
        raise MeterUnavailable("the store restarted while it was compared with the ledger")
    log.info("store verified", run=status.run, store=status.sequence, ledger=tail.through)
    return await store.status()


class Recovery:
    """Keeps the store verified. Run `run` as a `Task`; `is_verified` is the health check.

    `on_verified` is called each time the store may serve again. A store that comes back with less than it had when it
    was last looked at, and which the ledger does not have either, has lost grants that may have been answered. Nothing
    brings them back, but it is said.
    """

    def __init__(self, store: RestorableStore, ledger: Ledger, on_verified: Callable[[], Awaitable[None]]) -> None:
        self._store, self._ledger, self._on_verified = store, ledger, on_verified
        self._suspected = asyncio.Event()
        self._newest = 0  # entry that the store is known to have had

    def suspect(self) -> None:
        """Somebody was told that the store is not verified."""
        self._suspected.set()

    async def is_verified(self) -> bool:
        try:
            status = await self._store.status()
        except MeterUnavailable:
            self.suspect()  # it may come back as another run
            _verified.set(0)
            return False
        _lag.set(status.waiting)
        _verified.set(status.verified)
        if not status.verified:
            self.suspect()
        else:
            self._newest = max(self._newest, status.sequence)
        return status.verified

    async def run(self) -> None:
        said, prepared = "", False
        while True:
            self._suspected.clear()
            try:
                if not prepared:
                    await self._store.prepare()
                    prepared = True
                self._compare_with_before(await recover(self._store, self._ledger))
            except (MeterUnavailable, LedgerFenced, LedgerDamaged) as error:
                if str(error) != said:
                    said = str(error)
                    log.warning("cannot verify the store yet", reason=said)
                await asyncio.sleep(PAUSE_SECONDS)
                continue
            said = ""
            await self._on_verified()
            await self._suspected.wait()

    def _compare_with_before(self, status: StoreStatus) -> None:
        if lost := max(0, self._newest - status.sequence):
            _lost.inc(lost)
            log.error(
                "entries are lost: neither the store nor the ledger has them", entries=lost, after=status.sequence
            )
        self._newest = status.sequence
