from __future__ import annotations

import asyncio
import contextlib
import json

import pytest
from medcodes.search.v1 import search_pb2 as pb
from medcodes.search.v1 import search_pb2_grpc

from services.common.events import CURRENT_RELEASE_BUCKET, CURRENT_RELEASE_KEY, Bus
from services.common.grpc_client import connect
from services.search.app import build
from services.search.settings import SearchSettings
from services.standalone.ports import free_port
from tests.contract.search.codes import CODES, RELEASE
from tests.integration.search.lying_opensearch import LyingOpenSearch
from tests.integration.search.wire_catalog import WireCatalog

SECOND = "b" * 64


class RunningSearch:
    """The search service on a port of its own, and a client of it."""

    def __init__(self, settings):
        self.settings = settings
        self.service = build(settings)
        self.channel = connect(settings.search_listen, idempotent=["medcodes.search.v1.SearchService"], timeout=30)
        self.stub = search_pb2_grpc.SearchServiceStub(self.channel)

    async def status(self):
        return await self.stub.GetIndexStatus(pb.GetIndexStatusRequest())

    async def until_release(self, release, seconds=30):
        async with asyncio.timeout(seconds):
            while (await self.status()).release != release:
                await asyncio.sleep(0.02)

    async def search(self, q, **fields):
        return await self.stub.Search(pb.SearchRequest(q=q, **fields))

    async def displays(self, q, **fields):
        return [result.display for result in (await self.search(q, **fields)).results]

    async def suggest(self, q, **fields):
        return (await self.stub.Suggest(pb.SuggestRequest(q=q, **fields))).suggestions


@pytest.fixture
async def wire_catalog():
    catalog = WireCatalog({RELEASE: CODES, SECOND: CODES[:-1]})
    await catalog.server.start()
    yield catalog
    await catalog.server.stop()


@pytest.fixture
async def liar(opensearch):
    liar = LyingOpenSearch(opensearch.port)
    await liar.start()
    yield liar
    await liar.stop()


@pytest.fixture
def search_settings(nats_server, wire_catalog, tmp_path):
    return SearchSettings(
        state_dir=tmp_path / "state",
        nats_url=nats_server.url,
        catalog_address=wire_catalog.address,
        search_listen=f"127.0.0.1:{free_port()}",
        drain_seconds=1,
    )


@pytest.fixture
async def start_search():
    """Starts search services; all are stopped at the end."""
    async with contextlib.AsyncExitStack() as stack:

        async def start(settings):
            running = RunningSearch(settings)
            await running.service.start()
            stack.push_async_callback(running.service.stop)
            stack.push_async_callback(running.channel.close)
            return running

        yield start


@pytest.fixture
async def bus(nats_server):
    bus = Bus(nats_server.url, "test")
    await bus.start()
    yield bus
    await bus.stop()


@pytest.fixture
def make_current(bus):
    """Makes a release the current one, as the catalog does."""

    async def make(release):
        await bus.wait_connected()
        store = await bus.key_value(CURRENT_RELEASE_BUCKET)
        await store.put(CURRENT_RELEASE_KEY, json.dumps({"release": release}).encode())

    return make
