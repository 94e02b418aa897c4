"""Credentials in use: whom a session or an API key belongs to, and how sessions end."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import structlog
from medcodes.events.v1.events_pb2 import SessionEnded

from services.common.errors import Unauthenticated

from .domain import tokens
from .domain.client import Client
from .domain.people import DAY_MS, Account, Guest, Session, new_id
from .domain.plans import Plan, Plans
from .known import account_of, check_id, no_such
from .ports import SESSION_ENDED, Owned, Store, StoreUnavailable, Transaction

# A use is written down this often at most: a write costs a disk sync, and nobody reads it to the minute.
SESSION_USE_MS = 5 * 60 * 1000
API_KEY_USE_MS = 60 * 60 * 1000

log = structlog.get_logger(__name__)


class Principal(NamedTuple):
    """Who a credential belongs to. One of `session_id` and `api_key_id` is set."""

    account: Account
    plan: Plan
    registered_from: Guest | None
    session_id: str
    api_key_id: str
    scopes: Sequence[str]
    expires_at_ms: int


class SignedIn(NamedTuple):
    """A new session; its token is not to be had again."""

    token: str
    principal: Principal


class Sessions:
    def __init__(self, store: Store, plans: Plans, clock: Callable[[], int], *, days: int, idle_days: int) -> None:
        self._store, self._plans, self._clock = store, plans, clock
        self._missed: set[str] = set()
        self._lasts_ms, self.idle_ms = days * DAY_MS, idle_days * DAY_MS

    async def begin(self, transaction: Transaction, account: Account, client: Client) -> SignedIn:
        """A new session, with a token that nobody has seen before."""
        now_ms, token = self._clock(), tokens.new_session_token()
        session = Session(new_id(), account.id, now_ms, now_ms, now_ms + self._lasts_ms, client.shown_agent)
        await transaction.credentials.add_session(session, tokens.hashed(token))
        return SignedIn(token, self._principal(Owned(account, session, None)))

    async def resolve(self, credential: str) -> Principal:
        """Raises `Unauthenticated` (BAD_TOKEN) for what is unknown, ended, expired or of a locked account."""
        now_ms = self._clock()
        owned = await self._owner(credential)
        if owned is None or owned.account.locked:
            raise bad_token()
        principal = self._principal(owned)
        if 0 < principal.expires_at_ms <= now_ms:
            raise bad_token()
        await self._note_use(owned, now_ms)
        return principal

    async def log_out(self, token: str) -> None:
        """Ends the session of a token; an unknown token is no error."""
        if not token.startswith(tokens.SESSION_PREFIX) or len(token) > tokens.MAX_LENGTH:
            return
        async with self._store.writing() as transaction:
            owned = await transaction.credentials.by_session_token(tokens.hashed(token))
            if (
                owned
                and owned.session
                and await transaction.credentials.end_session(owned.account.id, owned.session.id)
            ):
                await tell_ended(transaction, owned.account.id, owned.session.id)

    async def listed(self, account_id: str) -> Sequence[Session]:
        """Those that have not ended, newest first."""
        now_ms = self._clock()
        async with self._store.reading() as transaction:
            await account_of(transaction, account_id)
            found = await transaction.credentials.sessions(account_id)
        return [session for session in found if session.ends_at_ms(self.idle_ms) > now_ms]

    async def end(self, account_id: str, session_id: str) -> None:
        check_id("session", session_id)
        async with self._store.writing() as transaction:
            await account_of(transaction, account_id)
            if not await transaction.credentials.end_session(account_id, session_id):
                raise no_such("session")
            await tell_ended(transaction, account_id, session_id)

    async def end_others(self, account_id: str, except_id: str) -> int:
        async with self._store.writing() as transaction:
            await account_of(transaction, account_id)
            return await end_sessions(transaction, account_id, except_id)

    def of_account(self, account: Account) -> Principal:
        """The account itself, by none of its credentials."""
        return self._principal(Owned(account, None, None))

    def _principal(self, owned: Owned) -> Principal:
        account, session, key = owned
        expires_at_ms = session.ends_at_ms(self.idle_ms) if session else key.expires_at_ms if key else 0
        return Principal(
            account=account,
            plan=self._plan(account),
            registered_from=account.registered_from,
            session_id=session.id if session else "",
            api_key_id=key.id if key else "",
            scopes=key.scopes if key else (),
            expires_at_ms=expires_at_ms,
        )

    def _plan(self, account: Account) -> Plan:
        if account.plan not in self._plans and account.plan not in self._missed:
            self._missed.add(account.plan)
            log.warning("accounts have a plan that is not in the plans' file", plan=account.plan)
        return self._plans.named(account.plan)

    async def _owner(self, credential: str) -> Owned | None:
        if len(credential) > tokens.MAX_LENGTH:
            return None
        hashed = tokens.hashed(credential)
        async with self._store.reading() as transaction:
            if credential.startswith(tokens.SESSION_PREFIX):
                return await transaction.credentials.by_session_token(hashed)
            if credential.startswith(tokens.API_KEY_PREFIX):
                return await transaction.credentials.by_api_key(hashed)
        return None

    async def _note_use(self, owned: Owned, now_ms: int) -> None:
        """Writes down that a credential was used. A database that can be read only shall not sign people out."""
        session, key = owned.session, owned.api_key
        try:
            if session and now_ms - session.last_used_at_ms >= SESSION_USE_MS:
                async with self._store.writing() as transaction:
                    await transaction.credentials.use_session(session.id, now_ms)
            if key and now_ms - key.last_used_at_ms >= API_KEY_USE_MS:
                async with self._store.writing() as transaction:
                    await transaction.credentials.use_api_key(key.id, now_ms)
        except StoreUnavailable:
            pass


async def end_sessions(transaction: Transaction, account_id: str, except_id: str = "") -> int:
    """Ends an account's sessions but one, and tells of each; how many."""
    ended = await transaction.credentials.end_sessions(account_id, except_id)
    for session_id in ended:
        await tell_ended(transaction, account_id, session_id)
    return len(ended)


async def tell_ended(transaction: Transaction, account_id: str, credential_id: str = "") -> None:
    """A session or an API key has ended; "": whatever is known of the account's credentials is to be forgotten."""
    await transaction.events.add(SESSION_ENDED, SessionEnded(account_id=account_id, credential_id=credential_id))


def bad_token() -> Unauthenticated:
    return Unauthenticated("the token is unknown, used, ended or expired", reason="BAD_TOKEN")
