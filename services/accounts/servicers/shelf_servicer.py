"""gRPC in and out of accounts: a coder's shelf."""

from __future__ import annotations

from typing import Any

import grpc
from medcodes.accounts.v1 import shelf_pb2 as pb
from medcodes.accounts.v1 import shelf_pb2_grpc

from ..domain.shelf import CodeKey, Note, Preferences, RecentView, SavedCode, SavedList
from ..feeds import Feeds
from ..messages import principal_message
from ..shelf import Shelves

SERVICE_NAME = "medcodes.accounts.v1.ShelfService"
Context = grpc.aio.ServicerContext[Any, Any]


class ShelfServicer(shelf_pb2_grpc.ShelfServiceServicer):
    def __init__(self, shelves: Shelves, feeds: Feeds) -> None:
        self._shelves, self._feeds = shelves, feeds

    async def CreateFeed(self, request: pb.CreateFeedRequest, context: Context) -> pb.CreateFeedResponse:  # noqa: N802
        token, created_at_ms = await self._feeds.create(request.account_id)
        return pb.CreateFeedResponse(token=token, created_at_ms=created_at_ms)

    async def GetFeed(self, request: pb.GetFeedRequest, context: Context) -> pb.GetFeedResponse:  # noqa: N802
        return pb.GetFeedResponse(created_at_ms=await self._feeds.created_at_ms(request.account_id))

    async def RevokeFeed(self, request: pb.RevokeFeedRequest, context: Context) -> pb.RevokeFeedResponse:  # noqa: N802
        await self._feeds.revoke(request.account_id)
        return pb.RevokeFeedResponse()

    async def ResolveFeed(self, request: pb.ResolveFeedRequest, context: Context) -> pb.ResolveFeedResponse:  # noqa: N802
        return pb.ResolveFeedResponse(principal=principal_message(await self._feeds.resolve(request.token)))

    async def GetShelf(self, request: pb.GetShelfRequest, context: Context) -> pb.GetShelfResponse:  # noqa: N802
        shelf = await self._shelves.shelf(request.account_id)
        message = pb.Shelf(
            lists=[_list(each) for each in shelf.lists],
            notes=[_note(each) for each in shelf.notes],
            preferences=_preferences(shelf.preferences),
        )
        return pb.GetShelfResponse(shelf=message)

    async def GetCodeShelf(self, request: pb.GetCodeShelfRequest, context: Context) -> pb.GetCodeShelfResponse:  # noqa: N802
        found = await self._shelves.code_shelf(request.account_id, CodeKey(request.system, request.code))
        message = pb.CodeShelf(
            lists=[_list(each) for each in found.lists],
            saved_in=found.saved_in,
            note=_note(found.note) if found.note else None,
        )
        return pb.GetCodeShelfResponse(code_shelf=message)

    async def CreateList(self, request: pb.CreateListRequest, context: Context) -> pb.CreateListResponse:  # noqa: N802
        return pb.CreateListResponse(list=_list(await self._shelves.create_list(request.account_id, request.name)))

    async def RenameList(self, request: pb.RenameListRequest, context: Context) -> pb.RenameListResponse:  # noqa: N802
        renamed = await self._shelves.rename_list(request.account_id, request.list_id, request.name)
        return pb.RenameListResponse(list=_list(renamed))

    async def DeleteList(self, request: pb.DeleteListRequest, context: Context) -> pb.DeleteListResponse:  # noqa: N802
        await self._shelves.delete_list(request.account_id, request.list_id)
        return pb.DeleteListResponse()

    async def SaveCode(self, request: pb.SaveCodeRequest, context: Context) -> pb.SaveCodeResponse:  # noqa: N802
        key = CodeKey(request.system, request.code)
        return pb.SaveCodeResponse(saved=_saved(await self._shelves.save(request.account_id, request.list_id, key)))

    async def RemoveCode(self, request: pb.RemoveCodeRequest, context: Context) -> pb.RemoveCodeResponse:  # noqa: N802
        key = CodeKey(request.system, request.code)
        await self._shelves.remove(request.account_id, request.list_id, key)
        return pb.RemoveCodeResponse()

    async def SetNote(self, request: pb.SetNoteRequest, context: Context) -> pb.SetNoteResponse:  # noqa: N802
        await self._shelves.set_note(request.account_id, CodeKey(request.system, request.code), request.text)
        return pb.SetNoteResponse()

    async def RecordView(self, request: pb.RecordViewRequest, context: Context) -> pb.RecordViewResponse:  # noqa: N802
        await self._shelves.record_view(request.account_id, CodeKey(request.system, request.code))
        return pb.RecordViewResponse()

    async def RecordViews(self, request: pb.RecordViewsRequest, context: Context) -> pb.RecordViewsResponse:  # noqa: N802
        views = [(each.account_id, RecentView(each.system, each.code, each.viewed_at_ms)) for each in request.views]
        await self._shelves.record_views(views)
        return pb.RecordViewsResponse()

    async def RecordSearch(self, request: pb.RecordSearchRequest, context: Context) -> pb.RecordSearchResponse:  # noqa: N802
        await self._shelves.record_search(request.account_id, request.query)
        return pb.RecordSearchResponse()

    async def ListRecentViews(self, request: pb.ListRecentViewsRequest, context: Context) -> pb.ListRecentViewsResponse:  # noqa: N802
        views = await self._shelves.recent_views(request.account_id)
        return pb.ListRecentViewsResponse(views=[pb.RecentView(**each._asdict()) for each in views])

    async def ListSearches(self, request: pb.ListSearchesRequest, context: Context) -> pb.ListSearchesResponse:  # noqa: N802
        searches = await self._shelves.searches(request.account_id)
        return pb.ListSearchesResponse(searches=[pb.Search(**each._asdict()) for each in searches])

    async def ClearHistory(self, request: pb.ClearHistoryRequest, context: Context) -> pb.ClearHistoryResponse:  # noqa: N802
        await self._shelves.clear_history(request.account_id, searches=request.searches, views=request.recent_views)
        return pb.ClearHistoryResponse()

    async def SetPreferences(self, request: pb.SetPreferencesRequest, context: Context) -> pb.SetPreferencesResponse:  # noqa: N802
        wanted = Preferences(request.preferences.keep_search_history, request.preferences.keep_recent_views)
        kept = await self._shelves.set_preferences(request.account_id, wanted)
        return pb.SetPreferencesResponse(preferences=_preferences(kept))


def _list(found: SavedList) -> pb.SavedList:
    return pb.SavedList(id=found.id, name=found.name, codes=[_saved(each) for each in found.codes])


def _saved(found: SavedCode) -> pb.SavedCode:
    return pb.SavedCode(**found._asdict())


def _note(found: Note) -> pb.Note:
    return pb.Note(**found._asdict())


def _preferences(found: Preferences) -> pb.Preferences:
    return pb.Preferences(keep_search_history=found.keep_searches, keep_recent_views=found.keep_recent_views)
