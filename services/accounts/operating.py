"""What operators do with accounts."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import NamedTuple

from medcodes.events.v1.events_pb2 import PlanChanged

from services.common.errors import InvalidArgument

from .domain.mails import MailKind
from .domain.people import Account
from .domain.plans import Plans
from .known import account_of
from .messages import plan_message
from .ports import PLAN_CHANGED, Store
from .sessions import end_sessions, tell_ended

DEFAULT_PAGE, MAX_PAGE = 50, 200


class AccountsPage(NamedTuple):
    accounts: Sequence[Account]
    next_cursor: str


class Operating:
    def __init__(self, store: Store, plans: Plans, clock: Callable[[], int]) -> None:
        self._store, self._plans, self._clock = store, plans, clock

    async def find(self, text: str, plan: str, cursor: str, limit: int) -> AccountsPage:
        """By a part of the e-mail, a whole id, or a plan; newest first, at most `limit` (0: 50)."""
        if limit > MAX_PAGE:
            raise InvalidArgument("limit is too high", fields={"limit": f"at most {MAX_PAGE}"})
        if "\0" in text + plan:
            raise InvalidArgument("malformed text", fields={"text": "must not hold null characters"})
        wanted = limit or DEFAULT_PAGE
        before = _from_cursor(cursor) if cursor else None
        async with self._store.reading() as transaction:
            found = await transaction.accounts.find(text, plan, before, wanted + 1)
        page = found[:wanted]
        return AccountsPage(page, _to_cursor(page[-1]) if len(found) > wanted else "")

    async def grant_plan(self, account_id: str, plan: str) -> Account:
        """Raises `InvalidArgument` for a plan that is not in the plans' file."""
        if plan not in self._plans:
            raise InvalidArgument(
                f"there is no plan {plan!r}", fields={"plan": f"must be one of {', '.join(self._plans.names)}"}
            )
        async with self._store.writing() as transaction:
            account = await account_of(transaction, account_id, hold=True)
            if account.plan != plan:
                await transaction.accounts.set_plan(account.id, plan)
                told = PlanChanged(account_id=account.id, plan=plan_message(self._plans.named(plan)))
                await transaction.events.add(PLAN_CHANGED, told)
        return replace(account, plan=plan)

    async def lock(self, account_id: str) -> Account:
        """Ends its sessions; its API keys are refused until it is unlocked."""
        async with self._store.writing() as transaction:
            account = await account_of(transaction, account_id, hold=True)
            if not account.locked:
                account = replace(account, locked_at_ms=self._clock())
                await transaction.accounts.set_locked(account.id, account.locked_at_ms)
            await transaction.credentials.end_sessions(account.id)
            await tell_ended(transaction, account.id)
        return account

    async def unlock(self, account_id: str) -> Account:
        async with self._store.writing() as transaction:
            account = await account_of(transaction, account_id, hold=True)
            await transaction.accounts.set_locked(account.id, 0)
        return replace(account, locked_at_ms=0)

    async def reset(self, account_id: str) -> Account:
        """Mails a link to set a new password, and ends every session."""
        async with self._store.writing() as transaction:
            account = await account_of(transaction, account_id, hold=True)
            await end_sessions(transaction, account.id)
            await transaction.mails.add(MailKind.RESET, account.email_key, self._clock())
        return account


def _to_cursor(account: Account) -> str:
    return base64.urlsafe_b64encode(f"{account.created_at_ms}|{account.id}".encode()).decode().rstrip("=")


def _from_cursor(cursor: str) -> tuple[int, str]:
    try:
        created_at_ms, account_id = base64.urlsafe_b64decode(cursor.encode("ascii") + b"==").decode("ascii").split("|")
        return int(created_at_ms), account_id.replace("\0", "")
    except (ValueError, binascii.Error):
        raise InvalidArgument("malformed cursor", fields={"cursor": "must be one that an answer gave"}) from None
