"""What the gateway needs from the other services.

All calls raise `services.common.errors.ServiceError`: `NotFound`, `InvalidArgument` and the like as the service meant
them, `Unavailable` and `DeadlineExceeded` where it could not be asked or did not answer within the time-out of its
settings.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

from medcodes.accounts.v1 import accounts_pb2, shelf_pb2
from medcodes.catalog.v1 import catalog_pb2
from medcodes.metering.v1 import metering_pb2
from medcodes.search.v1 import search_pb2

from .visitors.networks import Address

Value = TypeVar("Value")


class Catalog(Protocol):
    """Reads of the current release. Every call may be repeated."""

    async def get_code_page(self, system: str, code: str, on: str) -> catalog_pb2.CodePage: ...

    async def get_section(self, request: catalog_pb2.GetSectionRequest) -> catalog_pb2.GetSectionResponse: ...

    async def list_code_systems(self) -> catalog_pb2.ListCodeSystemsResponse: ...

    async def list_codes(self, request: catalog_pb2.ListCodesRequest) -> catalog_pb2.ListCodesResponse: ...

    async def list_indexes(self) -> catalog_pb2.ListIndexesResponse: ...

    async def get_index_entries(
        self, request: catalog_pb2.GetIndexEntriesRequest
    ) -> catalog_pb2.GetIndexEntriesResponse: ...

    async def batch_get_codes(self, codes: Sequence[tuple[str, str]], on: str) -> Sequence[catalog_pb2.CodeRef]:
        """Those of at most 200 (system, code) pairs that exist."""
        ...

    async def list_releases(self) -> Sequence[catalog_pb2.Release]: ...

    async def diff_releases(
        self, before: str, after: str, cursor: str, limit: int
    ) -> catalog_pb2.DiffReleasesResponse: ...

    async def list_code_changes(
        self, codes: Sequence[tuple[str, str]], cursor: str, limit: int
    ) -> catalog_pb2.ListCodeChangesResponse:
        """Of at most 2,000 codes, newest release first."""
        ...


class Metering(Protocol):
    """Who has viewed what."""

    def consume(self, view: metering_pb2.ViewRequest) -> asyncio.Future[metering_pb2.ViewResult]:
        """One view, together with all others that wait at this moment.

        Raises `Unavailable` at once when too many wait. The future fails with `Unavailable` when the outcome could not
        be learnt in two attempts with the same request id; the grant may exist then, and asking again tells.
        """
        ...

    async def get_meter(self, subject: metering_pb2.Subject) -> metering_pb2.Meter: ...

    async def list_views(
        self, subject: metering_pb2.Subject, cursor: str, limit: int
    ) -> metering_pb2.ListViewsResponse:
        """Newest first, at most 500 at a time."""
        ...

    async def sign_receipt(self, subject: metering_pb2.Subject, system: str, code: str) -> bytes:
        """Raises NotFound where the subject has no grant for the page."""
        ...

    async def record_usage(self, report: metering_pb2.RecordUsageRequest) -> None:
        """May be repeated. Raises InvalidArgument where the report can never be taken."""
        ...

    async def list_receipt_keys(self) -> Sequence[metering_pb2.ReceiptKey]: ...


class Search(Protocol):
    async def search(self, request: search_pb2.SearchRequest) -> search_pb2.SearchResponse: ...

    async def suggest(self, q: str, system: str, limit: int) -> Sequence[search_pb2.Suggestion]: ...

    async def case_lookup(self, request: search_pb2.CaseLookupRequest) -> search_pb2.CodedCase:
        """The codes for a note. Raises InvalidArgument naming `text`, `setting` and `on`."""
        ...


class Accounts(Protocol):
    """Who is who. Only what changes nothing is sent again; after any other failure it is not known what happened."""

    async def resolve(self, credential: str) -> accounts_pb2.Principal:
        """Raises Unauthenticated where it is worth nothing."""
        ...

    async def register(self, request: accounts_pb2.RegisterRequest) -> accounts_pb2.SignedIn:
        """Raises AlreadyExists, ResourceExhausted (with `retry_after_seconds`) and InvalidArgument (naming fields)."""
        ...

    async def log_in(self, request: accounts_pb2.LogInRequest) -> accounts_pb2.SignedIn:
        """Raises Unauthenticated and ResourceExhausted."""
        ...

    async def log_out(self, token: str) -> None:
        """An unknown token is no error."""
        ...

    async def get_account(self, account_id: str) -> accounts_pb2.Account: ...

    async def change_password(self, request: accounts_pb2.ChangePasswordRequest) -> None:
        """Raises Unauthenticated where the present password is wrong. Ends the other sessions."""
        ...

    async def list_sessions(self, account_id: str) -> Sequence[accounts_pb2.Session]: ...

    async def end_session(self, account_id: str, session_id: str) -> None: ...

    async def end_other_sessions(self, account_id: str, session_id: str) -> int: ...

    async def send_verification(self, account_id: str) -> None: ...

    async def verify_email(self, token: str) -> None:
        """Raises Unauthenticated where the token is used, expired or none of ours."""
        ...

    async def request_password_reset(self, email: str, client: accounts_pb2.Client) -> None: ...

    async def reset_password(self, token: str, new_password: str) -> None: ...

    async def create_api_key(self, request: accounts_pb2.CreateApiKeyRequest) -> accounts_pb2.CreateApiKeyResponse: ...

    async def list_api_keys(self, account_id: str) -> Sequence[accounts_pb2.ApiKey]: ...

    async def revoke_api_key(self, account_id: str, api_key_id: str) -> None: ...

    async def list_plans(self) -> Sequence[accounts_pb2.Plan]: ...

    def export(self, account_id: str) -> AsyncIterator[bytes]:
        """The pieces of one JSON document."""
        ...

    async def delete_account(self, request: accounts_pb2.DeleteAccountRequest) -> accounts_pb2.Deletion:
        """Raises Unauthenticated where the password is wrong."""
        ...

    async def get_deletion(self, deletion_id: str) -> accounts_pb2.Deletion: ...


class Shelf(Protocol):
    """What members keep. Raises NotFound for lists that are not theirs, FailedPrecondition where there is no room."""

    async def get_shelf(self, account_id: str) -> shelf_pb2.Shelf: ...

    async def get_code_shelf(self, account_id: str, system: str, code: str) -> shelf_pb2.CodeShelf: ...

    async def create_list(self, account_id: str, name: str) -> shelf_pb2.SavedList: ...

    async def rename_list(self, account_id: str, list_id: str, name: str) -> shelf_pb2.SavedList: ...

    async def delete_list(self, account_id: str, list_id: str) -> None: ...

    async def save_code(self, account_id: str, list_id: str, system: str, code: str) -> shelf_pb2.SavedCode:
        """Into the first list where none is named."""
        ...

    async def remove_code(self, account_id: str, list_id: str, system: str, code: str) -> None:
        """From every list where none is named."""
        ...

    async def set_note(self, account_id: str, system: str, code: str, text: str) -> None: ...

    async def record_views(self, views: Sequence[shelf_pb2.AccountView]) -> None: ...

    async def record_search(self, account_id: str, query: str) -> None: ...

    async def list_recent_views(self, account_id: str) -> Sequence[shelf_pb2.RecentView]: ...

    async def list_searches(self, account_id: str) -> Sequence[shelf_pb2.Search]: ...

    async def clear_history(self, account_id: str, *, searches: bool, recent_views: bool) -> None: ...

    async def set_preferences(
        self, account_id: str, *, keep_search_history: bool, keep_recent_views: bool
    ) -> shelf_pb2.Preferences: ...

    async def create_feed(self, account_id: str) -> tuple[str, int]:
        """The token of the feed, and when it was made (ms)."""
        ...

    async def get_feed(self, account_id: str) -> int:
        """When it was made (ms), 0 where there is none."""
        ...

    async def revoke_feed(self, account_id: str) -> None: ...

    async def resolve_feed(self, token: str) -> accounts_pb2.Principal:
        """Raises Unauthenticated where it opens nothing."""
        ...


@dataclass(frozen=True, slots=True)
class Records(Generic[Value]):
    """What DNS has of one kind under one name; none at all is an answer too. They hold for so many `seconds`."""

    values: tuple[Value, ...]
    seconds: float


class Dns(Protocol):
    """Questions to DNS. Raises `Unavailable` where it does not say: no server, no answer in time, a broken answer.

    Answers are somebody else's: a name may be anything that its address's owner has made up.
    """

    async def names(self, address: Address) -> Records[str]:
        """What an address is called (PTR), in lower case and without the last dot."""
        ...

    async def addresses(self, name: str, version: int) -> Records[Address]:
        """A name's IPv4 or IPv6 addresses (`version` 4 or 6)."""
        ...
