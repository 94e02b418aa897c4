"""API keys: made, listed and revoked by their owner."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from services.common.errors import FailedPrecondition, InvalidArgument

from .domain import tokens
from .domain.people import DAY_MS, MAX_API_KEYS, SCOPES, ApiKey, api_key_faults, new_id
from .known import account_of, check_id, no_such
from .ports import Store
from .sessions import tell_ended


class ApiKeys:
    def __init__(self, store: Store, clock: Callable[[], int]) -> None:
        self._store, self._clock = store, clock

    async def create(self, account_id: str, name: str, scopes: Sequence[str], days: int) -> tuple[str, ApiKey]:
        """The key itself, which is not to be had again, and what is kept of it. `days` 0: it does not expire. Raises
        `InvalidArgument` and `FailedPrecondition` (TOO_MANY)."""
        if fields := api_key_faults(name, tuple(scopes), days):
            raise InvalidArgument("the API key cannot be made", fields=fields)
        now_ms, (secret, prefix) = self._clock(), tokens.new_api_key()
        key = ApiKey(
            id=new_id(),
            account_id=account_id,
            name=name.strip(),
            prefix=prefix,
            scopes=tuple(scope for scope in SCOPES if scope in scopes),
            created_at_ms=now_ms,
            expires_at_ms=now_ms + days * DAY_MS if days else 0,
        )
        async with self._store.writing() as transaction:
            await account_of(transaction, account_id, hold=True)
            if len(await transaction.credentials.api_keys(account_id)) >= MAX_API_KEYS:
                raise too_many("API keys", MAX_API_KEYS)
            await transaction.credentials.add_api_key(key, tokens.hashed(secret))
        return secret, key

    async def listed(self, account_id: str) -> Sequence[ApiKey]:
        """Newest first, those that have expired included."""
        async with self._store.reading() as transaction:
            await account_of(transaction, account_id)
            return await transaction.credentials.api_keys(account_id)

    async def revoke(self, account_id: str, key_id: str) -> None:
        check_id("API key", key_id)
        async with self._store.writing() as transaction:
            await account_of(transaction, account_id)
            if not await transaction.credentials.revoke_api_key(account_id, key_id):
                raise no_such("API key")
            await tell_ended(transaction, account_id, key_id)


def too_many(what: str, limit: int) -> FailedPrecondition:
    return FailedPrecondition(
        f"an account may have {limit} {what} at most", reason="TOO_MANY", metadata={"limit": str(limit)}
    )
