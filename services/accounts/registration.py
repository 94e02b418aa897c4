"""Registering and logging in."""

from __future__ import annotations

from collections.abc import Callable, Container

from medcodes.events.v1.events_pb2 import AccountRegistered
from prometheus_client import Counter

from services.common.errors import AlreadyExists, InvalidArgument, ServiceError

from .domain import passwords
from .domain.client import Client
from .domain.mails import MailKind
from .domain.people import Account, Guest, guest_is_well_formed, new_id
from .domain.plans import Plans
from .domain.throttling import Limit
from .email_addresses import parsed_email
from .messages import guest_message, plan_message
from .password_check import PasswordCheck
from .ports import REGISTERED, EmailTaken, PasswordHasher, Store
from .sessions import Sessions, SignedIn
from .throttling import Throttle

_registered = Counter("accounts_registered", "Accounts registered.")
_logins = Counter("accounts_logins", "Log-ins, by what came of them.", ["outcome"])


class Registration:
    """`common` holds the common passwords, `limit` says how many may register from one network."""

    def __init__(
        self,
        store: Store,
        hasher: PasswordHasher,
        sessions: Sessions,
        throttle: Throttle,
        check: PasswordCheck,
        plans: Plans,
        clock: Callable[[], int],
        *,
        common: Container[str],
        limit: Limit,
    ) -> None:
        self._store, self._hasher, self._sessions = store, hasher, sessions
        self._throttle, self._check, self._plans, self._clock = throttle, check, plans, clock
        self._common, self._limit = common, limit

    async def register(self, email: str, password: str, guest: Guest | None, client: Client) -> SignedIn:
        """A new account and its first session. Raises `InvalidArgument`, `AlreadyExists` (ACCOUNT_EXISTS) and
        `ResourceExhausted` (THROTTLED)."""
        address, email_key = self._checked(email, password, guest)
        await self._throttle.count((self._limit, client.network))
        account = Account(
            id=new_id(),
            email=address,
            email_key=email_key,
            password_hash=await self._hasher.hash(password),
            plan=self._plans.first.name,
            created_at_ms=self._clock(),
            registered_from=guest,
        )
        try:
            signed_in = await self._add(account, client)
        except EmailTaken:
            raise AlreadyExists("the e-mail has an account", reason="ACCOUNT_EXISTS") from None
        _registered.inc()
        return signed_in

    async def log_in(self, email: str, password: str, client: Client) -> SignedIn:
        """A new session. Raises as `PasswordCheck.by_email` does."""
        try:
            signed_in = await self._log_in(email, password, client)
        except ServiceError as error:
            _logins.labels(error.reason).inc()
            raise
        _logins.labels("OK").inc()
        return signed_in

    async def _log_in(self, email: str, password: str, client: Client) -> SignedIn:
        account = await self._check.by_email(email_key_of(email), password, client)
        new_hash = await self._hasher.hash(password) if self._hasher.outdated(account.password_hash) else ""
        async with self._store.writing() as transaction:
            account = await self._check.passed(transaction, account, client)
            if new_hash:
                await transaction.accounts.set_password(account.id, new_hash)
            return await self._sessions.begin(transaction, account, client)

    def _checked(self, email: str, password: str, guest: Guest | None) -> tuple[str, str]:
        fields, address, email_key = {}, "", ""
        try:
            address, email_key = parsed_email(email)
        except ValueError as error:
            fields["email"] = str(error)
        if fault := passwords.fault(password, address, self._common):
            fields["password"] = fault
        if guest and not guest_is_well_formed(guest):
            fields["guest"] = "must be one that the gateway has issued"
        if fields:
            raise InvalidArgument("the registration cannot be taken as it is", fields=fields)
        return address, email_key

    async def _add(self, account: Account, client: Client) -> SignedIn:
        async with self._store.writing() as transaction:
            await transaction.accounts.add(account)
            signed_in = await self._sessions.begin(transaction, account, client)
            await transaction.mails.add(MailKind.VERIFY, account.email_key, account.created_at_ms)
            told = AccountRegistered(
                account_id=account.id,
                registered_from=guest_message(account.registered_from),
                plan=plan_message(self._plans.first),
            )
            await transaction.events.add(REGISTERED, told)
            return signed_in


def email_key_of(email: str) -> str:
    """The key of an e-mail that somebody claims to have; "" if it is none."""
    try:
        return parsed_email(email)[1]
    except ValueError:
        return ""
