"""The relay: ledger entries that the store wrote with its grants reach the ledger, in order, once.

It has its own loop rather than the one of `common.outbox`: the entries' store can lose its newest entries (a failover),
so that the ledger also fences by the run of the store that entries come from.
"""

from __future__ import annotations

import asyncio
import random
from collections import Counter as Tally

import structlog
from prometheus_client import Counter

from .domain.views import EntryKind
from .ports import MAX_ENTRIES, Announcer, Ledger, LedgerFenced, MeterUnavailable, RestorableStore, Tail

# So that views of the same moment share a message, and a disk sync of the ledger: at 3,000 views a second a message
# for every few of them would cost more than the views do.
GATHER_SECONDS = 0.05
STAND_BY_SECONDS = 0.5
PAUSE_SECONDS = 0.2

log = structlog.get_logger(__name__)
_relayed = Counter("metering_ledger_entries", "Ledger entries relayed, by what they say.", ["kind"])
_gaps = Counter("metering_ledger_gaps", "Times that entries were missing between the ledger and the store.")


class Relay:
    """Moves entries from the store to the ledger, and forgets them in the store once the ledger has acknowledged them.

    One at a time is active: of two that write, the ledger refuses the second, which stands by until the ledger's end no
    longer moves. Other services are told of merges and erasures once the ledger has them, and before anything follows
    in the ledger: so only those of its newest entries may not have been told, and are told (again) when a relay begins.
    Run `run` as a `Task`.
    """

    def __init__(self, store: RestorableStore, ledger: Ledger, announcer: Announcer) -> None:
        self._store, self._ledger, self._announcer = store, ledger, announcer

    async def run(self) -> None:
        said = ""
        while True:
            try:
                tail = await self._begin()
                said = ""
                while True:
                    tail = await self.relay(tail)
            except LedgerFenced:
                await self._stand_by()
            except MeterUnavailable as error:
                if str(error) != said:
                    said = str(error)
                    log.info("relay waits", reason=said)
                await asyncio.sleep(PAUSE_SECONDS)

    async def relay(self, tail: Tail) -> Tail:
        """Relays what waits behind `tail`, at most one message; waits for at most a second if nothing does.

        Raises `LedgerFenced` if another relay is active or the store is in another run than the ledger's, and
        `MeterUnavailable`; in both cases the tail must be read again.
        """
        run, entries = await self._store.pending(tail.through, MAX_ENTRIES)
        if run != tail.run:
            raise LedgerFenced("the store has restarted")
        if not entries:
            await self._store.wait(tail.through)
            await asyncio.sleep(GATHER_SECONDS)
            return tail
        if entries[0].sequence != tail.through + 1:
            _gaps.inc()
            log.error("the ledger lacks entries", after=tail.through, before=entries[0].sequence)
        tail = await self._ledger.append(entries, tail)
        for kind, count in Tally(entry.kind for entry in entries).items():
            _relayed.labels(EntryKind(kind).name.lower()).inc(count)
        await self._announcer.tell(entries)
        await self._store.trim(run, tail.through)
        if len(entries) < MAX_ENTRIES:
            await asyncio.sleep(GATHER_SECONDS)
        return tail

    async def _begin(self) -> Tail:
        """Where to go on: skips what the ledger has already."""
        await self._ledger.prepare()
        await self._announcer.prepare()
        tail = await self._ledger.tail()
        status = await self._store.status()
        if not status.verified:
            raise MeterUnavailable("the store is being compared with the ledger")
        if tail.message == 0:
            # Only a ledger that was lost is empty while the store is verified; nobody else can be writing to it.
            log.error("the ledger is empty, though the store was compared with it", entries=status.sequence)
            return await self._ledger.take_over(status.run)
        if tail.run != status.run:
            # Another server has taken the store's place, or an older copy of the ledger has taken the ledger's. What is
            # right then is not for a relay to decide: `medcodes metering rebuild` compares them anew.
            log.error("the ledger is written for another run of the store", run=status.run, ledger=tail.run)
            raise LedgerFenced("the ledger is written for another run of the store")
        await self._announcer.tell(await self._ledger.newest())
        await self._store.trim(tail.run, tail.through)
        return tail

    async def _stand_by(self) -> None:
        """Returns once the ledger has not moved for a while."""
        log.info("relay stands by: another one is active")
        try:
            seen = None
            while (tail := await self._ledger.tail()) != seen:
                seen = tail
                await asyncio.sleep(STAND_BY_SECONDS * random.uniform(1, 2))  # noqa: S311
        except MeterUnavailable:
            await asyncio.sleep(PAUSE_SECONDS)
