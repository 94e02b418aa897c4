"""The outbox relay: what a store wrote in the same transaction as its state reaches JetStream later, in order, once.

The relay is fenced: each message states the number of the stream's last message, so that of two relays only one gets
through, and the other one reads the stream's state again. Entries are numbered from 1 without gaps by their store; the
stream's last message tells which ones it already has.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

import structlog
from nats.js.errors import APIError, NotFoundError

from .events import NUMBER_HEADER, Bus, Event

BATCH = 512
IDLE_SECONDS = 0.02
FENCED_PAUSE_SECONDS = 0.5
WRONG_LAST_SEQUENCE = 10071

Entry = TypeVar("Entry")
Read = TypeVar("Read", covariant=True)
log = structlog.get_logger(__name__)


class Outbox(Protocol[Read]):
    """Where a store keeps what it has to tell. Both calls raise on any failure and may be repeated."""

    async def read(self, after: int, limit: int) -> Sequence[Read]:
        """At most `limit` entries with numbers above `after`, ascending."""

    async def trim(self, through: int) -> None:
        """Forgets entries up to and including `through`; called only once the stream has acknowledged them."""


@dataclass(frozen=True)
class Position:
    """Where a stream stands: the number of its last message, and of the last entry in it."""

    message: int
    entry: int


class OutboxRelay(Generic[Entry]):
    """Moves entries from an outbox to a stream, until cancelled. Run it as a `Task`.

    `to_event` makes one message of at most `per_message` consecutive entries; `number` is an entry's number;
    `last_number` reads the number of the last entry from a message's payload, and is not needed where the events carry
    their entry's number. `wait` returns once there may be something to read.
    """

    def __init__(
        self,
        bus: Bus,
        stream: str,
        outbox: Outbox[Entry],
        *,
        to_event: Callable[[Sequence[Entry]], Event],
        number: Callable[[Entry], int],
        last_number: Callable[[bytes], int] = lambda data: 0,
        per_message: int = BATCH,
        wait: Callable[[], Awaitable[None]] = lambda: asyncio.sleep(IDLE_SECONDS),
    ) -> None:
        self._bus, self._stream, self._outbox = bus, stream, outbox
        self._to_event, self._number, self._last_number = to_event, number, last_number
        self._per_message, self._wait = per_message, wait

    async def run(self) -> None:
        await self._bus.wait_connected()
        position = await stream_position(self._bus, self._stream, self._last_number)
        await self._outbox.trim(position.entry)
        while True:
            try:
                position = await self._relay_once(position)
            except APIError as error:
                if error.err_code != WRONG_LAST_SEQUENCE:
                    raise
                log.info("another relay is active", stream=self._stream)
                await asyncio.sleep(FENCED_PAUSE_SECONDS)
                position = await stream_position(self._bus, self._stream, self._last_number)

    async def _relay_once(self, position: Position) -> Position:
        entries = await self._outbox.read(position.entry, BATCH)
        if not entries:
            await self._wait()
            return position
        for begin in range(0, len(entries), self._per_message):
            piece = entries[begin : begin + self._per_message]
            ack = await self._bus.publish(self._to_event(piece), expected_last_sequence=position.message)
            position = Position(ack.seq, self._number(piece[-1]))
        await self._outbox.trim(position.entry)
        return position


async def stream_position(bus: Bus, stream: str, last_number: Callable[[bytes], int]) -> Position:
    """Reads where the stream stands now. (0, 0) while it is empty."""
    info = await bus.js.stream_info(stream)
    last = info.state.last_seq
    if not last:
        return Position(0, 0)
    try:
        message = await bus.js.get_msg(stream, last)
    except NotFoundError:
        return Position(last, 0)
    numbered = (message.headers or {}).get(NUMBER_HEADER)
    return Position(last, int(numbered) if numbered else last_number(message.data or b""))
