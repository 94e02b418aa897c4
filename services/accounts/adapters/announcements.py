"""Accounts on NATS: its events go out, and what metering says of an erasure comes in."""

from __future__ import annotations

from collections.abc import Sequence

from services.common.events import ACCOUNTS_STREAM, EVENTS_STREAM, Bus, Event, Handler
from services.common.outbox import OutboxRelay

from .sql.database import Database
from .sql.outbox import Entry, SqlOutbox
from .sql.store import EVENTS, SqlStore

SUBJECT_ERASED = "medcodes.metering.subject.erased"
CONSUMER = "accounts-erasures"


class Announcements:
    """Run `tell` and `listen` as `Task`s. While NATS is away, events wait in the outbox."""

    def __init__(self, bus: Bus, database: Database, store: SqlStore, on_subject_erased: Handler) -> None:
        self._bus, self._store, self._on_subject_erased = bus, store, on_subject_erased
        self._relay = OutboxRelay[Entry](
            bus,
            ACCOUNTS_STREAM,
            SqlOutbox(database),
            to_event=_event,
            number=lambda entry: entry.number,
            per_message=1,
            wait=store.signal(EVENTS).wait,
        )

    async def tell(self) -> None:
        await self._prepare()
        await self._relay.run()

    async def listen(self) -> None:
        await self._prepare()
        await self._bus.consume(EVENTS_STREAM, CONSUMER, SUBJECT_ERASED, self._on_subject_erased)

    async def _prepare(self) -> None:
        """The stream of all events first: an earlier release had accounts' subjects in it."""
        await self._bus.wait_connected()
        await self._bus.ensure_events_stream()
        await self._bus.ensure_accounts_stream()
        await self._store.until_prepared()


def _event(entries: Sequence[Entry]) -> Event:
    [entry] = entries
    return entry.event()
