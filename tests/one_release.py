"""One release file behind the catalog's ports, and the real catalog over it, for what needs no NATS."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

from services.catalog.adapters.change_file import ChangeFile
from services.catalog.adapters.sqlite_release import SqliteRelease
from services.catalog.changes import Changes
from services.catalog.importers.base import Root
from services.catalog.importers.icd10cm_tabular import bundled_icd10cm_root
from services.catalog.indexes import Indexes
from services.catalog.page_cache import PageCache
from services.catalog.ports import ReleaseInfo
from services.catalog.service import Catalog
from services.catalog.servicer import SERVICE, CatalogServicer
from services.common.clock import new_york_today
from services.common.grpc_server import GrpcServer
from services.common.health import Health


def roots(*folders: Path) -> list[Root]:
    """The bundled ICD-10-CM files and the folders, each once, as `medcodes up --data` builds a release of them."""
    return [bundled_icd10cm_root(), *(Root(folder, folder.name) for folder in dict.fromkeys(folders))]


class OneRelease:
    """The ports for releases and their changes over one release file that stays open; nothing has changed in it."""

    current_id = ""

    def __init__(self, reader: SqliteRelease) -> None:
        self._reader = reader

    @contextmanager
    def acquire(self, release_id: str = "") -> Iterator[SqliteRelease]:
        yield self._reader

    async def list_releases(self) -> Sequence[ReleaseInfo]:
        return []

    def changes(self) -> dict[str, ChangeFile]:
        return {}


@asynccontextmanager
async def catalog_server(catalog: Catalog, releases: OneRelease) -> AsyncIterator[str]:
    """The catalog's gRPC server in this process; its address."""
    indexes = Indexes(releases, new_york_today)
    async with served(CatalogServicer(catalog, PageCache(1 << 20), Changes(releases), indexes)) as server:
        yield f"127.0.0.1:{server.port}"


@asynccontextmanager
async def served(servicer: CatalogServicer) -> AsyncIterator[GrpcServer]:
    """The catalog's gRPC server, as the service makes it, for as long as the block lasts."""
    server = GrpcServer(
        domain="catalog.medcodes",
        listen="127.0.0.1:0",
        register=[servicer.register],
        names=[SERVICE],
        health=Health("catalog"),
        drain_seconds=1,
    )
    await server.start()
    try:
        yield server
    finally:
        await server.stop()
