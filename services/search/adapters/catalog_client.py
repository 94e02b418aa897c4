"""The catalog's codes over gRPC (see ports.CatalogStream)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import date

import grpc
from medcodes.catalog.v1 import catalog_pb2 as pb
from medcodes.catalog.v1 import catalog_pb2_grpc

from services.common.errors import Unavailable, from_rpc
from services.common.grpc_client import connect
from services.search.domain.documents import IndexedCode
from services.search.ports import CodeBatch

RETRY_SECONDS = 0.25


class CatalogClient:
    """`timeout` bounds a whole stream, `patience` the wait for a catalog that is away or lacks the release; seconds."""

    def __init__(self, address: str, *, timeout: float, patience: float = 30.0) -> None:
        self._address, self._timeout, self._patience = address, timeout, patience

    async def codes(self, release: str) -> AsyncIterator[CodeBatch]:
        async with connect(self._address) as channel:
            stub = catalog_pb2_grpc.CatalogServiceStub(channel)
            give_up_at = asyncio.get_running_loop().time() + self._patience
            started = False
            while True:
                try:
                    async for message in stub.StreamCodes(
                        pb.StreamCodesRequest(release=release), timeout=self._timeout
                    ):
                        started = True
                        yield CodeBatch(message.release, message.total, [_code(each) for each in message.codes])
                    return
                except grpc.aio.AioRpcError as error:
                    failure = from_rpc(error)
                    late = asyncio.get_running_loop().time() > give_up_at
                    if started or late or not isinstance(failure, Unavailable):
                        raise failure from error
                    await asyncio.sleep(RETRY_SECONDS)


def _code(message: pb.IndexedCode) -> IndexedCode:
    return IndexedCode(
        system=message.system,
        code=message.code,
        display=message.display or message.code,
        description=message.description,
        billable=message.billable if message.HasField("billable") else None,
        terms=tuple(message.terms),
        begins=date.fromisoformat(message.effective_from) if message.effective_from else None,
        ends=date.fromisoformat(message.effective_to) if message.effective_to else None,
        chapter=message.chapter,
    )
