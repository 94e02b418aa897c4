"""The catalog service, put together."""

from __future__ import annotations

from services.common.clock import new_york_today
from services.common.events import Bus
from services.common.grpc_server import GrpcServer
from services.common.health import Health
from services.common.lifecycle import Service

from .adapters.release_store import ReleaseStore
from .changes import Changes
from .current_release import ReleaseKeeper
from .indexes import Indexes
from .page_cache import PageCache
from .service import Catalog
from .servicer import SERVICE, CatalogServicer
from .settings import CatalogSettings


def build(settings: CatalogSettings) -> Service:
    health = Health("catalog")
    bus = Bus(settings.nats_url, "catalog")
    store = ReleaseStore(bus, settings.releases_kept)
    releases = ReleaseKeeper(store, settings.releases_dir, settings.releases_kept)
    health.add_check("release", releases.has_release)
    catalog = Catalog(releases, new_york_today)
    cache, indexes = PageCache(settings.page_cache_mib << 20), Indexes(releases, new_york_today)
    servicer = CatalogServicer(catalog, cache, Changes(releases), indexes)
    server = GrpcServer(
        domain="catalog.medcodes",
        listen=settings.catalog_listen,
        register=[servicer.register],
        names=[SERVICE],
        health=health,
        drain_seconds=settings.drain_seconds,
        max_calls=settings.grpc_max_calls,
    )
    return Service("catalog", [bus, releases, server], health)
