"""Does a password belong to an account? Answered alike, and in the same time, whether there is an account or not."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from services.common.errors import Unauthenticated

from .domain import passwords
from .domain.client import Client
from .domain.people import Account
from .domain.throttling import Limit
from .ports import PasswordHasher, Store, Transaction
from .throttling import MINUTE_MS, Throttle


class LoginLimits(NamedTuple):
    """Failed tries for one e-mail, and from one network whatever the e-mails; the second is for who tries one password
    with many e-mails."""

    email: Limit
    network: Limit

    @classmethod
    def of(cls, per_email: int, per_network: int) -> LoginLimits:
        window_ms = 15 * MINUTE_MS
        return cls(Limit("login_email", per_email, window_ms), Limit("login_network", per_network, window_ms))


class PasswordCheck:
    def __init__(
        self, store: Store, hasher: PasswordHasher, throttle: Throttle, limits: LoginLimits, clock: Callable[[], int]
    ) -> None:
        self._store, self._hasher, self._throttle = store, hasher, throttle
        self._limits, self._clock = limits, clock

    async def by_email(self, email_key: str, password: str, client: Client) -> Account:
        """The account of an e-mail ("" where it is none) and its password. Raises `Unauthenticated` (BAD_CREDENTIALS),
        also for a locked account, and `ResourceExhausted` (THROTTLED)."""
        await self._count(email_key, client)
        account = None
        async with self._store.reading() as transaction:
            # Asked also where there is nothing to ask for.
            account = await transaction.accounts.by_email(email_key)
        return await self._checked(account, password)

    async def of_account(self, account: Account, password: str, client: Client) -> Account:
        """The same for an account that is known: to change what matters, the password is asked for again."""
        await self._count(account.email_key, client)
        return await self._checked(account, password)

    async def passed(self, transaction: Transaction, account: Account, client: Client) -> Account:
        """Forgives the account's failures, in the transaction that goes on with it. Raises `Unauthenticated` if the
        account was locked or given another password meanwhile."""
        now = await transaction.accounts.hold(account.id)
        if now is None or now.locked or now.password_hash != account.password_hash:
            raise bad_credentials()
        if self._limits.email.most:
            await transaction.throttle.reset(self._limits.email, account.email_key)
        if self._limits.network.most and client.network:
            await transaction.throttle.uncount(self._limits.network, client.network, self._clock())
        return now

    async def _count(self, email_key: str, client: Client) -> None:
        await self._throttle.count((self._limits.email, email_key), (self._limits.network, client.network))

    async def _checked(self, account: Account | None, password: str) -> Account:
        too_long = len(password) > passwords.MAX_CHARACTERS * 4
        known_hash = account.password_hash if account and not too_long else ""
        right = await self._hasher.verify(known_hash, "" if too_long else password)
        if account is None or not right or account.locked:
            raise bad_credentials()
        return account


def bad_credentials() -> Unauthenticated:
    return Unauthenticated("the e-mail and the password do not belong together", reason="BAD_CREDENTIALS")
