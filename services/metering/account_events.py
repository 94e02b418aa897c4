"""What happens to accounts: a registered one is merged with its guest, a deleted one is erased."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import structlog
from medcodes.accounts.v1.accounts_pb2 import Plan
from medcodes.events.v1.events_pb2 import AccountDeleted, AccountRegistered

from services.common.events import ACCOUNTS_STREAM, SUBJECT_PREFIX, Bus, Received
from services.common.lifecycle import Task

from .domain.views import Allowance, Guest
from .ports import MeterUnavailable
from .service import Metering

REGISTERED, DELETED = "accounts.account.registered", "accounts.account.deleted"
PAUSE_SECONDS = 0.5

log = structlog.get_logger(__name__)


class AccountEvents:
    """Reads accounts' events, each with a durable consumer that all replicas share. Both handlers may be repeated: an
    account is merged once, and erased once."""

    def __init__(self, bus: Bus, metering: Metering) -> None:
        self._bus, self._metering = bus, metering

    def tasks(self) -> list[Task]:
        return [
            Task("registered accounts", lambda: self._consume("metering-registered", REGISTERED, self.registered)),
            Task("deleted accounts", lambda: self._consume("metering-deleted", DELETED, self.deleted)),
        ]

    async def registered(self, event: Received) -> None:
        message = AccountRegistered.FromString(event.data)
        if not message.HasField("registered_from"):
            return
        guest = Guest(message.registered_from.id, message.registered_from.issued_at)
        allowance = _allowance(message.plan)
        await _patiently(lambda: self._metering.registered(message.account_id, guest, allowance))

    async def deleted(self, event: Received) -> None:
        message = AccountDeleted.FromString(event.data)
        if await _patiently(lambda: self._metering.erased(message.account_id)):
            log.info("erased an account", deletion=message.deletion_id)

    async def _consume(self, durable: str, event_type: str, handler: Callable[[Received], Awaitable[None]]) -> None:
        await self._bus.wait_connected()
        await self._bus.ensure_events_stream()  # it had accounts' events once, and no two streams may have them
        await self._bus.ensure_accounts_stream()
        await self._bus.consume(ACCOUNTS_STREAM, durable, SUBJECT_PREFIX + event_type, handler)


async def _patiently(attempt: Callable[[], Awaitable[int | None]]) -> int | None:
    """Tries until the store answers: an event that finds it away is not at fault, and must not become a dead letter."""
    while True:
        try:
            return await attempt()
        except MeterUnavailable:
            await asyncio.sleep(PAUSE_SECONDS)


def _allowance(plan: Plan) -> Allowance:
    return Allowance(plan.views if plan.HasField("views") else None, plan.window, plan.window_days)
