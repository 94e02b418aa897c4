"""Settings of the search service."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field

from services.common.settings import ServiceSettings


class SearchSettings(ServiceSettings):
    search_listen: str = Field("127.0.0.1:50052", description="Address that search's gRPC server listens on.")
    catalog_address: str = Field(
        "127.0.0.1:50051", description="Address of the catalog, which the index is built from."
    )
    search_url: str = Field(
        "tantivy:",
        pattern=r"^tantivy:$",
        description="The search engine; the scheme picks the adapter. `tantivy:` keeps the index in the state folder.",
    )
    search_threads: int = Field(2, ge=1, le=64, description="Searches that run at the same moment.")
    search_waiting: int = Field(
        256, ge=1, le=100_000, description="Searches that may wait for their turn; one more is refused at once."
    )
    case_lookups: int = Field(
        4, ge=1, le=1000, description="Notes that are looked up at the same moment; one more is refused at once."
    )
    case_seconds: float = Field(8.0, gt=0, le=600, description="How long the look-up of one note may take.")
    search_indexes_kept: int = Field(
        2, ge=2, le=20, description="Indexes kept on disk, the current one included; the others serve a rollback."
    )
    index_heap_mib: int = Field(
        64, ge=16, le=2048, description="Memory that the index build may fill before it writes to disk."
    )
    index_build_seconds: float = Field(
        600.0, gt=0, le=86400, description="How long one build of an index may take before it is given up and retried."
    )

    @property
    def index_dir(self) -> Path:
        return self.state_dir / "search"
