"""What the gateway needs from the other services.

All calls raise `services.common.errors.ServiceError`: `NotFound` and `InvalidArgument` as the service meant them,
`Unavailable` and `DeadlineExceeded` where it could not be asked or did not answer within the time-out of its settings.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Protocol

from medcodes.catalog.v1 import catalog_pb2
from medcodes.metering.v1 import metering_pb2
from medcodes.search.v1 import search_pb2


class Catalog(Protocol):
    """Reads of the current release. Every call may be repeated."""

    async def get_code_page(self, system: str, code: str, on: str) -> catalog_pb2.CodePage: ...

    async def get_section(self, request: catalog_pb2.GetSectionRequest) -> catalog_pb2.GetSectionResponse: ...

    async def list_code_systems(self) -> catalog_pb2.ListCodeSystemsResponse: ...

    async def list_codes(self, request: catalog_pb2.ListCodesRequest) -> catalog_pb2.ListCodesResponse: ...

    async def batch_get_codes(self, codes: Sequence[tuple[str, str]], on: str) -> Sequence[catalog_pb2.CodeRef]:
        """Those of at most 200 (system, code) pairs that exist."""
        ...

    async def list_releases(self) -> Sequence[catalog_pb2.Release]: ...


class Metering(Protocol):
    """Who has viewed what."""

    def consume(self, view: metering_pb2.ViewRequest) -> asyncio.Future[metering_pb2.ViewResult]:
        """One view, together with all others that wait at this moment.

        Raises `Unavailable` at once when too many wait. The future fails with `Unavailable` when the outcome could not
        be learnt in two attempts with the same request id; the grant may exist then, and asking again tells.
        """
        ...

    async def get_meter(self, subject: metering_pb2.Subject) -> metering_pb2.Meter: ...


class Search(Protocol):
    async def search(self, request: search_pb2.SearchRequest) -> search_pb2.SearchResponse: ...

    async def suggest(self, q: str, system: str, limit: int) -> Sequence[search_pb2.Suggestion]: ...
