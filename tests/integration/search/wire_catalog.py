"""A catalog that can be told to misbehave: StreamCodes over real gRPC, from lists of codes.

Stands for the real one only where a test needs what the real one would not do (break off, answer slowly, miscount).
"""

from __future__ import annotations

import asyncio

import grpc
from medcodes.catalog.v1 import catalog_pb2 as pb
from medcodes.catalog.v1 import catalog_pb2_grpc

from services.common.errors import Unavailable
from services.common.grpc_server import GrpcServer
from services.common.health import Health


class WireCatalog(catalog_pb2_grpc.CatalogServiceServicer):
    def __init__(self, releases):
        self.releases = releases
        self.streams = []
        self.pause = 0.0
        self.lost = 0
        self.old = False
        self.break_after = None
        health = Health("catalog")
        self.server = GrpcServer(
            domain="catalog.medcodes",
            listen="127.0.0.1:0",
            register=[lambda server: catalog_pb2_grpc.add_CatalogServiceServicer_to_server(self, server)],
            names=[],
            health=health,
            drain_seconds=0,
        )

    @property
    def address(self):
        return f"127.0.0.1:{self.server.port}"

    async def ListIndexTerms(self, request, context):
        """One term for each code, named after it; none of a catalog that has no such call yet."""
        if self.old:
            await context.abort(grpc.StatusCode.UNIMPLEMENTED, "no such call")
        for code in self.releases.get(request.release, ()):
            term = pb.IndexTerm(index="diseases", path=[pb.IndexTitle(title=f"Called {code.code}")])
            term.codes.add(code=code.code)
            yield pb.ListIndexTermsResponse(release=request.release, total=1, terms=[term])

    async def ListEquivalents(self, request, context):
        """None; a catalog of an earlier release has no such call yet."""
        if self.old:
            await context.abort(grpc.StatusCode.UNIMPLEMENTED, "no such call")
        yield pb.ListEquivalentsResponse(release=request.release)

    async def StreamCodes(self, request, context):
        self.streams.append(request.release)
        if request.release not in self.releases:
            raise Unavailable("not open here", reason="NO_RELEASE")
        codes = self.releases[request.release]
        for start in range(0, len(codes), 5):
            if self.break_after is not None and start >= self.break_after:
                await context.abort(grpc.StatusCode.UNAVAILABLE, "gone")
            message = pb.StreamCodesResponse(release=request.release, total=len(codes) + self.lost)
            for code in codes[start : start + 5]:
                message.codes.add(
                    system=code.system,
                    code=code.code,
                    display=code.display,
                    description=code.description,
                    billable=code.billable,
                    terms=code.terms,
                    effective_from=code.begins.isoformat() if code.begins else "",
                    effective_to=code.ends.isoformat() if code.ends else "",
                    chapter=code.chapter,
                )
            yield message
            await asyncio.sleep(self.pause)
