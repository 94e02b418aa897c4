"""Search over gRPC."""

from __future__ import annotations

from collections.abc import Sequence

import grpc
from medcodes.search.v1 import search_pb2, search_pb2_grpc

from services.common.errors import Internal, from_rpc
from services.common.grpc_client import connect

NAME = "medcodes.search.v1.SearchService"


class SearchClient:
    """A component that fills the port `Search`."""

    def __init__(self, address: str, timeout: float, case_timeout: float) -> None:
        """`case_timeout` is that of a case look-up, which takes longer than a search."""
        self._address, self._timeout, self._case_timeout = address, timeout, case_timeout

    async def start(self) -> None:
        self._channel = connect(self._address, idempotent=[NAME], timeout=self._timeout)
        self._stub: search_pb2_grpc.SearchServiceAsyncStub = search_pb2_grpc.SearchServiceStub(self._channel)

    async def stop(self) -> None:
        await self._channel.close(None)

    async def search(self, request: search_pb2.SearchRequest) -> search_pb2.SearchResponse:
        try:
            return await self._stub.Search(request)
        except grpc.aio.AioRpcError as error:
            raise from_rpc(error) from None

    async def suggest(self, q: str, system: str, limit: int) -> Sequence[search_pb2.Suggestion]:
        try:
            request = search_pb2.SuggestRequest(q=q, system=system, limit=limit)
            return (await self._stub.Suggest(request)).suggestions
        except grpc.aio.AioRpcError as error:
            raise from_rpc(error) from None

    async def case_lookup(self, request: search_pb2.CaseLookupRequest) -> search_pb2.CodedCase:
        try:
            async for part in self._stub.CaseLookup(request, timeout=self._case_timeout):
                if part.HasField("coded"):
                    return part.coded
        except grpc.aio.AioRpcError as error:
            raise from_rpc(error) from None
        raise Internal("the codes of the note did not arrive")
