"""The catalog over gRPC."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import grpc
from grpc_health.v1 import health_pb2, health_pb2_grpc
from medcodes.catalog.v1 import catalog_pb2, catalog_pb2_grpc

from services.common.errors import from_rpc
from services.common.grpc_client import connect

NAME = "medcodes.catalog.v1.CatalogService"
HEALTH_TIMEOUT_SECONDS = 1.0


class CatalogClient:
    """A component that fills the port `Catalog`."""

    def __init__(self, address: str, timeout: float) -> None:
        self._address, self._timeout = address, timeout

    async def start(self) -> None:
        self._channel = connect(self._address, idempotent=[NAME], timeout=self._timeout)
        self._stub: catalog_pb2_grpc.CatalogServiceAsyncStub = catalog_pb2_grpc.CatalogServiceStub(self._channel)
        self._health: Any = health_pb2_grpc.HealthStub(self._channel)

    async def stop(self) -> None:
        await self._channel.close(None)

    async def answers(self) -> bool:
        """The service's own health."""
        request = health_pb2.HealthCheckRequest(service=NAME)
        found = await self._health.Check(request, timeout=HEALTH_TIMEOUT_SECONDS)
        return bool(found.status == health_pb2.HealthCheckResponse.SERVING)

    async def get_code_page(self, system: str, code: str, on: str) -> catalog_pb2.CodePage:
        try:
            request = catalog_pb2.GetCodePageRequest(system=system, code=code, on=on)
            return (await self._stub.GetCodePage(request)).page
        except grpc.aio.AioRpcError as error:
            raise from_rpc(error) from None

    async def get_section(self, request: catalog_pb2.GetSectionRequest) -> catalog_pb2.GetSectionResponse:
        try:
            return await self._stub.GetSection(request)
        except grpc.aio.AioRpcError as error:
            raise from_rpc(error) from None

    async def list_code_systems(self) -> catalog_pb2.ListCodeSystemsResponse:
        try:
            return await self._stub.ListCodeSystems(catalog_pb2.ListCodeSystemsRequest())
        except grpc.aio.AioRpcError as error:
            raise from_rpc(error) from None

    async def list_codes(self, request: catalog_pb2.ListCodesRequest) -> catalog_pb2.ListCodesResponse:
        try:
            return await self._stub.ListCodes(request)
        except grpc.aio.AioRpcError as error:
            raise from_rpc(error) from None

    async def list_indexes(self) -> catalog_pb2.ListIndexesResponse:
        try:
            return await self._stub.ListIndexes(catalog_pb2.ListIndexesRequest())
        except grpc.aio.AioRpcError as error:
            raise from_rpc(error) from None

    async def get_index_entries(
        self, request: catalog_pb2.GetIndexEntriesRequest
    ) -> catalog_pb2.GetIndexEntriesResponse:
        try:
            return await self._stub.GetIndexEntries(request)
        except grpc.aio.AioRpcError as error:
            raise from_rpc(error) from None

    async def batch_get_codes(self, codes: Sequence[tuple[str, str]], on: str) -> Sequence[catalog_pb2.CodeRef]:
        keys = [catalog_pb2.CodeKey(system=system, code=code) for system, code in codes]
        try:
            return (await self._stub.BatchGetCodes(catalog_pb2.BatchGetCodesRequest(codes=keys, on=on))).found
        except grpc.aio.AioRpcError as error:
            raise from_rpc(error) from None

    async def list_releases(self) -> Sequence[catalog_pb2.Release]:
        try:
            return (await self._stub.ListReleases(catalog_pb2.ListReleasesRequest())).releases
        except grpc.aio.AioRpcError as error:
            raise from_rpc(error) from None

    async def diff_releases(self, before: str, after: str, cursor: str, limit: int) -> catalog_pb2.DiffReleasesResponse:
        try:
            return await self._stub.DiffReleases(
                catalog_pb2.DiffReleasesRequest(before=before, after=after, cursor=cursor, limit=limit)
            )
        except grpc.aio.AioRpcError as error:
            raise from_rpc(error) from None

    async def list_code_changes(
        self, codes: Sequence[tuple[str, str]], cursor: str, limit: int
    ) -> catalog_pb2.ListCodeChangesResponse:
        keys = [catalog_pb2.CodeKey(system=system, code=code) for system, code in codes]
        try:
            return await self._stub.ListCodeChanges(
                catalog_pb2.ListCodeChangesRequest(codes=keys, cursor=cursor, limit=limit)
            )
        except grpc.aio.AioRpcError as error:
            raise from_rpc(error) from None
