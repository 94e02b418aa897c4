"""What accounts needs from outside: a store with transactions, a password hasher, and somebody who delivers mail."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from typing import NamedTuple, Protocol

from google.protobuf.message import Message

from services.common.errors import Unavailable

from .domain.mails import Mail, MailKind
from .domain.people import Account, ApiKey, Deletion, LinkKind, Session
from .domain.shelf import CodeKey, Note, Preferences, RecentView, SavedCode, SavedList, Search
from .domain.throttling import Limit, Tries

# The types of the events that accounts tells.
REGISTERED, DELETED = "accounts.account.registered", "accounts.account.deleted"
SESSION_ENDED, PLAN_CHANGED = "accounts.session.ended", "accounts.plan.changed"
SHELF_CHANGED = "accounts.shelf.changed"


class StoreUnavailable(Unavailable):
    """The database did not answer, or not in time. What was asked may have happened or not."""

    default_reason = "STORE_UNAVAILABLE"


class EmailTaken(Exception):
    """Another account has the e-mail."""


class NameTaken(Exception):
    """The account has another list of that name."""


class MailRefused(Exception):
    """The mail was not taken. `final`: it never will be."""

    def __init__(self, why: str, *, final: bool = False) -> None:
        super().__init__(why)
        self.final = final


class Owned(NamedTuple):
    """A credential's account, with the credential."""

    account: Account
    session: Session | None
    api_key: ApiKey | None


class QueuedMail(NamedTuple):
    """What is to be sent; its text is made when it is, so that no token is ever kept. `tries` counts this one."""

    id: str
    kind: MailKind
    email_key: str
    tries: int


class Store(Protocol):
    """Everything that accounts keeps.

    A transaction commits when its block ends, and leaves nothing behind when it raises. Within it each call sees what
    the ones before have written. Every step ends within the store's time-out. Blocks raise `StoreUnavailable` if the
    database does not answer; only of the commit is it unknown then whether it happened.
    """

    def reading(self) -> AbstractAsyncContextManager[Transaction]:
        """One consistent state of everything, to be read only."""

    def writing(self) -> AbstractAsyncContextManager[Transaction]:
        """Transactions that write the same rows come one after the other."""


class Transaction(Protocol):
    """The parts of the store, in one transaction."""

    @property
    def accounts(self) -> Accounts: ...
    @property
    def credentials(self) -> Credentials: ...
    @property
    def links(self) -> Links: ...
    @property
    def mails(self) -> Mails: ...
    @property
    def throttle(self) -> Throttle: ...
    @property
    def events(self) -> Events: ...
    @property
    def deletions(self) -> Deletions: ...
    @property
    def shelf(self) -> ShelfRows: ...
    @property
    def history(self) -> History: ...
    @property
    def feeds(self) -> FeedRows: ...


class Accounts(Protocol):
    async def add(self, account: Account) -> None:
        """Raises `EmailTaken`; the transaction is of no use then."""

    async def get(self, account_id: str) -> Account | None: ...

    async def by_email(self, email_key: str) -> Account | None: ...

    async def hold(self, account_id: str) -> Account | None:
        """As `get`; until the transaction ends no other one that holds the account goes on. Who holds it and also
        changes rows of other tables that are the account's holds it first, as `erase` does: two who take the same in
        another order would wait for each other."""

    async def find(self, text: str, plan: str, before: tuple[int, str] | None, limit: int) -> Sequence[Account]:
        """Accounts whose e-mail holds `text`, or whose id it is, newest first, behind `before` (created_at_ms, id)."""

    async def set_password(self, account_id: str, password_hash: str) -> None: ...

    async def set_verified(self, account_id: str, at_ms: int) -> None: ...

    async def set_plan(self, account_id: str, plan: str) -> None: ...

    async def set_locked(self, account_id: str, at_ms: int) -> None: ...

    async def set_preferences(self, account_id: str, preferences: Preferences) -> None: ...

    async def erase(self, account_id: str) -> None:
        """Deletes the account and every row that belongs to it."""


class Credentials(Protocol):
    """Sessions and API keys. Tokens come in hashed."""

    async def add_session(self, session: Session, token_hash: bytes) -> None: ...

    async def by_session_token(self, token_hash: bytes) -> Owned | None: ...

    async def sessions(self, account_id: str) -> Sequence[Session]:
        """Newest first."""

    async def use_session(self, session_id: str, at_ms: int) -> None: ...

    async def end_session(self, account_id: str, session_id: str) -> bool: ...

    async def end_sessions(self, account_id: str, except_id: str = "") -> Sequence[str]:
        """The ids of those that were ended."""

    async def prune_sessions(self, now_ms: int, idle_ms: int) -> int:
        """Deletes those that have ended by themselves."""

    async def add_api_key(self, key: ApiKey, key_hash: bytes) -> None: ...

    async def by_api_key(self, key_hash: bytes) -> Owned | None: ...

    async def api_keys(self, account_id: str) -> Sequence[ApiKey]:
        """Newest first."""

    async def use_api_key(self, key_id: str, at_ms: int) -> None: ...

    async def revoke_api_key(self, account_id: str, key_id: str) -> bool: ...


