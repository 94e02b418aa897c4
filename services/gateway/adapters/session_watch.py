"""Hears of what ends or changes credentials and shelves, so that nobody is answered from memory after that."""

from __future__ import annotations

import asyncio
import contextlib

import structlog
from medcodes.events.v1 import events_pb2
from nats.aio.msg import Msg
from nats.js.api import DeliverPolicy
from nats.js.errors import NotFoundError

from services.common.events import SUBJECT_PREFIX, Bus
from services.common.lifecycle import Task

from ..members.code_shelves import CodeShelves
from ..members.sessions import Sessions

SUBJECT = SUBJECT_PREFIX + "accounts.>"
POLL_SECONDS = 1.0

log = structlog.get_logger(__name__)


class SessionWatch:
    """A component that tells `Sessions` of ended sessions, changed plans and deleted accounts, as they happen, and
    `CodeShelves` of changed shelves.

    What happens while NATS is away is not heard of: `is_watching` is False then, and everything is forgotten before it
    is True again.
    """

    def __init__(self, bus: Bus) -> None:
        self._bus = bus
        self._told: tuple[Sessions, CodeShelves] | None = None
        # Which connection of the client the subscription was made on; None while there is no subscription.
        self._connection: int | None = None
        self._task = Task("watch the sessions", self._keep_watching)

    def tell(self, sessions: Sessions, shelves: CodeShelves) -> None:
        """Has to be called once, before the start."""
        self._told = sessions, shelves

    async def start(self) -> None:
        await self._task.start()

    async def stop(self) -> None:
        await self._task.stop()

    def is_watching(self) -> bool:
        return self._connection is not None and self._bus.connected and self._connection == self._reconnects()

    def _reconnects(self) -> int:
        return int(self._bus.nc.stats["reconnects"])

    async def _keep_watching(self) -> None:
        while True:
            await self._bus.wait_connected()
            try:
                await self._watch()
            except NotFoundError:
                # Accounts has not been started yet: there are no sessions, and no stream.
                await asyncio.sleep(POLL_SECONDS)

    async def _watch(self) -> None:
        """Until the connection is another one: a new subscription is sure to be heard on it."""
        if self._told is None:
            raise RuntimeError("nobody is told")
        connection = self._reconnects()
        subscription = await self._bus.js.subscribe(SUBJECT, ordered_consumer=True, deliver_policy=DeliverPolicy.NEW)
        for each in self._told:
            each.forget_all()
        self._connection = connection
        try:
            while self.is_watching():
                with contextlib.suppress(TimeoutError):
                    self._take(await subscription.next_msg(timeout=POLL_SECONDS), *self._told)
        finally:
            self._connection = None
            with contextlib.suppress(Exception):
                await asyncio.wait_for(subscription.unsubscribe(), POLL_SECONDS)

    def _take(self, message: Msg, sessions: Sessions, shelves: CodeShelves) -> None:
        kind = message.subject.removeprefix(SUBJECT_PREFIX)
        if kind == "accounts.session.ended":
            ended = events_pb2.SessionEnded.FromString(message.data)
            sessions.forget(ended.account_id, ended.credential_id)
        elif kind == "accounts.plan.changed":
            sessions.forget(events_pb2.PlanChanged.FromString(message.data).account_id)
        elif kind == "accounts.shelf.changed":
            shelves.forget(events_pb2.ShelfChanged.FromString(message.data).account_id)
        elif kind == "accounts.account.deleted":
            deleted = events_pb2.AccountDeleted.FromString(message.data).account_id
            sessions.forget(deleted)
            shelves.forget(deleted)
