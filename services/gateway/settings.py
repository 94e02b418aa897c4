"""Settings of the gateway."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import Field, SecretStr, field_validator

from services.common.settings import ServiceSettings

from .visitors.networks import dns_servers, networks
from .visitors.receipts import derived_key

MIB = 2**20


class GatewaySettings(ServiceSettings):
    http_host: str = Field("127.0.0.1", description="Address that the pages are served on.")
    http_port: int = Field(8000, ge=0, le=65535, description="Port that the pages are served on; 0: any free one.")
    public_url: str = Field(
        "",
        pattern=r"^(https?://[^/\s]+)?$",
        description="What visitors call this server, without a path (https://codes.example.org); empty: host and port. "
        "With https, cookies are Secure, named `__Host-...`, and browsers are told to stay on https.",
    )
    sections_for_guests: Literal["locked", "open"] = Field(
        "locked", description="Whether the six sections of a code page need an account."
    )
    trusted_proxies: str = Field(
        "",
        description="Networks of the proxies in front, comma-separated (10.0.0.0/8, fd00::/8): only behind these "
        "X-Forwarded-For says where a request comes from.",
    )

    robots_file: Path | None = Field(
        None,
        description="Search crawlers that may read code pages and robots that make previews of links, a TOML file; "
        "empty: the one that comes with Medcodes.",
    )
    verify_crawlers: bool = Field(
        True,
        description="Ask DNS whether who says that it is a search crawler is one, and do not charge it then; otherwise "
        "all crawlers are guests.",
    )
    crawler_dns_servers: str = Field(
        "",
        description="DNS servers to ask about crawlers, comma-separated (10.0.0.53, [fd00::53]:5353); empty: those of "
        "this machine.",
    )
    crawler_dns_seconds: float = Field(
        1.0, gt=0, le=10, description="Seconds that finding out about a crawler may take; after them it is a guest."
    )

    catalog_address: str = Field("127.0.0.1:50051", description="Where the catalog listens.")
    search_address: str = Field("127.0.0.1:50052", description="Where search listens.")
    accounts_address: str = Field("127.0.0.1:50053", description="Where accounts listens.")
    metering_address: str = Field("127.0.0.1:50054", description="Where metering listens.")
    catalog_timeout: float = Field(5.0, gt=0, description="Seconds that the catalog may take.")
    search_timeout: float = Field(3.0, gt=0, description="Seconds that search may take.")
    case_timeout: float = Field(18.0, gt=0, description="Seconds that search may take for the codes of a note.")
    accounts_timeout: float = Field(5.0, gt=0, description="Seconds that accounts may take.")
    shelf_seconds: float = Field(
        1.0,
        gt=0,
        le=60,
        description="Seconds that a code page waits for what its member has saved; then it is shown without.",
    )
    metering_timeout: float = Field(2.0, gt=0, description="Seconds that a batch of views may take; asked twice.")
    metering_calls: int = Field(2, ge=1, le=64, description="Batches of views under way at the same moment.")
    metering_queue: int = Field(
        4096, ge=1, description="Views that may wait for a batch; beyond it requests are refused with 503."
    )
    metering_wait_seconds: float = Field(
        0.4,
        gt=0,
        le=60,
        description="Seconds that a view may wait for a batch until it is refused with 503; while one has waited for "
        "a quarter of that, further ones are refused at once.",
    )
    max_lag_seconds: float = Field(
        0.1,
        gt=0,
        le=60,
        description="Seconds that this process may be behind with its work; what comes meanwhile is refused with 503.",
    )
    max_requests: int = Field(
        2000,
        ge=1,
        le=100_000,
        description="Requests under way at one moment; further ones are refused with 503.",
    )

    rendered_pages_mib: int = Field(64, ge=0, description="Memory for rendered code pages; 0: none are kept.")
    guest_secret: SecretStr = Field(
        SecretStr(""),
        description="Key that guest cookies are signed with, the same for all replicas, 32 characters or more; empty: "
        "a random one is kept in the state folder.",
    )
    receipt_secrets: SecretStr = Field(
        SecretStr(""),
        description="Keys that receipts are signed with, the same for all replicas, each of 32 characters or more, "
        "comma-separated: the first one signs, all are accepted, so that a new one is put first and the old one goes "
        "30 days later; empty: made from the key of guest cookies.",
    )
    max_body_bytes: int = Field(64 * 1024, ge=0, description="Largest request body that is read.")
    request_seconds: float = Field(
        20.0,
        gt=0,
        description="Seconds that the head of a request may take to arrive, and then its body; later ones get 408.",
    )
    access_log: bool = Field(False, description="Log every request.")
    dev_mail: bool = Field(
        False,
        description="Show the mails that accounts has kept in the state folder instead of sending, under /dev/mail, to "
        "everybody: for trying things out on one machine only.",
    )

    @field_validator("trusted_proxies")
    @classmethod
    def _are_networks(cls, value: str) -> str:
        networks(value)
        return value

    @field_validator("crawler_dns_servers")
    @classmethod
    def _are_dns_servers(cls, value: str) -> str:
        dns_servers(value)
        return value

    def receipt_keys(self, guest_key: bytes) -> list[bytes]:
        """Current first."""
        secrets = [secret.strip().encode() for secret in self.receipt_secrets.get_secret_value().split(",")]
        return [secret for secret in secrets if secret] or [derived_key(guest_key)]

    @property
    def https(self) -> bool:
        return self.public_url.startswith("https:")

    @property
    def site_url(self) -> str:
        """What addresses of this server begin with; "" where only a free port is asked for and nothing is said."""
        if self.public_url or not self.http_port:
            return self.public_url
        host = f"[{self.http_host}]" if ":" in self.http_host else self.http_host
        return f"http://{host}:{self.http_port}"
