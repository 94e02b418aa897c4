"""Settings of the catalog service and of the `medcodes data` command."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field

from services.common.settings import ServiceSettings


class CatalogSettings(ServiceSettings):
    catalog_listen: str = Field("127.0.0.1:50051", description="Address that the catalog's gRPC server listens on.")
    releases_kept: int = Field(
        3, ge=2, le=50, description="Releases kept in the object store and on disk, the current one included."
    )

    page_cache_mib: int = Field(
        32, ge=0, le=4096, description="Memory for finished code pages, in MiB; 0: every page is put together anew."
    )

    @property
    def releases_dir(self) -> Path:
        """Where this machine keeps releases: `<id>.sqlite` with its manifest `<id>.json`."""
        return self.state_dir / "catalog" / "releases"
