"""What the store and the ledger say once everything runs again, before and after a rebuild."""

from __future__ import annotations

import asyncio

from services.metering.ports import Ledger, LedgerDamaged, MeterUnavailable, RestorableStore
from services.metering.rebuild import compare, rebuild

from .checker import Evidence

SETTLE_SECONDS = 15.0
STILL_SECONDS = 40.0


async def gather(store: RestorableStore, ledger: Ledger) -> Evidence:
    """Rebuilds the store. Whatever fails is itself evidence."""
    try:
        async with asyncio.timeout(STILL_SECONDS):
            while True:
                sequence = await _relayed(store, ledger)
                found = await _gathered(store, ledger)
                # Of one moment only if nothing was written meanwhile: an erasure whose event comes late would be.
                if (await store.status()).sequence == sequence:
                    return found
    except (MeterUnavailable, LedgerDamaged) as error:
        return Evidence(damage=[str(error)])
    except TimeoutError:
        return Evidence(damage=["the ledger does not get what the store has"])


async def _gathered(store: RestorableStore, ledger: Ledger) -> Evidence:
    entries = [entry async for piece in ledger.read(0) for entry in piece]
    held = {subject: holding async for subject, holding in store.subjects()}
    differences = await compare(store, ledger)
    await rebuild(store, ledger)
    rebuilt = {subject: holding async for subject, holding in store.subjects()}
    return Evidence(entries, held, rebuilt, [*differences, *await compare(store, ledger)])


async def _relayed(store: RestorableStore, ledger: Ledger) -> int:
    """Waits until the ledger has everything; the number of the newest entry."""
    async with asyncio.timeout(SETTLE_SECONDS):
        while True:
            status = await store.status()
            if status.verified and not status.waiting and (await ledger.tail()).through == status.sequence:
                return status.sequence
            await asyncio.sleep(0.05)
