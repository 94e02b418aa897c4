"""A gateway of its own, in this process, with nothing behind it; and a whole machine whose parts may be stopped."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from functools import partial
from types import SimpleNamespace

import httpx
import pytest
from medcodes.search.v1.search_pb2_grpc import add_SearchServiceServicer_to_server

from services.common.grpc_server import GrpcServer
from services.common.health import Health
from services.gateway.app import build
from services.gateway.settings import GatewaySettings
from services.search.case_lookup import CaseLookup
from services.search.service import Search
from services.search.servicer import SERVICE_NAME, SearchServicer
from services.standalone.ports import free_port
from tests.conftest import OPEN_SETTINGS
from tests.contract.search.conftest import (  # noqa: F401 - fixtures
    built,
    built_store,
    engine,
    index,
    indexed_codes,
    new_place,
    opened,
)
from tests.integration.gateway.wire_accounts import Wire
from tests.machine import copy_state, running


@pytest.fixture
async def alone(tmp_path):
    """A client of a gateway whose catalog, search, metering and NATS are all away."""
    nowhere = f"127.0.0.1:{free_port()}"
    settings = GatewaySettings(
        http_port=0,
        state_dir=tmp_path,
        catalog_address=nowhere,
        search_address=nowhere,
        accounts_address=nowhere,
        metering_address=nowhere,
        nats_url=f"nats://{nowhere}",
        drain_seconds=1,
    )
    service = build(settings)
    await service.start()
    server = service.components[-1]
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{server.port}", timeout=30) as client:
        yield client
    await service.stop()


@pytest.fixture
async def wire():
    """Accounts, metering and a catalog that do as they are told."""
    wire = Wire()
    await wire.server.start()
    yield wire
    await wire.server.stop()


@pytest.fixture
async def gateway(wire, nats_server, tmp_path):
    """Starts gateways in front of them, and gives clients of those: `gateway(trusted_proxies="...")`."""
    async with contextlib.AsyncExitStack() as stack:

        async def start(**settings) -> Callable[..., httpx.AsyncClient]:
            known = {
                "http_port": 0,
                "state_dir": tmp_path,
                "catalog_address": wire.address,
                "accounts_address": wire.address,
                "metering_address": wire.address,
                "search_address": f"127.0.0.1:{free_port()}",
                "nats_url": nats_server.url,
                "drain_seconds": 1,
                # As for the machines of other tests: what keeps this process waiting are tests beside it.
                "metering_wait_seconds": 30,
                "max_lag_seconds": 30,
                "shelf_seconds": 30,
            }
            service = build(GatewaySettings(**known | settings))
            await service.start()
            stack.push_async_callback(service.stop)
            url = f"http://127.0.0.1:{service.components[-1].port}"

            def client(**options) -> httpx.AsyncClient:
                made = httpx.AsyncClient(base_url=url, timeout=30, headers={"Origin": url}, **options)
                stack.push_async_callback(made.aclose)
                return made

            return client

        yield start


@pytest.fixture
async def get_search(index, gateway):  # noqa: F811 - of every engine
    """Asks a gateway in front of search over a small index: the `get` of a client."""
    server = GrpcServer(
        domain="search.medcodes",
        listen="127.0.0.1:0",
        register=[partial(add_SearchServiceServicer_to_server, _servicer(index))],
        names=[SERVICE_NAME],
        health=Health("search"),
        drain_seconds=1,
    )
    await server.start()
    client = (await gateway(search_address=f"127.0.0.1:{server.port}", search_timeout=20))()
    yield client.get
    await server.stop()


def _servicer(active):
    """Search over one index, which no keeper changes."""
    case_lookup = CaseLookup(lambda: active, most=2, seconds=20)
    return SearchServicer(Search(lambda: active), case_lookup, SimpleNamespace(index=active, building=""))


@pytest.fixture(scope="module")
def parts_machine(seed_state, tmp_path_factory):
    """A machine open to guests with each service in a process of its own, to be stopped and continued."""
    folder = copy_state(seed_state, tmp_path_factory.mktemp("parts") / "state")
    with running(folder, OPEN_SETTINGS, ("--processes",)) as machine:
        machine.until_search_answers()
        yield machine
