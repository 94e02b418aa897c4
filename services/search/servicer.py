"""gRPC in and out of search."""

from __future__ import annotations

from typing import Any

import grpc
from medcodes.search.v1 import search_pb2 as pb
from medcodes.search.v1 import search_pb2_grpc

from .domain.documents import Hit
from .domain.understanding import Spelling, Understood, WordsMatched
from .index_keeper import IndexKeeper
from .service import Question, Search

SERVICE_NAME = "medcodes.search.v1.SearchService"
Context = grpc.aio.ServicerContext[Any, Any]

_MATCHED = {
    None: pb.WORDS_MATCHED_UNSPECIFIED,
    WordsMatched.ALL: pb.WORDS_MATCHED_ALL,
    WordsMatched.MOST: pb.WORDS_MATCHED_MOST,
    WordsMatched.SOME: pb.WORDS_MATCHED_SOME,
}


class SearchServicer(search_pb2_grpc.SearchServiceServicer):
    def __init__(self, search: Search, keeper: IndexKeeper) -> None:
        self._search, self._keeper = search, keeper

    async def Search(self, request: pb.SearchRequest, context: Context) -> pb.SearchResponse:  # noqa: N802
        answer = await self._search.search(_question(request))
        return pb.SearchResponse(
            results=[_result(hit, reason) for hit, reason in answer.results],
            total=answer.total,
            facets=[pb.Facet(field=each.field, value=each.value, count=each.count) for each in answer.facets],
            next_cursor=answer.next_cursor,
            release=answer.release,
            words_matched=_MATCHED[answer.words_matched],
            total_all_words=answer.complete,
            spelling=_spelling(answer.spelling) if answer.spelling else None,
            understood=_understood(answer.understood),
        )

    async def Suggest(self, request: pb.SuggestRequest, context: Context) -> pb.SuggestResponse:  # noqa: N802
        hits = await self._search.suggest(request.q, request.system, request.limit)
        return pb.SuggestResponse(
            suggestions=[
                pb.Suggestion(system=hit.system, code=hit.code, display=hit.display, description=hit.description)
                for hit in hits
            ]
        )

    async def GetIndexStatus(self, request: pb.GetIndexStatusRequest, context: Context) -> pb.GetIndexStatusResponse:  # noqa: N802
        index = self._keeper.index
        return pb.GetIndexStatusResponse(
            release=index.release if index else "",
            documents=index.documents if index else 0,
            building=self._keeper.building,
        )


def _question(request: pb.SearchRequest) -> Question:
    return Question(
        q=request.q,
        system=request.system,
        on=request.on,
        limit=request.limit,
        cursor=request.cursor,
        chapter=request.chapter,
        billable=request.billable if request.HasField("billable") else None,
        status=request.status,
        as_typed=request.as_typed,
    )


def _result(hit: Hit, reason: str) -> pb.SearchResult:
    return pb.SearchResult(
        system=hit.system,
        code=hit.code,
        display=hit.display,
        description=hit.description,
        billable=hit.billable,
        why=reason,
        highlights=[pb.Highlight(start=span.start, end=span.end) for span in hit.highlights],
        status=hit.status or "",
    )


def _spelling(found: Spelling) -> pb.Spelling:
    words = [pb.ReadWord(typed=word.typed, read_as=word.read_as) for word in found.words]
    return pb.Spelling(query=found.query, applied=found.applied, words=words)


def _understood(found: Understood) -> pb.Understood:
    words = [pb.UnderstoodWord(typed=word.typed, means=word.means, unknown=word.unknown) for word in found.words]
    return pb.Understood(codes=found.codes, words=words)
