"""The catalog as it is put together, without NATS: it answers from its newest local release."""

from __future__ import annotations

import shutil
from pathlib import Path

import grpc
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc
from medcodes.catalog.v1 import catalog_pb2 as pb
from medcodes.catalog.v1 import catalog_pb2_grpc

from services.catalog.app import build
from services.catalog.servicer import SERVICE
from services.catalog.settings import CatalogSettings
from services.common.errors import Unavailable, from_rpc
from services.common.grpc_client import connect
from services.standalone.ports import free_port

PAGE = pb.GetCodePageRequest(system="icd10cm", code="S73.005A")


def settings(state: Path) -> CatalogSettings:
    nowhere = f"nats://127.0.0.1:{free_port()}"
    return CatalogSettings(
        state_dir=state, nats_url=nowhere, catalog_listen=f"127.0.0.1:{free_port()}", drain_seconds=1
    )


async def health_of(channel) -> int:
    request = health_pb2.HealthCheckRequest(service=SERVICE)
    return (await health_pb2_grpc.HealthStub(channel).Check(request, timeout=5)).status


async def test_without_nats_it_answers_from_its_local_release(release_file, tmp_path):
    with_release = settings(tmp_path)
    with_release.releases_dir.mkdir(parents=True)
    for name in (release_file.name, f"{release_file.stem}.json"):
        shutil.copy(release_file.with_name(name), with_release.releases_dir / name)
    service = build(with_release)
    await service.start()
    try:
        async with connect(with_release.catalog_listen) as channel:
            stub = catalog_pb2_grpc.CatalogServiceStub(channel)
            assert (await stub.GetCodePage(PAGE, timeout=10)).page.release == release_file.stem
            releases = (await stub.ListReleases(pb.ListReleasesRequest(), timeout=10)).releases
            assert [(one.id, one.current) for one in releases] == [(release_file.stem, True)]
            assert {file.state for file in releases[0].files} >= {"imported"}
            assert await health_of(channel) == health_pb2.HealthCheckResponse.SERVING
    finally:
        await service.stop()


async def test_without_any_release_it_is_not_ready_and_says_why(tmp_path):
    empty = settings(tmp_path)
    service = build(empty)
    await service.start()
    try:
        async with connect(empty.catalog_listen) as channel:
            with pytest.raises(grpc.aio.AioRpcError) as caught:
                await catalog_pb2_grpc.CatalogServiceStub(channel).GetCodePage(PAGE, timeout=5)
            error = from_rpc(caught.value)
            assert (type(error), error.reason) == (Unavailable, "NO_RELEASE")
            assert await health_of(channel) == health_pb2.HealthCheckResponse.NOT_SERVING
    finally:
        await service.stop()