class Links(Protocol):
    """Single-use links in e-mails."""

    async def add(self, kind: LinkKind, account_id: str, token_hash: bytes, expires_at_ms: int) -> None:
        """Replaces the account's earlier link of that kind."""

    async def take(self, kind: LinkKind, token_hash: bytes, now_ms: int) -> str:
        """The account of a link that has not ended, held; "" if there is none. Of two that take it one gets it."""

    async def drop(self, kind: LinkKind, account_id: str) -> None: ...

    async def prune(self, now_ms: int) -> int: ...


class Mails(Protocol):
    """E-mails that wait to be sent."""

    async def add(self, kind: MailKind, email_key: str, now_ms: int) -> None: ...

    async def claim(self, now_ms: int, until_ms: int) -> QueuedMail | None:
        """The mail that has been due for longest; nobody else gets it before `until_ms`."""

    async def postpone(self, mail_id: str, until_ms: int) -> None: ...

    async def bury(self, mail_id: str, now_ms: int) -> None:
        """It is not tried again."""

    async def remove(self, mail_id: str) -> None: ...

    async def prune(self, before_ms: int) -> int:
        """Deletes the buried ones that are older."""

    async def waiting(self) -> int: ...


class Throttle(Protocol):
    """Counters of tries. Subjects (an e-mail, a network) are kept as keyed hashes only."""

    async def count(self, limit: Limit, subject: str, now_ms: int) -> Tries:
        """Counts one more try; the window begins with the first one."""

    async def uncount(self, limit: Limit, subject: str, now_ms: int) -> None:
        """Takes one try back."""

    async def reset(self, limit: Limit, subject: str) -> None: ...

    async def prune(self, now_ms: int) -> int: ...


class Events(Protocol):
    async def add(self, kind: str, payload: Message) -> None:
        """Told to everybody after the commit, once; `kind` is the event's type."""


class Deletions(Protocol):
    async def add(self, deletion: Deletion, account_id: str) -> None: ...

    async def get(self, deletion_id: str) -> Deletion | None: ...

    async def metering_erased(self, account_id: str, at_ms: int) -> bool:
        """Completes the deletion of an account and forgets whose it was; False if there is none."""


class ShelfRows(Protocol):
    async def lists(self, account_id: str) -> Sequence[SavedList]:
        """Oldest first, without their codes."""

    async def add_list(self, account_id: str, saved_list: SavedList, at_ms: int) -> None:
        """Raises `NameTaken`; the transaction is of no use then."""

    async def rename_list(self, account_id: str, list_id: str, name: str) -> bool:
        """Raises `NameTaken`; the transaction is of no use then."""

    async def delete_list(self, account_id: str, list_id: str) -> bool: ...

    async def saved(self, account_id: str, key: CodeKey | None = None) -> Sequence[SavedCode]:
        """Newest first; of one code, or all."""

    async def count_saved(self, account_id: str) -> int: ...

    async def save(self, account_id: str, saved: SavedCode) -> SavedCode:
        """What is kept: an earlier one stays as it is."""

    async def remove(self, account_id: str, list_id: str, key: CodeKey) -> None:
        """From one list, or from all with ""."""

    async def notes(self, account_id: str, key: CodeKey | None = None) -> Sequence[Note]: ...

    async def count_notes(self, account_id: str) -> int: ...

    async def set_note(self, account_id: str, note: Note) -> None: ...

    async def remove_note(self, account_id: str, key: CodeKey) -> None: ...


class History(Protocol):
    """What was looked at and searched for; the newest are kept, each once."""

    async def add_views(self, views: Sequence[tuple[str, RecentView]], keep: int) -> None:
        """Of many accounts, by their ids; those that do not exist or keep no views are left out."""
        ...

    async def add_search(self, account_id: str, search: Search, keep: int) -> None: ...

    async def views(self, account_id: str) -> Sequence[RecentView]: ...

    async def searches(self, account_id: str) -> Sequence[Search]: ...

    async def clear(self, account_id: str, *, searches: bool, views: bool) -> None: ...


class FeedRows(Protocol):
    """The token of each account's feed, hashed."""

    async def set(self, account_id: str, token_hash: bytes, at_ms: int) -> None:
        """Replaces the one before."""

    async def created_at_ms(self, account_id: str) -> int:
        """0 where there is none."""

    async def remove(self, account_id: str) -> None: ...

    async def owner(self, token_hash: bytes) -> Account | None: ...


class PasswordHasher(Protocol):
    """Hashes and verifies off the event loop. Raises `Unavailable` (OVERLOADED) when too many wait."""

    async def hash(self, password: str) -> str: ...

    async def verify(self, password_hash: str, password: str) -> bool:
        """With "" for the hash it takes as long as with any other one, and is False."""

    def outdated(self, password_hash: str) -> bool:
        """Whether it was made with other parameters than those in the settings."""


class Mailer(Protocol):
    async def send(self, mail: Mail) -> None:
        """Returns once somebody has taken the mail. Ends within a minute; raises `MailRefused`."""
