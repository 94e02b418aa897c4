"""The ledger on a JetStream stream: one message holds up to 512 entries, and each one fences the next."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Iterator, Sequence

from medcodes.events.v1.events_pb2 import LedgerEntry as EntryMessage
from medcodes.events.v1.events_pb2 import ViewsGranted
from nats import errors as nats_errors
from nats.js import JetStreamContext
from nats.js.api import AckPolicy, ConsumerConfig, DeliverPolicy, StorageType, StreamConfig
from nats.js.errors import APIError
from nats.js.errors import Error as JetStreamError

from services.common.errors import Unavailable
from services.common.events import Bus, Event

from ..domain.views import LedgerEntry
from ..ports import MAX_ENTRIES, LedgerDamaged, LedgerFenced, MeterUnavailable, Tail

STREAM = "MEDCODES_LEDGER"
EVENT_TYPE = "metering.view.granted"
SUBJECT = f"medcodes.{EVENT_TYPE}"
WRONG_LAST_SEQUENCE = 10071
CALL_SECONDS = 5.0
FETCH = 64


class JetStreamLedger:
    """Fills `Ledger`. `replicas` is how many NATS servers keep a copy."""

    def __init__(self, bus: Bus, *, replicas: int = 1) -> None:
        self._bus, self._replicas = bus, replicas

    async def prepare(self) -> None:
        with calls():
            self._js()
            await self._bus.ensure_stream(
                StreamConfig(
                    name=STREAM,
                    description="All grants ever made, in order. Restores the meter; never delete it.",
                    subjects=[SUBJECT],
                    storage=StorageType.FILE,
                    num_replicas=self._replicas,
                    duplicate_window=120,
                )
            )

    async def tail(self) -> Tail:
        with calls():
            info = await self._js().stream_info(STREAM)
            if not info.state.last_seq:
                return Tail(0, 0, "")
            message = await self._message(info.state.last_seq)
            return Tail(info.state.last_seq, message.through, message.store_run)

    async def take_over(self, run: str) -> Tail:
        while True:
            tail = await self.tail()
            if tail.run == run:
                return tail
            message = ViewsGranted(through=tail.through, store_run=run)
            try:
                return await self._publish(message, f"ledger-{run}-{tail.message}-taken", tail)
            except LedgerFenced:
                continue  # the former run still had a message on its way

    async def append(self, entries: Sequence[LedgerEntry], tail: Tail) -> Tail:
        if not 0 < len(entries) <= MAX_ENTRIES:
            raise ValueError(f"{len(entries)} entries")
        first, last = entries[0].sequence, entries[-1].sequence
        message = ViewsGranted(through=last, store_run=tail.run)
        for entry in entries:
            _add(message, entry)
        return await self._publish(message, f"ledger-{tail.run}-{first}-{last}", tail)

    async def newest(self) -> Sequence[LedgerEntry]:
        with calls():
            number = (await self._js().stream_info(STREAM)).state.last_seq
            while number:
                message = await self._message(number)
                if message.entries or not message.through:
                    return [_from_message(entry) for entry in message.entries]
                number -= 1  # it marks another run of the store
        return []

    async def read(self, after: int) -> AsyncIterator[Sequence[LedgerEntry]]:
        tail = await self.tail()
        if tail.through <= after:
            return
        start = await self._first_message_beyond(after, tail)
        piece: list[LedgerEntry] = []
        async for message in self._messages(start, tail.message):
            for entry in message.entries:
                if entry.sequence <= after:
                    continue
                if entry.sequence != after + 1:
                    raise LedgerDamaged(f"entry {entry.sequence} of the ledger follows entry {after}")
                after = entry.sequence
                piece.append(_from_message(entry))
            if len(piece) >= MAX_ENTRIES:  # messages of a quiet time hold an entry each
                yield piece
                piece = []
        if piece:
            yield piece

    def _js(self) -> JetStreamContext:
        # While the client tries to reconnect it would hold a call back until its time is up.
        if not self._bus.connected:
            raise MeterUnavailable("the ledger does not answer")
        return self._bus.js

    async def _publish(self, message: ViewsGranted, event_id: str, tail: Tail) -> Tail:
        event = Event(type=EVENT_TYPE, source="metering", payload=message, id=event_id)
        with calls():
            self._js()
            ack = await self._bus.publish(event, expected_last_sequence=tail.message)
        if ack.duplicate:
            raise LedgerFenced("the message was there already")
        return Tail(ack.seq, message.through, message.store_run)

    async def _message(self, number: int) -> ViewsGranted:
        found = await self._js().get_msg(STREAM, number)
        return ViewsGranted.FromString(found.data or b"")

    async def _first_message_beyond(self, after: int, tail: Tail) -> int:
        """Number of the first message that reaches beyond an entry, by bisection: `through` never falls."""
        with calls():
            low = (await self._js().stream_info(STREAM)).state.first_seq
            high = tail.message
            while low < high:
                middle = (low + high) // 2
                if (await self._message(middle)).through > after:
                    high = middle
                else:
                    low = middle + 1
        return low

    async def _messages(self, start: int, end: int) -> AsyncIterator[ViewsGranted]:
        """The messages numbered from `start` to `end`."""
        with calls():
            pull = await self._js().pull_subscribe(
                SUBJECT,
                stream=STREAM,
                config=ConsumerConfig(
                    ack_policy=AckPolicy.NONE,
                    deliver_policy=DeliverPolicy.BY_START_SEQUENCE,
                    opt_start_seq=start,
                    inactive_threshold=30,
                    mem_storage=True,
                ),
            )
        try:
            while start <= end:
                with calls():
                    messages = await pull.fetch(min(FETCH, end - start + 1), CALL_SECONDS)
                for message in messages:
                    number = message.metadata.sequence.stream
                    if number != start:
                        raise MeterUnavailable("the ledger was interrupted while it was read")
                    start += 1
                    yield ViewsGranted.FromString(message.data)
        finally:
            with contextlib.suppress(Exception):
                await pull.unsubscribe()


@contextlib.contextmanager
def calls() -> Iterator[None]:
    """Says in the port's words what a failed call to NATS means."""
    try:
        yield
    except MeterUnavailable:
        raise
    except APIError as error:
        if error.err_code == WRONG_LAST_SEQUENCE:
            raise LedgerFenced(str(error)) from error
        raise MeterUnavailable("the ledger does not answer") from error
    except (JetStreamError, nats_errors.Error, Unavailable, TimeoutError, OSError) as error:
        raise MeterUnavailable("the ledger does not answer") from error


def _add(message: ViewsGranted, entry: LedgerEntry) -> None:
    system, _, code = entry.page.partition(":")
    message.entries.add(
        sequence=entry.sequence,
        subject=entry.subject,
        system=system,
        code=code,
        granted_at_ms=entry.granted_at_ms,
        request_id=entry.request_id,
        expires_at_ms=entry.ends_at_ms,
        kind=entry.kind,
        guest=entry.guest,
        copied=entry.copied,
    )


def _from_message(entry: EntryMessage) -> LedgerEntry:
    return LedgerEntry(
        entry.sequence,
        entry.subject,
        f"{entry.system}:{entry.code}" if entry.code else "",
        entry.granted_at_ms,
        entry.request_id,
        entry.expires_at_ms,
        entry.kind,
        entry.guest,
        entry.copied,
    )
