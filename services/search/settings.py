"""Settings of the search service."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field, SecretStr, field_validator

from services.common.settings import ServiceSettings

from .adapters.opensearch_address import address

TANTIVY = "tantivy:"


class SearchSettings(ServiceSettings):
    search_listen: str = Field("127.0.0.1:50052", description="Address that search's gRPC server listens on.")
    catalog_address: str = Field(
        "127.0.0.1:50051", description="Address of the catalog, which the index is built from."
    )
    search_url: SecretStr = Field(
        SecretStr(TANTIVY),
        description="The search engine; the scheme picks the adapter. `tantivy:` keeps the index in the state folder; "
        "`opensearch://user:password@host:9200,host:9200/prefix` (`https://` with TLS) asks the nodes of an OpenSearch "
        "cluster, where the names of all indexes begin with the prefix (`medcodes`).",
    )
    opensearch_connections: int = Field(
        16,
        ge=1,
        le=1000,
        description="Searches that OpenSearch is asked at the same moment; others wait for their turn.",
    )
    opensearch_seconds: float = Field(
        2.0, gt=0, le=60, description="How long OpenSearch may take for one answer; then 503."
    )
    search_threads: int = Field(2, ge=1, le=64, description="Searches that tantivy runs at the same moment.")
    search_waiting: int = Field(
        256, ge=1, le=100_000, description="Searches that may wait for their turn; one more is refused at once."
    )
    case_lookups: int = Field(
        4, ge=1, le=1000, description="Notes that are looked up at the same moment; one more is refused at once."
    )
    case_seconds: float = Field(15.0, gt=0, le=600, description="How long the look-up of one note may take.")
    search_indexes_kept: int = Field(
        2, ge=2, le=20, description="Indexes kept, the current one included; the others serve a rollback."
    )
    search_check_seconds: float = Field(
        300.0, gt=0, le=86400, description="How often the index is checked; one that is damaged or gone is built anew."
    )
    index_heap_mib: int = Field(
        64, ge=16, le=2048, description="Memory that the index build may fill before it writes to disk."
    )
    index_niceness: int = Field(
        10, ge=0, le=19, description="How far the index build gives way to everything else on the machine: nice(1)."
    )
    index_build_seconds: float = Field(
        600.0, gt=0, le=86400, description="How long one build of an index may take before it is given up and retried."
    )

    @field_validator("search_url")
    @classmethod
    def _is_known(cls, url: SecretStr) -> SecretStr:
        if url.get_secret_value() != TANTIVY:
            address(url.get_secret_value())
        return url

    @property
    def index_dir(self) -> Path:
        return self.state_dir / "search"
