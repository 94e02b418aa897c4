"""Settings that every service has. Each is an environment variable `MEDCODES_<NAME>`; all are safe by default."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict


class ServiceSettings(BaseSettings):
    model_config = SettingsConfigDict(env_prefix="MEDCODES_", extra="ignore", frozen=True)

    state_dir: Path = Field(Path("var"), description="Folder for everything that a service keeps on disk.")
    nats_url: str = Field("nats://127.0.0.1:4222", description="NATS server with JetStream.")
    log_level: Literal["debug", "info", "warning", "error"] = Field("info", description="Least level logged.")
    log_format: Literal["json", "console"] = Field("json", description="JSON lines, or text for a terminal.")
    otlp_endpoint: str = Field("", description="OTLP/gRPC endpoint for traces; empty: none are recorded.")
    metrics_port: int = Field(
        0, ge=0, le=65535, description="Port on loopback for Prometheus' /metrics and operators' pages; 0: off."
    )
    grpc_max_calls: int = Field(
        512, ge=1, le=100_000, description="Calls that a service answers at one moment; further ones are refused."
    )
    drain_seconds: float = Field(
        5.0, ge=0, le=300, description="How long requests in flight may take when a service stops."
    )
