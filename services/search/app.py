"""The search service, put together."""

from __future__ import annotations

from medcodes.search.v1 import search_pb2_grpc

from services.common.events import CURRENT_RELEASE_BUCKET, CURRENT_RELEASE_KEY, Bus
from services.common.grpc_server import GrpcServer
from services.common.health import Health
from services.common.lifecycle import Service, Task

from .adapters.build_process import BuildProcess
from .adapters.opensearch_store import OpenSearchStore
from .adapters.tantivy_store import TantivyStore
from .announcements import Announcements
from .case_lookup import CaseLookup
from .domain.notes import tables
from .domain.vocabulary import vocabulary
from .index_keeper import IndexKeeper
from .ports import IndexStore
from .service import Search
from .servicer import SERVICE_NAME, SearchServicer
from .settings import TANTIVY, SearchSettings


def build(settings: SearchSettings) -> Service:
    health = Health("search")
    bus = Bus(settings.nats_url, "search")
    store = _store(settings)
    builds = BuildProcess(
        settings.search_url.get_secret_value(),
        settings.index_dir,
        settings.catalog_address,
        heap_mib=settings.index_heap_mib,
        niceness=settings.index_niceness,
        timeout=settings.index_build_seconds,
    )
    announcements = Announcements(store, bus)

    async def index_changed() -> None:
        await announcements.wake()
        await health.refresh()

    keeper = IndexKeeper(
        store,
        builds,
        keep=settings.search_indexes_kept,
        check_seconds=settings.search_check_seconds,
        changed=index_changed,
    )
    # Read now, so that a line that cannot be read is told at once.
    vocabulary()
    tables.load()
    search = Search(lambda: keeper.index)
    case_lookup = CaseLookup(lambda: keeper.index, most=settings.case_lookups, seconds=settings.case_seconds)
    servicer = SearchServicer(search, case_lookup, keeper)
    health.add_check("index", keeper.is_ready)
    server = GrpcServer(
        domain="search.medcodes",
        listen=settings.search_listen,
        register=[lambda server: search_pb2_grpc.add_SearchServiceServicer_to_server(servicer, server)],
        names=[SERVICE_NAME],
        health=health,
        drain_seconds=settings.drain_seconds,
        max_calls=settings.grpc_max_calls,
    )
    return Service(
        "search",
        [
            bus,
            keeper,
            server,
            Task(
                "follow the current release",
                lambda: keeper.follow(bus.watch_key(CURRENT_RELEASE_BUCKET, CURRENT_RELEASE_KEY)),
            ),
            Task("announce the active index", announcements.run),
        ],
        health,
    )


def _store(settings: SearchSettings) -> IndexStore:
    url = settings.search_url.get_secret_value()
    if url == TANTIVY:
        return TantivyStore(settings.index_dir, threads=settings.search_threads, waiting=settings.search_waiting)
    return OpenSearchStore(
        url,
        calls=settings.opensearch_connections,
        waiting=settings.search_waiting,
        seconds=settings.opensearch_seconds,
    )
