"""The JSON of the API, for the OpenAPI document. Answers are built elsewhere and not checked against these again."""

from __future__ import annotations

from enum import StrEnum
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from ..rendering import names

Kind = StrEnum("Kind", {name.upper(): name for value, name in names.KIND.items() if value})  # type: ignore[misc]
"""The fixed names of facts."""


class Source(BaseModel):
    """Where a fact stands. `line` is the 1-based line of the file, or row of the sheet."""

    file: str | None
    edition: str | None
    line: int | None


class Description(BaseModel):
    text: str | None
    source: Source | None
    missing: str | None = Field(None, description="Why there is no text; only where there is none.")


class OfficialDescription(Description):
    copyright: str | None


class CodeRef(BaseModel):
    system: str
    code: str
    display: str
    description: str
    billable: bool | None
    has_page: bool
    has_children: bool


class Entry(BaseModel):
    """One fact. `value` is as filed; `label` and `related` are there only where the fact has them."""

    model_config = ConfigDict(populate_by_name=True)

    kind: Kind
    text: str
    value: str | None
    begins: str | None = Field(alias="from")
    to: str | None
    source: Source | None
    label: str | None = None
    related: CodeRef | None = None


class Section(BaseModel):
    access: Literal["open", "register"]
    state: Literal["available", "none", "no_data"]
    outdated_since: str | None
    summary: str | None
    entries: list[Entry]
    total: int | None
    next_cursor: str | None


class Sections(BaseModel):
    guidelines: Section
    modifiers: Section
    crosswalks: Section
    ncci_edits: Section
    compliance: Section
    medicare_coverage: Section


class Hierarchy(BaseModel):
    ancestors: list[CodeRef]
    siblings: list[CodeRef]
    children: list[CodeRef]


class Effective(BaseModel):
    model_config = ConfigDict(populate_by_name=True)

    begins: str | None = Field(alias="from")
    to: str | None


class Meter(BaseModel):
    """What the visitor may view in all, has viewed, and has left; None where views are not limited."""

    subject: Literal["guest", "account"]
    limit: int | None
    used: int
    remaining: int | None
    charged: bool
    as_of: str


class CodePage(BaseModel):
    system: str
    code: str
    display: str
    status: Literal["active", "retired", "future"]
    billable: bool | None
    effective: Effective
    on: str | None
    release: str
    official_description: OfficialDescription
    common_language_description: Description
    hierarchy: Hierarchy
    sections: Sections
    meter: Meter


class SectionPage(Section):
    meter: Meter


class CodeList(BaseModel):
    items: list[CodeRef]
    next_cursor: str | None


class IndexColumn(BaseModel):
    """A column of a table; `heading` is as filed."""

    column: str
    heading: str


class Index(BaseModel):
    """An index of ICD-10-CM, with the edition that answers. `letters` are what its main terms stand under."""

    index: Literal["diseases", "external_causes", "drugs", "neoplasms"]
    title: str
    terms: int
    letters: list[str]
    columns: list[IndexColumn]
    edition: Edition


class IndexList(BaseModel):
    items: list[Index]
    release: str


class Manifestation(BaseModel):
    """A code to be reported with the one that it stands at."""

    code: str
    display: str
    more: bool


class IndexCode(BaseModel):
    """`more`: the beginning of a code, below which one with more characters has to be chosen."""

    column: str | None
    code: str
    display: str
    more: bool
    manifestation: Manifestation | None


class IndexReference(BaseModel):
    """`path` are the titles of the term that is meant; `index` is null where the words lead to no term here."""

    text: str
    index: str | None
    path: list[str]


class IndexTerm(BaseModel):
    """`modifiers` are words that change no code; `shown` is title and modifiers as filed. `path` has the titles from
    the main term down: a term means what all of them say together."""

    title: str
    modifiers: str | None
    shown: str
    path: list[str]
    codes: list[IndexCode]
    see: IndexReference | None
    see_also: IndexReference | None
    see_category: str | None
    has_children: bool
    source: Source | None


class IndexEntries(BaseModel):
    """The terms below the last of `path`; `codes` are those named here that have a page."""

    index: Index
    path: list[IndexTerm]
    items: list[IndexTerm]
    codes: list[CodeRef]
    next_cursor: str | None
    release: str


class Highlight(BaseModel):
    """A part of `description` that matched, in characters."""

    start: int
    end: int


class SearchResult(BaseModel):
    system: str
    code: str
    display: str
    description: str
    billable: bool | None
    status: Literal["active", "future", "retired"] | None
    why: str
    highlights: list[Highlight]


class FacetValue(BaseModel):
    value: str
    count: int


class Facets(BaseModel):
    """What results are counted by. Each is counted as if nothing had been chosen in it; what has none is left out."""

    system: list[FacetValue] = []
    chapter: list[FacetValue] = []
    billable: list[FacetValue] = []
    status: list[FacetValue] = []


class ReadWord(BaseModel):
    typed: str
    read_as: list[str]


class Spelling(BaseModel):
    """How words were read that no code has. If not `applied`, `query` is what may have been meant; ask for it."""

    query: str
    applied: bool
    words: list[ReadWord]


class SearchResults(BaseModel):
    """`total_all_words` of the `total` results match all words and come first; the others match most or some."""

    results: list[SearchResult]
    total: int
    total_all_words: int
    words_matched: Literal["all", "most", "some"] | None
    spelling: Spelling | None
    facets: Facets
    next_cursor: str | None


class Suggestion(BaseModel):
    system: str
    system_name: str
    code: str
    display: str
    description: str


class Suggestions(BaseModel):
    suggestions: list[Suggestion]


class Edition(BaseModel):
    data_set: str
    edition: str
    begins: str | None
    ends: str | None
    complete: bool
    outdated_since: str | None


class ReleaseFile(BaseModel):
    name: str
    sha256: str
    data_set: str | None
    edition: str | None
    rows: int
    rejected: int
    state: str


class Release(BaseModel):
    id: str
    current: bool
    built_at: str
    rows: int
    editions: list[Edition]
    files: list[ReleaseFile]


class Releases(BaseModel):
    items: list[Release]


class ChangedCode(BaseModel):
    """A code that differs between two releases, and in which sections; never the values."""

    system: str
    code: str
    display: str
    description: str
    kind: str
    description_changed: bool
    sections: list[str]


class ChangeCount(BaseModel):
    system: str
    kind: str
    codes: int


class ReleaseDiff(BaseModel):
    before: str
    after: str
    counts: list[ChangeCount]
    items: list[ChangedCode]
    next_cursor: str | None


class ProblemDocument(BaseModel):
    """RFC 9457. Further members by `type`: `errors` (field, detail), `near` (code, display), `meter`."""

    model_config = ConfigDict(extra="allow")

    type: str
    title: str
    status: int
    detail: str
