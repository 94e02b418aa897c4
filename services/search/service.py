"""Search and suggestions: what is asked is checked, understood, and answered from the active index."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date

from services.common.clock import new_york_today
from services.common.errors import InvalidArgument, Unavailable

from .domain import cursors
from .domain.documents import CODE_SYSTEMS, FacetCount, Hit
from .domain.filters import Facet, Filters, Status
from .domain.query import Plan, understand
from .domain.reasons import why
from .domain.understanding import NOTHING, Spelling, Understood, WordsMatched, spelling, understood, words_matched
from .domain.words import normalised
from .ports import EngineError, Found, SearchIndex

MAX_QUERY, MAX_CHAPTER = 400, 200
MAX_LIMIT, DEFAULT_LIMIT = 100, 20
MAX_SUGGESTIONS, DEFAULT_SUGGESTIONS = 10, 8
MIN_SUGGEST = 2
# The days that the catalog answers for, too.
FIRST_DAY, LAST_DAY = date(1900, 1, 1), date(2100, 12, 31)
_FACETS = tuple(Facet)
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


@dataclass(frozen=True, slots=True)
class Question:
    """As asked, unchecked: `on` an ISO date or "", `limit` 0 for the default. `chapter` and `status` "" are all."""

    q: str
    system: str = ""
    on: str = ""
    limit: int = 0
    cursor: str = ""
    chapter: str = ""
    billable: bool | None = None
    status: str = ""
    as_typed: bool = False


@dataclass(frozen=True, slots=True)
class Answer:
    """One page. `results` are hits with their plain reasons; `next_cursor` is empty on the last page.

    `words_matched` is how many words a result matches at least, None if none were looked for; `complete` of `total`
    results match all words."""

    results: Sequence[tuple[Hit, str]]
    total: int
    facets: Sequence[FacetCount]
    next_cursor: str
    release: str
    words_matched: WordsMatched | None = None
    complete: int = 0
    spelling: Spelling | None = None
    understood: Understood = NOTHING


class Search:
    """Raises InvalidArgument naming the fields, Unavailable INDEX_NOT_READY or ENGINE_UNAVAILABLE.

    `today` is the date in New York."""

    def __init__(self, active: Callable[[], SearchIndex | None], today: Callable[[], date] = new_york_today) -> None:
        self._active, self._today = active, today

    async def search(self, question: Question) -> Answer:
        filters = self._filters(question, MAX_LIMIT, "the search cannot be understood")
        plan = understand(question.q, filters, as_typed=question.as_typed)
        offset, attempts = 0, plan.attempts
        if question.cursor:
            position = _position(question.cursor, plan)
            offset, attempts = position.offset, (position.strictness,)
        limit = min(question.limit or DEFAULT_LIMIT, cursors.MAX_DEPTH - offset)
        index = self._index()
        if plan.empty:
            return Answer((), 0, (), "", index.release)
        try:
            found = await index.search(plan, attempts, offset=offset, limit=limit)
        except EngineError as error:
            raise _engine_unavailable() from error
        return _answer(question.q, plan, found, offset, index.release)

    async def suggest(self, q: str, system: str, limit: int) -> Sequence[Hit]:
        """Completions of `q`, from its second character on."""
        question = Question(q, system, limit=limit)
        filters = self._filters(question, MAX_SUGGESTIONS, "the text cannot be completed")
        index = self._index()
        if len(normalised(q)) < MIN_SUGGEST:
            return ()
        plan = understand(q, filters)
        if plan.empty:
            return ()
        try:
            return await index.suggest(plan, limit=limit or DEFAULT_SUGGESTIONS)
        except EngineError as error:
            raise _engine_unavailable() from error

    def _filters(self, question: Question, max_limit: int, refusal: str) -> Filters:
        """Raises InvalidArgument if anything of the question cannot be accepted."""
        fields = _refused(question, max_limit)
        on = _day(question.on, fields)
        if fields:
            raise InvalidArgument(refusal, fields=fields)
        return Filters(
            system=question.system,
            chapter=question.chapter,
            billable=question.billable,
            status=Status(question.status) if question.status else None,
            on=on,
            today=self._today(),
        )

    def _index(self) -> SearchIndex:
        index = self._active()
        if index is None:
            raise Unavailable("no search index has been built yet", reason="INDEX_NOT_READY")
        return index


def _answer(text: str, plan: Plan, found: Found, offset: int, release: str) -> Answer:
    end = offset + len(found.hits)
    more = found.hits and end < min(found.total, cursors.MAX_DEPTH)
    return Answer(
        results=[(hit, why(plan, hit)) for hit in found.hits],
        total=found.total,
        facets=sorted(found.facets, key=lambda facet: (_FACETS.index(facet.field), -facet.count, facet.value)),
        next_cursor=cursors.encode(cursors.Position(end, found.strictness), plan) if more else "",
        release=release,
        words_matched=words_matched(plan, found.strictness),
        complete=found.complete,
        spelling=spelling(text, found.corrections, found.hits),
        understood=understood(plan, found.corrections),
    )


def _refused(question: Question, max_limit: int) -> dict[str, str]:
    """The fields that cannot be accepted, with why."""
    fields = {}
    if len(question.q) > MAX_QUERY:
        fields["q"] = f"longer than {MAX_QUERY} characters"
    if question.system and question.system not in CODE_SYSTEMS:
        fields["system"] = f"no such code system; there are {', '.join(sorted(CODE_SYSTEMS))}"
    if len(question.chapter) > MAX_CHAPTER:
        fields["chapter"] = f"longer than {MAX_CHAPTER} characters"
    if question.status and question.status not in set(Status):
        fields["status"] = f"is none of {', '.join(Status)}"
    if question.limit > max_limit:
        fields["limit"] = f"more than {max_limit}"
    return fields


def _day(text: str, fields: dict[str, str]) -> date | None:
    if not text:
        return None
    try:
        day = date.fromisoformat(text) if _DAY.fullmatch(text) else None
    except ValueError:
        day = None
    if day is None:
        fields["on"] = "is no date of the form YYYY-MM-DD"
    elif not FIRST_DAY <= day <= LAST_DAY:
        fields["on"] = f"is not between {FIRST_DAY} and {LAST_DAY}"
    return day


def _position(cursor: str, plan: Plan) -> cursors.Position:
    try:
        return cursors.decode(cursor, plan)
    except cursors.CursorError as error:
        raise InvalidArgument("the next page cannot be found", fields={"cursor": str(error)}) from error


def _engine_unavailable() -> Unavailable:
    return Unavailable("the search engine cannot answer now", reason="ENGINE_UNAVAILABLE")
