"""The tables of accounts, the same in SQLite and PostgreSQL. A change here needs a migration; a test compares the two.

Times are milliseconds since 1970, 0 where there is none.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
)

NAMES = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}
metadata = MetaData(naming_convention=NAMES)


def _id(name: str = "id") -> Column[str]:
    return Column(name, String(32), primary_key=True)


def _owner(*, primary_key: bool = False) -> Column[str]:
    """Rows of an account go with it."""
    reference = ForeignKey("accounts.id", ondelete="CASCADE")
    return Column("account_id", String(32), reference, nullable=False, primary_key=primary_key)


def _time(name: str) -> Column[int]:
    return Column(name, BigInteger, nullable=False, server_default="0")


def _text(name: str, length: int, *, primary_key: bool = False) -> Column[str]:
    return Column(name, String(length), nullable=False, primary_key=primary_key)


accounts = Table(
    "accounts",
    metadata,
    _id(),
    _text("email", 320),
    Column("email_key", String(320), nullable=False, unique=True),
    _text("password_hash", 255),
    Column("plan", String(40), nullable=False, index=True),
    _time("created_at_ms"),
    _time("email_verified_at_ms"),
    _time("locked_at_ms"),
    Column("guest_id", String(64), nullable=False),
    Column("guest_issued_at", BigInteger, nullable=False, server_default="0"),
    Column("keep_searches", Boolean, nullable=False),
    Column("keep_recent_views", Boolean, nullable=False),
    Index(None, "created_at_ms", "id"),
)

sessions = Table(
    "sessions",
    metadata,
    _id(),
    _owner(),
    Column("token_hash", LargeBinary(32), nullable=False, unique=True),
    _time("created_at_ms"),
    _time("last_used_at_ms"),
    _time("expires_at_ms"),
    _text("user_agent", 200),
    Index(None, "account_id"),
    Index(None, "expires_at_ms"),
)

api_keys = Table(
    "api_keys",
    metadata,
    _id(),
    _owner(),
    _text("name", 80),
    _text("prefix", 16),
    Column("key_hash", LargeBinary(32), nullable=False, unique=True),
    # Names with a space between.
    _text("scopes", 100),
    _time("created_at_ms"),
    _time("expires_at_ms"),
    _time("last_used_at_ms"),
    Index(None, "account_id"),
)

feeds = Table(
    "feeds",
    metadata,
    _owner(primary_key=True),
    Column("token_hash", LargeBinary(32), nullable=False, unique=True),
    _time("created_at_ms"),
)

links = Table(
    "links",
    metadata,
    Column("token_hash", LargeBinary(32), primary_key=True),
    _text("kind", 16),
    _owner(),
    _time("expires_at_ms"),
    UniqueConstraint("account_id", "kind"),
)

mails = Table(
    "mails",
    metadata,
    _id(),
    _text("kind", 32),
    # Of whoever it is for, who need not have an account.
    Column("email_key", String(320), nullable=False, index=True),
    _time("created_at_ms"),
    _time("due_at_ms"),
    Column("tries", Integer, nullable=False, server_default="0"),
    _time("dead_at_ms"),
    Index(None, "dead_at_ms", "due_at_ms"),
)

throttle = Table(
    "throttle",
    metadata,
    Column("key", LargeBinary(32), primary_key=True),
    Column("count", Integer, nullable=False),
    Column("ends_at_ms", BigInteger, nullable=False, index=True),
)

# The key of the hashes in `throttle`, made on first start.
secrets = Table(
    "secrets",
    metadata,
    _text("name", 32, primary_key=True),
    Column("value", LargeBinary, nullable=False),
)

outbox = Table(
    "outbox",
    metadata,
    Column("number", BigInteger, primary_key=True, autoincrement=False),
    _text("event_id", 32),
    _text("kind", 64),
    Column("payload", LargeBinary, nullable=False),
)

# One row: the number of the last entry that the outbox was ever given.
outbox_position = Table(
    "outbox_position",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("last", BigInteger, nullable=False),
)

deletions = Table(
    "deletions",
    metadata,
    _id(),
    # Until the deletion is complete; then nothing says whose it was.
    Column("account_id", String(32), nullable=True, unique=True),
    _time("requested_at_ms"),
    _time("accounts_erased_at_ms"),
    _time("metering_erased_at_ms"),
)

lists = Table(
    "lists",
    metadata,
    _id(),
    _owner(),
    _text("name", 80),
    _time("created_at_ms"),
    UniqueConstraint("account_id", "name"),
)

saved_codes = Table(
    "saved_codes",
    metadata,
    Column("list_id", String(32), ForeignKey("lists.id", ondelete="CASCADE"), primary_key=True),
    _text("system", 16, primary_key=True),
    _text("code", 16, primary_key=True),
    _owner(),
    _time("saved_at_ms"),
    Index(None, "account_id", "system", "code"),
)

notes = Table(
    "notes",
    metadata,
    _owner(primary_key=True),
    _text("system", 16, primary_key=True),
    _text("code", 16, primary_key=True),
    Column("text", Text, nullable=False),
    _time("updated_at_ms"),
)

recent_views = Table(
    "recent_views",
    metadata,
    _owner(primary_key=True),
    _text("system", 16, primary_key=True),
    _text("code", 16, primary_key=True),
    _time("viewed_at_ms"),
)

searches = Table(
    "searches",
    metadata,
    _owner(primary_key=True),
    _text("query", 200, primary_key=True),
    _time("searched_at_ms"),
)
