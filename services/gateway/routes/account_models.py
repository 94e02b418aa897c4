"""The JSON of accounts: bodies, which are checked against these, and answers, for the OpenAPI document."""

from __future__ import annotations

from enum import StrEnum
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from ..members.member import SCOPES

Scope = StrEnum("Scope", {name.upper(): name for name in SCOPES})  # type: ignore[misc]
"""What an API key may do."""


class Credentials(BaseModel):
    email: str = Field(max_length=320)
    password: str = Field(max_length=1024)


class Password(BaseModel):
    password: str = Field(max_length=1024)


class PasswordChange(BaseModel):
    password: str = Field(max_length=1024)
    new_password: str = Field(max_length=1024)


class NewSession(BaseModel):
    """`token` is shown this once."""

    token: str
    expires_at: str | None


class Plan(BaseModel):
    """`views`: code pages that the account may view in a window; None where they are not limited."""

    name: str
    title: str
    views: int | None
    window: Literal["none", "calendar_month", "rolling_days"]
    window_days: int | None


class Account(BaseModel):
    id: str
    email: str
    email_verified: bool
    plan: Plan
    created_at: str | None


class Deletion(BaseModel):
    """When each service had erased what was its own."""

    id: str
    requested_at: str | None
    accounts_erased_at: str | None
    metering_erased_at: str | None
    complete: bool


class View(BaseModel):
    """A code page that the account holds. `as_guest`: it was viewed before registering."""

    system: str
    code: str
    granted_at: str | None
    ends_at: str | None
    request_id: str
    as_guest: bool


class Views(BaseModel):
    items: list[View]
    next_cursor: str | None


class SignedReceipt(BaseModel):
    """A receipt with its signature, as metering made it."""

    model_config = ConfigDict(extra="allow")


class ReceiptKey(BaseModel):
    """`public_key` is Ed25519, 32 bytes in base64."""

    id: str
    public_key: str
    created_at: str | None
    current: bool


class ReceiptKeys(BaseModel):
    items: list[ReceiptKey]


class ExportedViews(BaseModel):
    views: list[View]


class Export(BaseModel):
    """`accounts`: all that accounts keeps of the person. `metering`: the grants."""

    accounts: dict[str, Any]
    metering: ExportedViews


class Session(BaseModel):
    id: str
    current: bool
    created_at: str | None
    last_used_at: str | None
    expires_at: str | None
    user_agent: str


class Sessions(BaseModel):
    items: list[Session]


class WantedApiKey(BaseModel):
    """Without `expires_in_days` the key does not expire."""

    name: str = Field(min_length=1, max_length=80)
    scopes: list[Scope] = Field(min_length=1, max_length=len(SCOPES))
    expires_in_days: int | None = Field(None, ge=1, le=3650)


class ApiKey(BaseModel):
    id: str
    name: str
    prefix: str
    scopes: list[Scope]
    created_at: str | None
    expires_at: str | None
    last_used_at: str | None


class NewApiKey(ApiKey):
    """`key` is shown this once."""

    key: str


class ApiKeys(BaseModel):
    items: list[ApiKey]


class SavedCode(BaseModel):
    system: str
    code: str
    saved_at: str | None


class SavedList(BaseModel):
    id: str
    name: str
    codes: list[SavedCode]


class SavedLists(BaseModel):
    items: list[SavedList]


class ListName(BaseModel):
    name: str = Field(min_length=1, max_length=80)


class Note(BaseModel):
    system: str
    code: str
    text: str
    updated_at: str | None


class Notes(BaseModel):
    items: list[Note]


class NoteText(BaseModel):
    text: str = Field(max_length=4000)


class RecentView(BaseModel):
    system: str
    code: str
    viewed_at: str | None


class RecentSearch(BaseModel):
    query: str
    searched_at: str | None


class Preferences(BaseModel):
    keep_search_history: bool
    keep_recent_views: bool


class History(BaseModel):
    views: list[RecentView]
    searches: list[RecentSearch]
    preferences: Preferences


class FactChange(BaseModel):
    """`section` is None for what search shows too: the description, and whether a code is billable."""

    section: str | None
    fact: str
    label: str
    before: str | None
    after: str | None
    edition: str | None


class SavedChange(BaseModel):
    """`open`: the account holds the code's page, so that `facts` has the values of its sections too."""

    release: str
    previous_release: str
    published_at: str | None
    system: str
    code: str
    display: str
    description: str
    kind: Literal["added", "removed", "changed", "retired"]
    description_changed: bool
    sections: list[str]
    open: bool
    facts: list[FactChange]


class SavedChanges(BaseModel):
    items: list[SavedChange]
    next_cursor: str | None


class Feed(BaseModel):
    """`created_at` is None where there is no feed."""

    created_at: str | None


class NewFeed(Feed):
    """`address` holds the feed's token and is shown this once."""

    address: str
