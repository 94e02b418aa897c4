"""What the ledger says of merges and erasures, as events on JetStream."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from medcodes.events.v1.events_pb2 import GuestMerged, SubjectErased

from services.common.events import Bus, Event

from ..domain.views import EntryKind, LedgerEntry
from ..ports import MeterUnavailable
from .ledger import calls

MERGED, ERASED = "metering.guest.merged", "metering.subject.erased"


class JetStreamAnnouncer:
    """Fills `Announcer`. An event's id is made of its entry's number, so that JetStream drops the second of two that
    within its window of two minutes; who reads them must bear one that comes later."""

    def __init__(self, bus: Bus) -> None:
        self._bus = bus

    async def prepare(self) -> None:
        with calls():
            self._check_connected()
            await self._bus.ensure_events_stream()

    async def tell(self, entries: Sequence[LedgerEntry]) -> None:
        events = [event for entry in entries if (event := _event(entry))]
        if events:
            with calls():
                self._check_connected()
                await asyncio.gather(*map(self._bus.publish, events))

    def _check_connected(self) -> None:
        # While the client tries to reconnect it would hold a call back until its time is up.
        if not self._bus.connected:
            raise MeterUnavailable("NATS does not answer")


def _event(entry: LedgerEntry) -> Event | None:
    if entry.kind == EntryKind.MERGED:
        merged = GuestMerged(account_id=_id(entry.subject), guest_id=_id(entry.guest), copied=entry.copied)
        return Event(MERGED, "metering", merged, f"{MERGED}-{entry.sequence}")
    if entry.kind == EntryKind.ERASED:
        erased = SubjectErased(account_id=_id(entry.subject), erased_at_ms=entry.granted_at_ms)
        return Event(ERASED, "metering", erased, f"{ERASED}-{entry.sequence}")
    return None


def _id(subject: str) -> str:
    """An account's or a guest's id, without its kind's letter."""
    return subject[2:]
