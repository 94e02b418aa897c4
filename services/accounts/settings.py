"""Settings of the accounts service."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, field_validator

from services.common.settings import ServiceSettings


class AccountsSettings(ServiceSettings):
    accounts_listen: str = Field("127.0.0.1:50053", description="Address that accounts' gRPC server listens on.")
    accounts_address: str = Field(
        "",
        description="Where `medcodes accounts` finds the running service; empty: the instance on the state folder, "
        "else the address that it listens on.",
    )
    accounts_database_url: SecretStr = Field(
        SecretStr("sqlite:"),
        description="`sqlite:` (in the state folder), `sqlite:///a/file.db`, or "
        "`postgresql://user:password@host/name`. "
        "The scheme picks the adapter.",
    )
    accounts_database_seconds: float = Field(
        3.0, gt=0, le=60, description="How long the database may take for one step; then 503."
    )
    accounts_database_connections: int = Field(8, ge=1, le=200, description="Connections to the database at most.")
    plans_file: Path | None = Field(
        None, description="The plans and their allowances, a TOML file; empty: the one that comes with Medcodes."
    )
    session_days: int = Field(30, ge=1, le=365, description="Days after which a session ends.")
    session_idle_days: int = Field(14, ge=1, le=365, description="Days without use after which a session ends.")
    argon2_memory_kib: int = Field(19456, ge=8, le=4194304, description="Memory that hashing a password takes, in KiB.")
    argon2_passes: int = Field(2, ge=1, le=100, description="Passes over that memory.")
    argon2_lanes: int = Field(1, ge=1, le=16, description="Lanes of that memory (argon2's parallelism).")
    password_threads: int = Field(2, ge=1, le=64, description="Passwords hashed at the same moment.")
    password_waiting: int = Field(
        128, ge=1, le=10000, description="Passwords that may wait for their turn; one more is refused with 503."
    )
    smtp_url: SecretStr = Field(
        SecretStr(""),
        description="Mail server: `smtp://user:password@host:587` (STARTTLS where offered), `smtps://...`; "
        "empty: mails are kept as files in the state folder.",
    )
    mail_from: str = Field("Medcodes <no-reply@localhost>", description="Sender of mails.")
    mail_tries: int = Field(10, ge=1, le=100, description="Tries after which a mail is given up.")
    public_url: str = Field(
        "", description="What links in mails begin with (https://codes.example.org); empty: host and port of the pages."
    )
    http_host: str = Field("127.0.0.1", description="Where the pages are served, for links in mails.")
    http_port: int = Field(8000, ge=0, le=65535, description="Where the pages are served, for links in mails.")
    login_failures_per_email: int = Field(
        10, ge=0, description="Failed log-ins for one e-mail in 15 minutes; 0: no limit."
    )
    login_failures_per_network: int = Field(
        50, ge=0, description="Failed log-ins from one network in 15 minutes, whatever the e-mails; 0: no limit."
    )
    registrations_per_network: int = Field(
        20, ge=0, description="Registrations from one network in an hour; 0: no limit."
    )
    mails_per_email: int = Field(
        5, ge=0, description="Mails to reset a password or verify an e-mail for one e-mail in an hour; 0: no limit."
    )
    mails_per_network: int = Field(
        30, ge=0, description="Mails to reset a password that one network may ask for in an hour; 0: no limit."
    )

    @field_validator("accounts_database_url")
    @classmethod
    def _known_scheme(cls, value: SecretStr) -> SecretStr:
        if urlsplit(value.get_secret_value()).scheme not in ("sqlite", "postgresql"):
            raise ValueError("must begin with `sqlite:` or `postgresql:`")
        return value

    @field_validator("smtp_url")
    @classmethod
    def _known_mail_scheme(cls, value: SecretStr) -> SecretStr:
        parts = urlsplit(value.get_secret_value())
        if value.get_secret_value() and (parts.scheme not in ("smtp", "smtps") or not parts.hostname):
            raise ValueError("must begin with `smtp://` or `smtps://` and name a host")
        return value

    @property
    def link_url(self) -> str:
        return self.public_url or f"http://{self.http_host}:{self.http_port}"

    @property
    def accounts_dir(self) -> Path:
        """Where accounts keeps its files."""
        return self.state_dir / "accounts"
