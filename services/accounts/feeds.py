"""The personal address of an account's feed of changes: made, replaced and revoked by its owner."""

from __future__ import annotations

from collections.abc import Callable

from .domain import tokens
from .known import account_of
from .ports import Store
from .sessions import Principal, Sessions, bad_token


class Feeds:
    """An account has one feed or none. Its token opens the feed and nothing else; only its hash is kept."""

    def __init__(self, store: Store, sessions: Sessions, clock: Callable[[], int]) -> None:
        self._store, self._sessions, self._clock = store, sessions, clock

    async def create(self, account_id: str) -> tuple[str, int]:
        """The token, which is not to be had again, and when it was made; the one before opens nothing any more."""
        token, now_ms = tokens.new_feed_token(), self._clock()
        async with self._store.writing() as transaction:
            await account_of(transaction, account_id, hold=True)
            await transaction.feeds.set(account_id, tokens.hashed(token), now_ms)
        return token, now_ms

    async def created_at_ms(self, account_id: str) -> int:
        """0 where there is none."""
        async with self._store.reading() as transaction:
            await account_of(transaction, account_id)
            return await transaction.feeds.created_at_ms(account_id)

    async def revoke(self, account_id: str) -> None:
        async with self._store.writing() as transaction:
            await account_of(transaction, account_id, hold=True)
            await transaction.feeds.remove(account_id)

    async def resolve(self, token: str) -> Principal:
        """Raises `Unauthenticated` (BAD_TOKEN) for what is unknown, replaced, revoked or of a locked account."""
        if not token.startswith(tokens.FEED_PREFIX) or len(token) > tokens.MAX_LENGTH:
            raise bad_token()
        async with self._store.reading() as transaction:
            account = await transaction.feeds.owner(tokens.hashed(token))
        if account is None or account.locked:
            raise bad_token()
        return self._sessions.of_account(account)
