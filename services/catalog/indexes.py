"""The indexes of ICD-10-CM: the use cases behind the RPCs of index terms.

All raise ServiceError: InvalidArgument naming the field, NotFound (INDEX_NOT_FOUND, TERM_NOT_FOUND), Unavailable
(NO_RELEASE).
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from services.common.errors import InvalidArgument, NotFound

from .domain import cursors, index_references
from .domain.filed import CodeRecord, LoadedEdition
from .domain.index_references import Target
from .domain.indexes import INDEXES, Index, IndexEntry
from .domain.on_date import Question, choose
from .domain.rows import IndexTerm
from .ports import ReleaseReader, Releases

MAX_LIMIT, DEFAULT_LIMIT = 500, 100
MAX_LEVELS, MAX_TITLE, MAX_LETTER = 12, 300, 4
STREAM_BATCH = 200  # a few milliseconds of work, between which pages are answered
SYSTEM = "icd10cm"


@dataclass(frozen=True, slots=True)
class LoadedIndex:
    """An index with the edition that answers for it: its newest complete one that has begun, else an incomplete one."""

    index: Index
    loaded: LoadedEdition


@dataclass(frozen=True, slots=True)
class IndexSummary:
    of: LoadedIndex
    terms: int
    letters: Sequence[str]


@dataclass(frozen=True, slots=True)
class IndexList:
    release: str
    indexes: Sequence[IndexSummary]


@dataclass(frozen=True, slots=True)
class PlacedTerm:
    """A term and its place: `path` leads from the main term down to the term itself. The targets say where `see` and
    `see also` lead, as far as that was looked up."""

    of: LoadedIndex
    entry: IndexEntry
    path: Sequence[IndexTerm]
    see: Target | None = None
    see_also: Target | None = None


@dataclass(frozen=True, slots=True)
class TermBatch:
    release: str
    total: int
    terms: Sequence[PlacedTerm]


@dataclass(frozen=True, slots=True)
class TermList:
    """The terms directly below the last of `path`; `codes` are those named here that the release knows."""

    release: str
    index: IndexSummary
    path: Sequence[PlacedTerm]
    items: Sequence[PlacedTerm]
    next_cursor: str
    codes: Sequence[CodeRecord]


class Indexes:
    """`today` is the date in New York."""

    def __init__(self, releases: Releases, today: Callable[[], date]) -> None:
        self._releases, self._today = releases, today

    @property
    def today(self) -> date:
        return self._today()

    def list_indexes(self) -> IndexList:
        with self._releases.acquire() as reader:
            return IndexList(reader.release_id, [_summary(reader, one) for one in self._loaded(reader).values()])

    async def stream(self, release: str, index: str) -> AsyncIterator[TermBatch]:
        """Every term of the indexes (of one where it is named) in their order, in batches; other work goes on between
        them. References are not looked up."""
        with self._releases.acquire(release) as reader:
            loaded = self._loaded(reader)
            chosen = [_known(loaded, index)] if index else list(loaded.values())
            total = sum(reader.indexes.count(one.loaded.edition) for one in chosen)
            for one in chosen:
                path: list[IndexTerm] = []
                after = 0
                while entries := reader.indexes.terms_after(one.loaded.edition, after, STREAM_BATCH):
                    yield TermBatch(reader.release_id, total, [_placed(one, path, entry) for entry in entries])
                    after = entries[-1].term.number
                    await asyncio.sleep(0)

    def entries(self, index: str, titles: Sequence[str], letter: str, cursor: str, limit: int) -> TermList:
        """The terms directly below the one that the titles lead to, from the main term down; without titles the main
        terms, those of one letter where it is named."""
        size = _checked(titles, letter, limit)
        question = ["index", index, letter, *titles]
        try:
            after = cursors.read_offset(cursor, question)
        except cursors.CursorError as error:
            raise _invalid("cursor", str(error)) from error
        with self._releases.acquire() as reader:
            loaded = self._loaded(reader)
            one = _known(loaded, index)
            places = _Places(reader, loaded, one)
            path = places.path(titles)
            above = [place.entry.term for place in path]
            parent = above[-1].number if above else 0
            found = reader.indexes.below(one.loaded.edition, parent, letter, after, size + 1)
            items = [places.at(entry, above) for entry in found[:size]]
            more = len(found) > size
            return TermList(
                reader.release_id,
                _summary(reader, one),
                path,
                items,
                cursors.make(str(found[size - 1].term.number), question) if more else "",
                _codes_of(reader, [*path[-1:], *items]),
            )

    def _loaded(self, reader: ReleaseReader) -> dict[str, LoadedIndex]:
        question = Question(self._today())
        chosen = {name: choose(reader.editions, index.data_set, question).loaded for name, index in INDEXES.items()}
        return {name: LoadedIndex(INDEXES[name], loaded) for name, loaded in chosen.items() if loaded}


@dataclass(frozen=True, slots=True)
class _Places:
    """Terms of the index `one` with what their references lead to."""

    reader: ReleaseReader
    loaded: dict[str, LoadedIndex]
    one: LoadedIndex

    def path(self, titles: Sequence[str]) -> list[PlacedTerm]:
        """Raises NotFound where the titles lead to no term."""
        found: list[PlacedTerm] = []
        above: list[IndexTerm] = []
        for title in titles:
            entry = self._named(self.one.index.name, above[-1].number if above else 0, title)
            if entry is None:
                raise NotFound("The index has no such term.", reason="TERM_NOT_FOUND")
            found.append(self.at(entry, above))
            above.append(entry.term)
        return found

    def at(self, entry: IndexEntry, above: Sequence[IndexTerm]) -> PlacedTerm:
        term = entry.term
        return PlacedTerm(
            self.one, entry, [*above, term], see=self._target(term.see), see_also=self._target(term.see_also)
        )

    def _target(self, reference: str) -> Target | None:
        return index_references.target(reference, self.one.index.name, frozenset(self.loaded), self._title)

    def _title(self, index: str, parent: int, title: str) -> tuple[int, str] | None:
        entry = self._named(index, parent, title)
        return (entry.term.number, entry.term.title) if entry else None

    def _named(self, index: str, parent: int, title: str) -> IndexEntry | None:
        return self.reader.indexes.named(self.loaded[index].loaded.edition, parent, title)


def _placed(of: LoadedIndex, path: list[IndexTerm], entry: IndexEntry) -> PlacedTerm:
    """`path` is that of the term before, and becomes that of this one: terms come with those above them first."""
    while path and path[-1].number != entry.term.parent:
        path.pop()
    path.append(entry.term)
    return PlacedTerm(of, entry, tuple(path))


def _summary(reader: ReleaseReader, one: LoadedIndex) -> IndexSummary:
    edition = one.loaded.edition
    return IndexSummary(one, reader.indexes.count(edition), reader.indexes.letters(edition))


def _codes_of(reader: ReleaseReader, terms: Iterable[PlacedTerm]) -> list[CodeRecord]:
    named: dict[str, None] = {}
    for place in terms:
        for code in place.entry.codes:
            named |= dict.fromkeys(filter(None, (code.code, code.manifestation)))
        if place.entry.term.see_category:
            named[place.entry.term.see_category.replace(".", "")] = None
    records = (reader.node(SYSTEM, code) for code in named)
    return [record for record in records if record and not record.is_group]


def _known(loaded: dict[str, LoadedIndex], index: str) -> LoadedIndex:
    if index not in INDEXES:
        raise NotFound("There is no index of this name.", reason="INDEX_NOT_FOUND")
    if index not in loaded:
        raise NotFound("The current release does not hold this index.", reason="INDEX_NOT_FOUND")
    return loaded[index]


def _checked(titles: Sequence[str], letter: str, limit: int) -> int:
    """The number of terms to list. Raises InvalidArgument."""
    if len(titles) > MAX_LEVELS:
        raise _invalid("path", f"has more than {MAX_LEVELS} levels")
    if any(not title or len(title) > MAX_TITLE for title in titles):
        raise _invalid("path", f"has a title that is empty or longer than {MAX_TITLE} characters")
    if len(letter) > MAX_LETTER:
        raise _invalid("letter", f"longer than {MAX_LETTER} characters")
    if letter and titles:
        raise _invalid("letter", "cannot be given together with a path")
    if limit > MAX_LIMIT:
        raise _invalid("limit", f"more than {MAX_LIMIT}")
    return limit or DEFAULT_LIMIT


def _invalid(field: str, why: str) -> InvalidArgument:
    return InvalidArgument(f"{field} {why}", fields={field: why})
