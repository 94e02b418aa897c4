"""Tells the others which index this replica answers from: `search.index.activated`.

The note that an activation has yet to be announced is written in one step with the activation itself, so that NATS may
be away, or this process killed, and the event still goes out; its id makes a second sending count once.
"""

from __future__ import annotations

import asyncio

from medcodes.events.v1.events_pb2 import IndexActivated

from services.common.events import Bus, Event

from .ports import IndexStore


class Announcements:
    def __init__(self, store: IndexStore, bus: Bus) -> None:
        self._store, self._bus = store, bus
        self._due = asyncio.Event()

    async def wake(self) -> None:
        """Says that there may be an activation to announce."""
        self._due.set()

    async def run(self) -> None:
        """Announces until cancelled. Raises when NATS fails; to be run again (a `Task` does)."""
        await self._bus.wait_connected()
        await self._bus.ensure_events_stream()
        while True:
            self._due.clear()
            if activation := await self._store.unannounced():
                payload = IndexActivated(release_id=activation.release, documents=activation.documents)
                await self._bus.publish(Event("search.index.activated", "search", payload, id=activation.id))
                await self._store.announced(activation)
            await self._due.wait()
