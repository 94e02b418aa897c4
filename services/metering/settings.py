"""Settings of the metering service."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import Field, field_validator

from services.common.settings import ServiceSettings


class MeteringSettings(ServiceSettings):
    metering_listen: str = Field("127.0.0.1:50054", description="Address that metering's gRPC server listens on.")
    valkey_url: str = Field(
        "valkey://127.0.0.1:6379/0",
        description="Valkey (or Redis 7 and newer) with `appendonly yes` and `appendfsync always`.",
    )
    valkey_timeout_seconds: float = Field(
        2.0, gt=0, le=60, description="How long Valkey may take for one answer; then the outcome is unknown: 503."
    )
    valkey_connections: int = Field(16, ge=2, le=1024, description="Connections to Valkey at most.")
    valkey_synced_replicas: int = Field(
        0,
        ge=0,
        le=8,
        description="Replicas of Valkey that must have a grant on disk (WAITAOF) before it is answered; "
        "0: Valkey's own disk is enough.",
    )
    ledger_replicas: int = Field(1, ge=1, le=5, description="Copies that NATS keeps of the ledger stream.")
    guest_views: int | Literal["unlimited"] = Field(
        1, description="Code pages that a guest may view: a number, or `unlimited`."
    )

    guest_grants_per_prefix_per_day: int = Field(
        300,
        ge=0,
        le=100_000,
        description="New views a day for all guests of one network (an IPv4 /24 or IPv6 /56) together; 0: any number.",
    )

    receipt_keys_dir: Path | None = Field(
        None,
        description="Folder of the keys that receipts are signed with, the same for all replicas; "
        "empty: `metering/receipt-keys` in the state folder.",
    )

    @field_validator("guest_views")
    @classmethod
    def _not_negative(cls, value: int | str) -> int | str:
        if isinstance(value, int) and not 0 <= value <= 1_000_000:
            raise ValueError("must be `unlimited` or a number from 0 to 1000000")
        return value

    @property
    def guest_limit(self) -> int | None:
        """How many code pages a guest may view; None: without limit."""
        return None if self.guest_views == "unlimited" else self.guest_views

    @property
    def receipt_keys_folder(self) -> Path:
        return self.receipt_keys_dir or self.state_dir / "metering" / "receipt-keys"
