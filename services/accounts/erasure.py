"""All that is kept of a person, handed out; and erased, with a proof that holds nothing of the person."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from typing import Any

import orjson
from medcodes.events.v1.events_pb2 import AccountDeleted, SubjectErased
from prometheus_client import Counter

from services.common.events import Received

from .domain.client import Client
from .domain.people import Account, Deletion, new_id
from .known import account_of, check_id, no_such
from .password_check import PasswordCheck
from .ports import DELETED, Store, Transaction

PIECE_BYTES = 64 * 1024
_deleted = Counter("accounts_deleted", "Accounts deleted.")


class Erasure:
    def __init__(self, store: Store, check: PasswordCheck, clock: Callable[[], int]) -> None:
        self._store, self._check, self._clock = store, check, clock

    async def export(self, account_id: str) -> AsyncIterator[bytes]:
        """A JSON object in pieces of at most `PIECE_BYTES`. No hash or token is in it."""
        async with self._store.reading() as transaction:
            account = await account_of(transaction, account_id)
            parts = await _parts(transaction, account)
        document = orjson.dumps({"exported_at_ms": self._clock(), **parts}, option=orjson.OPT_INDENT_2)
        for begin in range(0, len(document), PIECE_BYTES):
            yield document[begin : begin + PIECE_BYTES]

    async def delete(self, account_id: str, password: str, client: Client) -> Deletion:
        """Erases every row of the account in one step, and tells everybody who keeps something of it. Raises
        `Unauthenticated` (BAD_CREDENTIALS)."""
        async with self._store.reading() as transaction:
            account = await account_of(transaction, account_id)
        account = await self._check.of_account(account, password, client)
        now_ms = self._clock()
        deletion = Deletion(new_id(), now_ms, now_ms, 0)
        async with self._store.writing() as transaction:
            await self._check.passed(transaction, account, client)
            await transaction.accounts.erase(account.id)
            await transaction.deletions.add(deletion, account.id)
            await transaction.events.add(DELETED, AccountDeleted(account_id=account.id, deletion_id=deletion.id))
        _deleted.inc()
        return deletion

    async def deletion(self, deletion_id: str) -> Deletion:
        check_id("deletion", deletion_id)
        async with self._store.reading() as transaction:
            found = await transaction.deletions.get(deletion_id)
        if found is None:
            raise no_such("deletion")
        return found

    async def on_subject_erased(self, received: Received) -> None:
        """Metering has erased what was an account's: the deletion is complete, and forgets whose it was. Again is no
        error, nor is an account that nobody deleted here."""
        event = SubjectErased.FromString(received.data)
        async with self._store.writing() as transaction:
            await transaction.deletions.metering_erased(event.account_id, event.erased_at_ms or self._clock())


async def _parts(transaction: Transaction, account: Account) -> dict[str, Any]:
    """What is kept of an account, as people read it: without hashes, and without ids that mean nothing to them."""
    credentials, shelf, history = transaction.credentials, transaction.shelf, transaction.history
    names = {each.id: each.name for each in await shelf.lists(account.id)}
    saved = [
        {"list": names[each.list_id], **_without(each._asdict(), "list_id")} for each in await shelf.saved(account.id)
    ]
    guest = account.registered_from
    return {
        "account": {
            **_without(vars(account), "password_hash", "email_key"),
            "registered_from": guest._asdict() if guest else None,
        },
        "sessions": [_without(vars(each), "account_id") for each in await credentials.sessions(account.id)],
        "api_keys": [_without(vars(each), "account_id") for each in await credentials.api_keys(account.id)],
        "feed": {"created_at_ms": made} if (made := await transaction.feeds.created_at_ms(account.id)) else None,
        "lists": list(names.values()),
        "saved_codes": saved,
        "notes": [each._asdict() for each in await shelf.notes(account.id)],
        "recent_views": [each._asdict() for each in await history.views(account.id)],
        "searches": [each._asdict() for each in await history.searches(account.id)],
    }


def _without(found: dict[str, Any], *names: str) -> dict[str, Any]:
    return {name: value for name, value in found.items() if name not in names}
