"""The catalog's codes, index terms and equivalents over gRPC (see ports.CatalogStream)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from datetime import date
from typing import Any

import grpc
from medcodes.catalog.v1 import catalog_pb2 as pb
from medcodes.catalog.v1 import catalog_pb2_grpc

from services.common.errors import ServiceError, Unavailable, from_rpc
from services.common.grpc_client import connect
from services.search.domain.documents import Equivalent, IndexedCode
from services.search.domain.equivalents import Mapped
from services.search.domain.index_terms import IndexTerm, NamedCode
from services.search.ports import CodeBatch

RETRY_SECONDS = 0.25


class CatalogClient:
    """`timeout` bounds a whole stream, `patience` the wait for a catalog that is away or lacks the release; seconds."""

    def __init__(self, address: str, *, timeout: float, patience: float = 30.0) -> None:
        self._address, self._timeout, self._patience = address, timeout, patience

    async def codes(self, release: str) -> AsyncIterator[CodeBatch]:
        streamed = self._patient(
            lambda stub: stub.StreamCodes(pb.StreamCodesRequest(release=release), timeout=self._timeout)
        )
        async for message in streamed:
            yield CodeBatch(message.release, message.total, [_code(each) for each in message.codes])

    async def index_terms(self, release: str) -> AsyncIterator[Sequence[IndexTerm]]:
        streamed = self._patient(
            lambda stub: stub.ListIndexTerms(pb.ListIndexTermsRequest(release=release), timeout=self._timeout)
        )
        async for message in _if_implemented(streamed):
            yield [_index_term(each) for each in message.terms]

    async def equivalents(self, release: str) -> AsyncIterator[Sequence[Mapped]]:
        streamed = self._patient(
            lambda stub: stub.ListEquivalents(pb.ListEquivalentsRequest(release=release), timeout=self._timeout)
        )
        async for message in _if_implemented(streamed):
            yield [_mapped(each) for each in message.equivalents]

    async def _patient(self, call: Callable[[Any], Any]) -> AsyncIterator[Any]:
        """The messages of a stream, asked for again while the catalog is away and nothing of it has arrived."""
        async with connect(self._address) as channel:
            stub = catalog_pb2_grpc.CatalogServiceStub(channel)
            give_up_at = asyncio.get_running_loop().time() + self._patience
            started = False
            while True:
                try:
                    async for message in call(stub):
                        started = True
                        yield message
                    return
                except grpc.aio.AioRpcError as error:
                    failure = from_rpc(error)
                    late = asyncio.get_running_loop().time() > give_up_at
                    if started or late or not isinstance(failure, Unavailable):
                        raise failure from error
                    await asyncio.sleep(RETRY_SECONDS)


async def _if_implemented(streamed: AsyncIterator[Any]) -> AsyncIterator[Any]:
    """A catalog that was deployed earlier than this service has no such call: its codes are found by their own words
    until it is followed."""
    try:
        async for message in streamed:
            yield message
    except ServiceError as error:
        if _code_of(error) is not grpc.StatusCode.UNIMPLEMENTED:
            raise


def _code_of(error: ServiceError) -> grpc.StatusCode | None:
    cause = error.__cause__
    return cause.code() if isinstance(cause, grpc.aio.AioRpcError) else None


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


def _mapped(message: pb.Equivalent) -> Mapped:
    equivalent = Equivalent(message.icd9_code, message.icd9_display, message.approximate)
    return Mapped(message.system, message.code, equivalent, message.icd9_title, message.from_icd9)


def _index_term(message: pb.IndexTerm) -> IndexTerm:
    return IndexTerm(
        index_name=message.index,
        path=tuple(each.title for each in message.path),
        modifiers=" ".join(each.modifiers for each in message.path if each.modifiers),
        codes=tuple(NamedCode(each.code, each.column) for each in message.codes),
        references=tuple(each.text for each in (message.see, message.see_also) if each.text),
    )
