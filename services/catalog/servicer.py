"""gRPC in and out of the catalog."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import grpc
from medcodes.catalog.v1 import catalog_pb2 as pb
from medcodes.catalog.v1 import catalog_pb2_grpc

from . import change_messages, index_messages, messages
from .changes import Changes
from .indexes import Indexes
from .page_cache import CachedPage, PageCache, PageKey
from .service import Catalog

SERVICE = "medcodes.catalog.v1.CatalogService"

Context = grpc.aio.ServicerContext[Any, Any]


class CatalogServicer(catalog_pb2_grpc.CatalogServiceServicer):
    def __init__(self, catalog: Catalog, cache: PageCache, changes: Changes, indexes: Indexes) -> None:
        self._catalog, self._cache, self._changes, self._indexes = catalog, cache, changes, indexes

    def register(self, server: grpc.aio.Server) -> None:
        """Adds the service; GetCodePage answers bytes as they stand in the cache, not serialized once more."""
        catalog_pb2_grpc.add_CatalogServiceServicer_to_server(self, server)
        raw: grpc.RpcMethodHandler[pb.GetCodePageRequest, bytes] = grpc.unary_unary_rpc_method_handler(
            self.GetCodePage, request_deserializer=pb.GetCodePageRequest.FromString, response_serializer=None
        )
        server.add_registered_method_handlers(SERVICE, {"GetCodePage": raw})

    async def GetCodePage(  # type: ignore[override]  # noqa: N802 - bytes, as registered above
        self, request: pb.GetCodePageRequest, context: Context
    ) -> bytes:
        """A serialized GetCodePageResponse."""
        asked = self._catalog.ask(request.system, request.code, request.on)
        question = asked.question
        key = PageKey(asked.system, asked.code, question.strict)
        content = self._cache.get(self._catalog.current_release(), key, question.day)
        if content is None:
            page = self._catalog.get_code_page(asked)
            content = pb.GetCodePageResponse(page=messages.code_page(page)).SerializeToString()
            self._cache.put(page.release, key, CachedPage(page.same, content))
        return messages.page_on(content, question.on)

    async def GetSection(self, request: pb.GetSectionRequest, context: Context) -> pb.GetSectionResponse:  # noqa: N802
        asked = self._catalog.ask(request.system, request.code, request.on)
        found = self._catalog.get_section(asked, request.section, request.cursor, request.q, request.limit)
        return pb.GetSectionResponse(
            section=messages.section(found.page, found.related), release=found.release, code=found.code
        )

    async def ListCodeSystems(  # noqa: N802
        self, request: pb.ListCodeSystemsRequest, context: Context
    ) -> pb.ListCodeSystemsResponse:
        found = self._catalog.list_systems()
        systems = [
            pb.CodeSystem(
                system=loaded.system.system,
                name=loaded.system.name,
                subtitle=loaded.system.subtitle,
                codes=loaded.codes,
                editions=messages.edition_refs(loaded.editions, self._catalog.today),
            )
            for loaded in found.systems
        ]
        return pb.ListCodeSystemsResponse(systems=systems, release=found.release)

    async def ListCodes(self, request: pb.ListCodesRequest, context: Context) -> pb.ListCodesResponse:  # noqa: N802
        found = self._catalog.list_codes(request.system, request.parent, request.range, request.cursor, request.limit)
        return pb.ListCodesResponse(
            items=[messages.code_ref(one) for one in found.items],
            next_cursor=found.next_cursor,
            path=[messages.code_ref(one) for one in found.path],
            release=found.release,
        )

    async def BatchGetCodes(  # noqa: N802
        self, request: pb.BatchGetCodesRequest, context: Context
    ) -> pb.BatchGetCodesResponse:
        found = self._catalog.batch_get([(key.system, key.code) for key in request.codes], request.on)
        return pb.BatchGetCodesResponse(
            found=[messages.code_ref(one) for one in found.found],
            missing=[pb.CodeKey(system=system, code=code) for system, code in found.missing],
            release=found.release,
        )

    async def StreamCodes(  # noqa: N802
        self, request: pb.StreamCodesRequest, context: Context
    ) -> AsyncIterator[pb.StreamCodesResponse]:
        async for batch in self._catalog.stream_codes(request.release):
            yield messages.streamed(batch)

    async def ListEquivalents(  # noqa: N802
        self, request: pb.ListEquivalentsRequest, context: Context
    ) -> AsyncIterator[pb.ListEquivalentsResponse]:
        async for batch in self._catalog.stream_equivalents(request.release):
            yield messages.equivalents(batch)

    async def ListIndexes(  # noqa: N802
        self, request: pb.ListIndexesRequest, context: Context
    ) -> pb.ListIndexesResponse:
        found = await asyncio.to_thread(self._indexes.list_indexes)
        return index_messages.index_list(found, self._indexes.today)

    async def ListIndexTerms(  # noqa: N802
        self, request: pb.ListIndexTermsRequest, context: Context
    ) -> AsyncIterator[pb.ListIndexTermsResponse]:
        async for batch in self._indexes.stream(request.release, request.index):
            yield index_messages.batch(batch)

    async def GetIndexEntries(  # noqa: N802
        self, request: pb.GetIndexEntriesRequest, context: Context
    ) -> pb.GetIndexEntriesResponse:
        asked = (request.index, list(request.path), request.letter, request.cursor, request.limit)
        found = await asyncio.to_thread(self._indexes.entries, *asked)
        return index_messages.entries(found, self._indexes.today)

    async def ListReleases(  # noqa: N802
        self, request: pb.ListReleasesRequest, context: Context
    ) -> pb.ListReleasesResponse:
        found = await self._catalog.list_releases()
        return pb.ListReleasesResponse(releases=[messages.release(info, self._catalog.today) for info in found])

    async def DiffReleases(  # noqa: N802
        self, request: pb.DiffReleasesRequest, context: Context
    ) -> pb.DiffReleasesResponse:
        found = await asyncio.to_thread(
            self._changes.diff, request.before, request.after, request.cursor, request.limit
        )
        return change_messages.diff(found)

    async def ListCodeChanges(  # noqa: N802
        self, request: pb.ListCodeChangesRequest, context: Context
    ) -> pb.ListCodeChangesResponse:
        keys = [(key.system, key.code) for key in request.codes]
        return change_messages.code_changes(
            await asyncio.to_thread(self._changes.of_codes, keys, request.cursor, request.limit)
        )
