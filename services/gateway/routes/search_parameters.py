"""What a search may be asked with, the same for the page and for the API."""

from __future__ import annotations

from typing import Annotated

from fastapi import Query
from medcodes.search.v1 import search_pb2
from pydantic import BaseModel

from .. import asks
from ..problems import refused
from .code_documents import On

STATUSES = ("active", "future", "retired")
MAX_CHAPTER_LENGTH = 200

Text = Annotated[str, Query(alias="q", description="A code in any spelling, or words.")]
OnlySystem = Annotated[str, Query(alias="system", description="Only this code system.")]
OnlyChapter = Annotated[
    str, Query(description="Only this chapter, or what a code system has in its place, as a facet names it.")
]
OnlyBillable = Annotated[
    bool | None, Query(description="Only codes that may stand on a claim, or only those that may not.")
]
OnlyStatus = Annotated[
    str,
    Query(
        description="Only codes with this status on the date `on`, or today: active, future or retired. "
        "With a date and no status only active codes are found.",
        json_schema_extra={"enum": ["", *STATUSES]},
    ),
]
AsTyped = Annotated[bool, Query(description="Read every word as it is spelled; none is taken for a misspelt one.")]


class SearchParameters(BaseModel):
    """A model, because a dependency that is a class of any other kind is made by the framework in a thread."""

    q: Text = ""
    system: OnlySystem = ""
    on: On = ""
    chapter: OnlyChapter = ""
    billable: OnlyBillable = None
    status: OnlyStatus = ""
    as_typed: AsTyped = False
    cursor: str = ""

    def request(self, limit: int) -> search_pb2.SearchRequest:
        """Raises a Problem that names what cannot be accepted."""
        return search_pb2.SearchRequest(
            q=asks.text("q", self.q),
            system=asks.only_system(self.system),
            on=asks.on(self.on),
            limit=limit,
            cursor=asks.text("cursor", self.cursor, asks.MAX_CURSOR_LENGTH),
            chapter=asks.text("chapter", self.chapter, MAX_CHAPTER_LENGTH),
            billable=self.billable,
            status=_status(self.status),
            as_typed=self.as_typed,
        )


class PageParameters(SearchParameters):
    limit: Annotated[int, Query(ge=1, le=100)] = 20


def _status(given: str) -> str:
    if given and given not in STATUSES:
        raise refused("unacceptable", {"status": f"is none of {', '.join(STATUSES)}"})
    return given
