"""What the store and the ledger say once everything runs again, before and after a rebuild."""

from __future__ import annotations

import asyncio

from services.metering.ports import Ledger, LedgerDamaged, MeterUnavailable, RestorableStore
from services.metering.rebuild import compare, rebuild

from .checker import Evidence

SETTLE_SECONDS = 15.0


async def gather(store: RestorableStore, ledger: Ledger) -> Evidence:
    """Rebuilds the store. Whatever fails is itself evidence."""
    try:
        await _until_relayed(store, ledger)
        entries = [entry async for piece in ledger.read(0) for entry in piece]
        held = {subject: holding async for subject, holding in store.subjects()}
        differences = await compare(store, ledger)
        await rebuild(store, ledger)
        rebuilt = {subject: holding async for subject, holding in store.subjects()}
        differences += await compare(store, ledger)
    except (MeterUnavailable, LedgerDamaged) as error:
        return Evidence(damage=[str(error)])
    except TimeoutError:
        return Evidence(damage=["the ledger does not get what the store has"])
    return Evidence(entries, held, rebuilt, differences)


async def _until_relayed(store: RestorableStore, ledger: Ledger) -> None:
    async with asyncio.timeout(SETTLE_SECONDS):
        while True:
            status = await store.status()
            if status.verified and not status.waiting and (await ledger.tail()).through == status.sequence:
                return
            await asyncio.sleep(0.05)
