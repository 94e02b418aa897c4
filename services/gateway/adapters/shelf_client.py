"""A member's shelf over gRPC. Every call may be sent again: saving, removing and recording twice is as good as once,
and a list of the same name is refused."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar

import grpc
from medcodes.accounts.v1 import accounts_pb2, shelf_pb2_grpc
from medcodes.accounts.v1 import shelf_pb2 as pb

from .accounts_client import answered

NAME = "medcodes.accounts.v1.ShelfService"
Answer = TypeVar("Answer")


class ShelfClient:
    """Fills the port `Shelf`, over a channel that belongs to `AccountsChannel`.

    `on_change` is told whose shelf a call may have changed, before the call is answered.
    """

    def __init__(self) -> None:
        self._stub: shelf_pb2_grpc.ShelfServiceAsyncStub
        self.on_change: Callable[[str], None] = lambda account_id: None

    def use(self, channel: grpc.aio.Channel) -> None:
        self._stub = shelf_pb2_grpc.ShelfServiceStub(channel)

    async def get_shelf(self, account_id: str) -> pb.Shelf:
        return (await answered(self._stub.GetShelf(pb.GetShelfRequest(account_id=account_id)))).shelf

    async def get_code_shelf(self, account_id: str, system: str, code: str) -> pb.CodeShelf:
        request = pb.GetCodeShelfRequest(account_id=account_id, system=system, code=code)
        return (await answered(self._stub.GetCodeShelf(request))).code_shelf

    async def create_list(self, account_id: str, name: str) -> pb.SavedList:
        return (
            await self._changed(
                account_id, self._stub.CreateList(pb.CreateListRequest(account_id=account_id, name=name))
            )
        ).list

    async def rename_list(self, account_id: str, list_id: str, name: str) -> pb.SavedList:
        request = pb.RenameListRequest(account_id=account_id, list_id=list_id, name=name)
        return (await self._changed(account_id, self._stub.RenameList(request))).list

    async def delete_list(self, account_id: str, list_id: str) -> None:
        await self._changed(
            account_id, self._stub.DeleteList(pb.DeleteListRequest(account_id=account_id, list_id=list_id))
        )

    async def save_code(self, account_id: str, list_id: str, system: str, code: str) -> pb.SavedCode:
        request = pb.SaveCodeRequest(account_id=account_id, list_id=list_id, system=system, code=code)
        return (await self._changed(account_id, self._stub.SaveCode(request))).saved

    async def remove_code(self, account_id: str, list_id: str, system: str, code: str) -> None:
        request = pb.RemoveCodeRequest(account_id=account_id, list_id=list_id, system=system, code=code)
        await self._changed(account_id, self._stub.RemoveCode(request))

    async def set_note(self, account_id: str, system: str, code: str, text: str) -> None:
        request = pb.SetNoteRequest(account_id=account_id, system=system, code=code, text=text)
        await self._changed(account_id, self._stub.SetNote(request))

    async def record_views(self, views: Sequence[pb.AccountView]) -> None:
        await answered(self._stub.RecordViews(pb.RecordViewsRequest(views=views)))

    async def record_search(self, account_id: str, query: str) -> None:
        await answered(self._stub.RecordSearch(pb.RecordSearchRequest(account_id=account_id, query=query)))

    async def list_recent_views(self, account_id: str) -> Sequence[pb.RecentView]:
        return (await answered(self._stub.ListRecentViews(pb.ListRecentViewsRequest(account_id=account_id)))).views

    async def list_searches(self, account_id: str) -> Sequence[pb.Search]:
        return (await answered(self._stub.ListSearches(pb.ListSearchesRequest(account_id=account_id)))).searches

    async def clear_history(self, account_id: str, *, searches: bool, recent_views: bool) -> None:
        request = pb.ClearHistoryRequest(account_id=account_id, searches=searches, recent_views=recent_views)
        await answered(self._stub.ClearHistory(request))

    async def set_preferences(
        self, account_id: str, *, keep_search_history: bool, keep_recent_views: bool
    ) -> pb.Preferences:
        preferences = pb.Preferences(keep_search_history=keep_search_history, keep_recent_views=keep_recent_views)
        request = pb.SetPreferencesRequest(account_id=account_id, preferences=preferences)
        return (await answered(self._stub.SetPreferences(request))).preferences

    async def create_feed(self, account_id: str) -> tuple[str, int]:
        made = await answered(self._stub.CreateFeed(pb.CreateFeedRequest(account_id=account_id)))
        return made.token, made.created_at_ms

    async def get_feed(self, account_id: str) -> int:
        return (await answered(self._stub.GetFeed(pb.GetFeedRequest(account_id=account_id)))).created_at_ms

    async def revoke_feed(self, account_id: str) -> None:
        await answered(self._stub.RevokeFeed(pb.RevokeFeedRequest(account_id=account_id)))

    async def resolve_feed(self, token: str) -> accounts_pb2.Principal:
        return (await answered(self._stub.ResolveFeed(pb.ResolveFeedRequest(token=token)))).principal

    async def _changed(self, account_id: str, call: Awaitable[Answer]) -> Answer:
        try:
            return await answered(call)
        finally:
            self.on_change(account_id)
