"""The outbox in SQL: events that are written with the state they tell of, numbered in the order of their commits."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Sequence
from typing import NamedTuple

import sqlalchemy as sa
from google.protobuf.message import Message
from medcodes.events.v1 import events_pb2 as pb
from sqlalchemy.ext.asyncio import AsyncConnection

from services.common.events import Event

from ...ports import DELETED, PLAN_CHANGED, REGISTERED, SESSION_ENDED, SHELF_CHANGED
from .database import Database
from .tables import outbox, outbox_position

PAYLOADS: dict[str, type[Message]] = {
    REGISTERED: pb.AccountRegistered,
    DELETED: pb.AccountDeleted,
    SESSION_ENDED: pb.SessionEnded,
    PLAN_CHANGED: pb.PlanChanged,
    SHELF_CHANGED: pb.ShelfChanged,
}


class Entry(NamedTuple):
    number: int
    event_id: str
    kind: str
    payload: bytes

    def event(self) -> Event:
        return Event(self.kind, "accounts", PAYLOADS[self.kind].FromString(self.payload), self.event_id, self.number)


class SqlEvents:
    """See `ports.Events`."""

    def __init__(self, connection: AsyncConnection, on_add: Callable[[], None]) -> None:
        self._connection, self._on_add = connection, on_add

    async def add(self, kind: str, payload: Message) -> None:
        # The row is held until the commit: numbers are given in the order of commits, and one that is rolled back
        # leaves no gap. A database's own sequence promises neither.
        taken = outbox_position.update().values(last=outbox_position.c.last + 1).returning(outbox_position.c.last)
        number = (await self._connection.execute(taken)).scalar_one()
        row = {"number": number, "event_id": uuid.uuid4().hex, "kind": kind, "payload": payload.SerializeToString()}
        await self._connection.execute(outbox.insert().values(row))
        self._on_add()


class SqlOutbox:
    """See `services.common.outbox.Outbox`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def read(self, after: int, limit: int) -> Sequence[Entry]:
        query = sa.select(outbox).where(outbox.c.number > after).order_by(outbox.c.number).limit(limit)
        async with self._database.transaction(write=False) as connection:
            return [Entry(*row) for row in await connection.execute(query)]

    async def trim(self, through: int) -> None:
        async with self._database.transaction(write=True) as connection:
            await connection.execute(outbox.delete().where(outbox.c.number <= through))
            # A database that was restored from a backup must not give numbers that the stream has already.
            behind = outbox_position.update().where(outbox_position.c.last < through)
            await connection.execute(behind.values(last=through))
