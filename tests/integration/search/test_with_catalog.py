"""Search beside the real catalog: what is published is found, a second release replaces the first under load."""

from __future__ import annotations

import asyncio
import os
import sys

import pytest
from medcodes.catalog.v1 import catalog_pb2, catalog_pb2_grpc

from services.catalog.app import build as build_catalog
from services.catalog.settings import CatalogSettings
from services.common.grpc_client import connect
from services.search.settings import SearchSettings
from services.standalone.ports import free_port
from tests.integration.search.conftest import RunningSearch
from tests.machine import copy_state

# The index process gives way to everything else on the machine, so it may take its time on a busy one.
INDEX_SECONDS = 280


class Machine:
    """One state folder, one NATS, the catalog on it and a way to import files into it."""

    def __init__(self, nats_url, state_dir):
        self.state_dir, self.nats_url = state_dir, nats_url
        self.catalog_address = f"127.0.0.1:{free_port()}"

    async def import_files(self, *folders):
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "services", "data", "import", *map(str, folders),
            env={**os.environ, "MEDCODES_STATE_DIR": str(self.state_dir), "MEDCODES_NATS_URL": self.nats_url},
            stderr=asyncio.subprocess.STDOUT,
            stdout=asyncio.subprocess.PIPE,
        )  # fmt: skip
        output, _ = await process.communicate()
        assert process.returncode == 0, output.decode()

    async def current(self):
        async with connect(self.catalog_address) as channel:
            stub = catalog_pb2_grpc.CatalogServiceStub(channel)
            releases = (await stub.ListReleases(catalog_pb2.ListReleasesRequest())).releases
        return next(release.id for release in releases if release.current)


@pytest.fixture
async def machine(nats_server, seed_state, tmp_path):
    machine = Machine(nats_server.url, copy_state(seed_state, tmp_path / "state"))
    catalog = build_catalog(
        CatalogSettings(
            state_dir=machine.state_dir,
            nats_url=nats_server.url,
            catalog_listen=machine.catalog_address,
            drain_seconds=1,
        )
    )
    await catalog.start()
    yield machine
    await catalog.stop()


@pytest.fixture
async def running(machine, tmp_path):
    running = RunningSearch(
        SearchSettings(
            state_dir=machine.state_dir,
            nats_url=machine.nats_url,
            catalog_address=machine.catalog_address,
            search_listen=f"127.0.0.1:{free_port()}",
            drain_seconds=1,
        )
    )
    await running.service.start()
    yield running
    await running.channel.close()
    await running.service.stop()


@pytest.mark.timeout(700)
async def test_what_is_published_is_found_and_a_second_release_replaces_it_under_load(machine, running, tmp_path):
    first = await machine.current()
    await running.until_release(first, seconds=INDEX_SECONDS)
    assert (await running.status()).documents > 90_000
    assert (await running.displays("s73 005a"))[0] == "S73.005A"
    assert (await running.displays("27250"))[0] == "27250"
    assert (await running.displays("unspecified dislocation of left hip initial encounter"))[0] == "S73.005A"
    assert (await running.suggest("27"))[0].code == "27250"

    done, answers = asyncio.Event(), []

    async def ask():
        while not done.is_set():
            answer = await running.search("27250")
            answers.append((answer.release, answer.results[0].code))
            await asyncio.sleep(0.01)

    asking = asyncio.create_task(ask())
    mine = tmp_path / "mine"
    mine.mkdir()
    (mine / "my_cpt_descriptors.txt").write_text("27250\tMy own wording with a zebra in it\n")
    await machine.import_files(mine)
    second = await machine.current()
    assert second != first
    await running.until_release(second, seconds=INDEX_SECONDS)
    done.set()
    await asking
    assert {code for _, code in answers} == {"27250"}
    assert {release for release, _ in answers} <= {first, second}
    assert (await running.displays("zebra wording"))[0] == "27250"
