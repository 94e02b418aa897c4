"""What registering gives, for the wording of the meter line and of the wall."""

from __future__ import annotations

import asyncio

from medcodes.accounts.v1 import accounts_pb2

from services.common.errors import ServiceError

from ..ports import Accounts

REFRESH_SECONDS = 60.0
RETRY_SECONDS = 0.2

Plan = accounts_pb2.Plan


class Plans:
    """The plan of new accounts, asked for now and then. Until accounts has answered once, nothing is promised."""

    def __init__(self, accounts: Accounts) -> None:
        self._accounts = accounts
        self._first: Plan | None = None

    @property
    def first(self) -> Plan | None:
        """None until accounts has answered once."""
        return self._first

    @property
    def offer(self) -> str:
        """What stands behind "Register free": "to view 5 more"; "" where registering gives no views."""
        return offer(self._first)

    async def keep_fresh(self) -> None:
        """Run it as a `Task`."""
        while True:
            try:
                plans = await self._accounts.list_plans()
                self._first = plans[0] if plans else None
                await asyncio.sleep(REFRESH_SECONDS)
            except ServiceError:
                await asyncio.sleep(RETRY_SECONDS)


def offer(plan: Plan | None) -> str:
    if plan is None:
        return "to view more"
    if not plan.HasField("views"):
        return "to view all of them"
    if not plan.views:
        return ""
    return f"to view {plan.views} more{window(plan)}"


def window(plan: Plan) -> str:
    """ " a month", " every 30 days", or nothing where views do not come back."""
    if plan.window == accounts_pb2.WINDOW_CALENDAR_MONTH:
        return " a month"
    if plan.window == accounts_pb2.WINDOW_ROLLING_DAYS:
        return f" every {plan.window_days} days"
    return ""


def in_words(plan: Plan) -> str:
    """What a plan gives: "5 code pages a month"."""
    if not plan.HasField("views"):
        return "code pages without limit"
    return f"{plan.views} code {'page' if plan.views == 1 else 'pages'}{window(plan)}"
