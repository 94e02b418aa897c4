"""Finding what a request names, or saying that there is no such thing."""

from __future__ import annotations

import re

from services.common.errors import NotFound

from .domain.people import Account
from .ports import Transaction

_ID = re.compile(r"[0-9a-f]{32}")


def is_id(given: str) -> bool:
    return _ID.fullmatch(given) is not None


def check_id(what: str, given: str) -> None:
    """Raises `NotFound` for what cannot be an id, so that no odd text reaches the database."""
    if not is_id(given):
        raise no_such(what)


def no_such(what: str) -> NotFound:
    return NotFound(f"there is no such {what}")


async def account_of(transaction: Transaction, account_id: str, *, hold: bool = False) -> Account:
    """The account; with `hold` nobody else changes what belongs to it until the transaction ends."""
    check_id("account", account_id)
    rows = transaction.accounts
    found = await (rows.hold(account_id) if hold else rows.get(account_id))
    if found is None:
        raise no_such("account")
    return found
