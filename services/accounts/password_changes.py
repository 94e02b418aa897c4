"""Changing a password, setting a new one by a link, and confirming an e-mail."""

from __future__ import annotations

from collections.abc import Callable, Container

from services.common.errors import InvalidArgument

from .domain import passwords, tokens
from .domain.client import Client
from .domain.mails import MailKind
from .domain.people import Account, LinkKind
from .domain.throttling import Limit
from .email_addresses import parsed_email
from .known import account_of
from .password_check import PasswordCheck
from .ports import PasswordHasher, Store, Transaction
from .sessions import bad_token, end_sessions, tell_ended
from .throttling import Throttle


class PasswordChanges:
    """`common` holds the common passwords, `mails` says how many mails one e-mail may be sent on request, and
    `network_mails` how many one network may ask for."""

    def __init__(
        self,
        store: Store,
        hasher: PasswordHasher,
        throttle: Throttle,
        check: PasswordCheck,
        clock: Callable[[], int],
        *,
        common: Container[str],
        mails: Limit,
        network_mails: Limit,
    ) -> None:
        self._store, self._hasher, self._throttle = store, hasher, throttle
        self._check, self._clock, self._common = check, clock, common
        self._mails, self._network_mails = mails, network_mails

    async def change(self, account_id: str, password: str, new: str, session_id: str, client: Client) -> None:
        """Raises `Unauthenticated` (BAD_CREDENTIALS) if `password` is not the present one, and `InvalidArgument`. Every
        session but `session_id` ends."""
        async with self._store.reading() as transaction:
            account = await account_of(transaction, account_id)
        self._check_new(new, account.email, "new_password")
        account = await self._check.of_account(account, password, client)
        new_hash = await self._hasher.hash(new)
        async with self._store.writing() as transaction:
            account = await self._check.passed(transaction, account, client)
            await self._set(transaction, account, new_hash, except_id=session_id)

    async def send_verification(self, account_id: str) -> None:
        """Mails a new link, unless the e-mail is verified."""
        async with self._store.reading() as transaction:
            account = await account_of(transaction, account_id)
        await self._throttle.count((self._mails, account.email_key))
        if account.email_verified_at_ms:
            return
        async with self._store.writing() as transaction:
            await transaction.mails.add(MailKind.VERIFY, account.email_key, self._clock())

    async def verify_email(self, token: str) -> None:
        """Raises `Unauthenticated` (BAD_TOKEN)."""
        async with self._store.writing() as transaction:
            account = await self._by_link(transaction, LinkKind.VERIFY, token)
            if not account.email_verified_at_ms:
                await transaction.accounts.set_verified(account.id, self._clock())
                # So that what others remember of the account's sessions says that the e-mail is verified.
                await tell_ended(transaction, account.id)

    async def request_reset(self, email: str, client: Client) -> None:
        """Writes down that a mail is asked for. Whether there is an account is looked up when the mail is sent, so that
        this takes as long in both cases."""
        try:
            _, email_key = parsed_email(email)
        except ValueError as error:
            raise InvalidArgument("that is no e-mail", fields={"email": str(error)}) from None
        await self._throttle.count((self._mails, email_key), (self._network_mails, client.network))
        async with self._store.writing() as transaction:
            await transaction.mails.add(MailKind.RESET, email_key, self._clock())

    async def reset(self, token: str, new: str) -> None:
        """Sets a password by a link, and ends every session. Raises `Unauthenticated` (BAD_TOKEN) and
        `InvalidArgument`, which leaves the link as it is."""
        self._check_new(new, "", "new_password")
        new_hash = await self._hasher.hash(new)
        async with self._store.writing() as transaction:
            account = await self._by_link(transaction, LinkKind.RESET, token)
            self._check_new(new, account.email, "new_password")
            await self._set(transaction, account, new_hash)
            if not account.email_verified_at_ms:
                # Whoever has the link reads the e-mail's mails.
                await transaction.accounts.set_verified(account.id, self._clock())

    async def _set(self, transaction: Transaction, account: Account, new_hash: str, except_id: str = "") -> None:
        await transaction.accounts.set_password(account.id, new_hash)
        await transaction.links.drop(LinkKind.RESET, account.id)
        await end_sessions(transaction, account.id, except_id)
        await transaction.mails.add(MailKind.PASSWORD_CHANGED, account.email_key, self._clock())

    async def _by_link(self, transaction: Transaction, kind: LinkKind, token: str) -> Account:
        if not token.startswith(tokens.LINK_PREFIX) or len(token) > tokens.MAX_LENGTH:
            raise bad_token()
        account_id = await transaction.links.take(kind, tokens.hashed(token), self._clock())
        account = await transaction.accounts.hold(account_id) if account_id else None
        if account is None or account.locked:
            raise bad_token()
        return account

    def _check_new(self, password: str, email: str, field: str) -> None:
        if fault := passwords.fault(password, email, self._common):
            raise InvalidArgument("the password cannot be taken", fields={field: fault})
