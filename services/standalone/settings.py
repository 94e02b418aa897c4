"""Settings of `medcodes up`, which keeps everything running on one machine."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import Field, SecretStr

from services.common.settings import ServiceSettings


class StandaloneSettings(ServiceSettings):
    http_host: str = Field("127.0.0.1", description="Address that the pages are served on.")
    http_port: int = Field(8000, ge=1, le=65535, description="Port that the pages are served on.")
    data: Path | None = Field(None, description="Folder of official downloads to import beside the sample set.")
    search: Literal["tantivy", "opensearch"] = Field(
        "tantivy",
        description="The search engine: inside the service, or a node of OpenSearch that is started beside the rest.",
    )
    processes: bool = Field(False, description="Give each service a process of its own.")
    smtp_url: SecretStr = Field(
        SecretStr(""),
        description="Mail server that accounts sends by. While it is empty and the pages are served on loopback only, "
        "/dev/mail shows the mails instead.",
    )
    min_free_mib: int = Field(300, ge=0, description="Free disk space below which `up` does not start.")
    start_seconds: float = Field(60.0, gt=0, description="How long the services may take until they are ready.")
