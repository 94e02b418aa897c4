"""The catalog's use cases. Answers come as domain objects; the servicer translates them.

All raise ServiceError: InvalidArgument naming the field, NotFound (CODE_NOT_FOUND with near matches, SYSTEM_NOT_FOUND,
DATE_NOT_COVERED), Unavailable (NO_RELEASE).
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from datetime import date

from services.common.errors import InvalidArgument, NotFound

from . import pages, reading
from .domain import codes, cursors, on_date, standing
from .domain.equivalents import Equivalent
from .domain.filed import CodeRecord, LoadedEdition
from .domain.on_date import Question
from .domain.page import FIRST_ENTRIES, SECTION_NAMES, Page, Section, SectionPage, Status
from .domain.sections import equivalences
from .ports import ReleaseInfo, ReleaseReader, Releases

MAX_LIMIT, DEFAULT_LIMIT = 500, 100
MAX_BATCH = 200
MAX_FILTER = 100
NEAR_CODES = 5
EQUIVALENTS_BATCH = 500  # some milliseconds of work
STREAM_BATCH = 50  # some ten milliseconds of work, between which pages are answered


@dataclass(frozen=True, slots=True)
class CodeQuestion:
    """A well-formed question about one code: stored form, and what day it is about."""

    system: str
    code: str
    question: Question


@dataclass(frozen=True, slots=True)
class SectionAnswer:
    release: str
    code: str
    page: SectionPage
    related: dict[tuple[str, str], CodeRecord]


@dataclass(frozen=True, slots=True)
class LoadedSystem:
    system: codes.CodeSystem
    codes: int
    editions: Sequence[LoadedEdition]


@dataclass(frozen=True, slots=True)
class SystemList:
    release: str
    systems: Sequence[LoadedSystem]


@dataclass(frozen=True, slots=True)
class CodeList:
    release: str
    items: Sequence[CodeRecord]
    next_cursor: str
    path: Sequence[CodeRecord]


@dataclass(frozen=True, slots=True)
class Batch:
    release: str
    found: Sequence[CodeRecord]
    missing: Sequence[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class StreamedCode:
    record: CodeRecord
    terms: Sequence[str]
    chapter: str


@dataclass(frozen=True, slots=True)
class StreamedBatch:
    release: str
    total: int
    codes: Sequence[StreamedCode]


@dataclass(frozen=True, slots=True)
class EquivalentBatch:
    release: str
    total: int
    equivalents: Sequence[Equivalent]


class Catalog:
    """`today` is the date in New York."""

    def __init__(self, releases: Releases, today: Callable[[], date]) -> None:
        self._releases, self._today = releases, today

    @property
    def today(self) -> date:
        return self._today()

    def ask(self, system: str, code: str, on: str) -> CodeQuestion:
        """Checks the parts of a question about one code."""
        _check_system(system)
        return CodeQuestion(system, _stored(code, "code"), self._question(on))

    def current_release(self) -> str:
        with self._releases.acquire() as reader:
            return reader.release_id

    def get_code_page(self, asked: CodeQuestion) -> Page:
        with self._releases.acquire() as reader:
            record = _find(reader, asked)
            assembled = pages.assemble(reader, record, asked.question)

            def cut(section: Section) -> SectionPage:
                return _cut(section, _section_question(asked, section.name, ""), "", 0, FIRST_ENTRIES)

            def related(sections: Sequence[SectionPage]) -> dict[tuple[str, str], CodeRecord]:
                return _related(reader, sections)

            return pages.page(reader.release_id, record, asked.question, assembled, cut, related)

    def get_section(self, asked: CodeQuestion, name: str, cursor: str, q: str, limit: int) -> SectionAnswer:
        """At most `limit` entries of one section that contain `q`."""
        if name not in SECTION_NAMES:
            raise _invalid("section", f"is none of {', '.join(SECTION_NAMES)}")
        if len(q) > MAX_FILTER:
            raise _invalid("q", f"longer than {MAX_FILTER} characters")
        size = _limit(limit)
        list_question = _section_question(asked, name, q)
        offset = _read_offset(cursor, list_question)
        with self._releases.acquire() as reader:
            record = _find(reader, asked)
            section = pages.assemble(reader, record, asked.question).section(name)
            page = _cut(section, list_question, q, offset, size)
            return SectionAnswer(reader.release_id, record.code, page, _related(reader, [page]))

    def list_systems(self) -> SystemList:
        with self._releases.acquire() as reader:
            found = [
                LoadedSystem(system, count, _editions_of(reader, system.system))
                for system in codes.SYSTEMS.values()
                if (count := reader.count(system.system))
            ]
            return SystemList(reader.release_id, found)

    def list_codes(self, system: str, parent: str, code_range: str, cursor: str, limit: int) -> CodeList:
        """The children of a parent, the top of a system, or the codes of a range (`27250-27254`)."""
        _check_system(system)
        if parent and code_range:
            raise _invalid("range", "cannot be given together with a parent")
        size = _limit(limit)
        list_question = ["codes", system, parent, code_range]
        after = _read_after(cursor, list_question)
        bounds = _range(code_range) if code_range else None
        with self._releases.acquire() as reader:
            if bounds:
                items, path = reader.in_range(system, *bounds, after, size + 1), []
            else:
                path = _path_with(reader, system, parent)
                items = reader.children(system, path[-1].code if path else "", after, size + 1)
            if not items and not reader.count(system):
                raise _not_found(reader, system, "")
            more = len(items) > size
            next_cursor = cursors.make(items[size - 1].code, list_question) if more else ""
            return CodeList(reader.release_id, items[:size], next_cursor, path)

    def batch_get(self, keys: Sequence[tuple[str, str]], on: str) -> Batch:
        """Up to 200 codes by (system, code in any spelling). With a date, codes not in force on it are missing."""
        if len(keys) > MAX_BATCH:
            raise _invalid("codes", f"more than {MAX_BATCH} codes")
        question = self._question(on)
        found: list[CodeRecord] = []
        missing: list[tuple[str, str]] = []
        with self._releases.acquire() as reader:
            for system, code in keys:
                record = _known(reader, system, code)
                if record and (not question.strict or _in_force(reader, record, question)):
                    found.append(record)
                else:
                    missing.append((system, code))
            return Batch(reader.release_id, found, missing)

    async def stream_codes(self, release: str) -> AsyncIterator[StreamedBatch]:
        """Every code with the words to find it by, in batches; other work goes on between them."""
        with self._releases.acquire(release) as reader:
            total = sum(reader.count(system) for system in codes.SYSTEMS)
            above: dict[tuple[str, str], Sequence[CodeRecord]] = {}
            for system in codes.SYSTEMS:
                after = ""
                while records := reader.codes_after(system, after, STREAM_BATCH):
                    yield StreamedBatch(reader.release_id, total, _streamed(reader, system, records, above))
                    after = records[-1].code
                    await asyncio.sleep(0)

    async def stream_equivalents(self, release: str) -> AsyncIterator[EquivalentBatch]:
        """The GEMs of diagnoses, then of procedures, as far as a code is equivalent by itself, in batches."""
        question = Question(self._today())
        with self._releases.acquire(release) as reader:
            chosen = [on_date.choose(reader.editions, data_set, question).loaded for data_set in equivalences.DATA_SETS]
            editions = [loaded.edition for loaded in chosen if loaded]
            total = sum(reader.equivalents.count(edition) for edition in editions)
            for edition in editions:
                after = 0
                while found := reader.equivalents.after(edition, after, EQUIVALENTS_BATCH):
                    yield EquivalentBatch(reader.release_id, total, found)
                    after = found[-1].number
                    await asyncio.sleep(0)

    async def list_releases(self) -> Sequence[ReleaseInfo]:
        return await self._releases.list_releases()

    def _question(self, on: str) -> Question:
        if not on:
            return Question(self._today())
        try:
            return Question(self._today(), on_date.parse_day(on))
        except ValueError as error:
            raise _invalid("on", str(error)) from error


def _find(reader: ReleaseReader, asked: CodeQuestion) -> CodeRecord:
    """The code asked about. Raises NotFound for what the release does not hold, or not for the date."""
    system, code = asked.system, asked.code
    record = reader.node(system, code)
    if record is None or record.is_group:
        raise _not_found(reader, system, code)
    day = asked.question.on
    if day and not on_date.covers(reader.editions, reading.DATED_BY.get(system, frozenset()), day):
        name = codes.SYSTEMS[system].name
        raise NotFound(f"No loaded edition of {name} covers {day}.", reason="DATE_NOT_COVERED")
    return record


def _not_found(reader: ReleaseReader, system: str, code: str) -> NotFound:
    if not reader.count(system):
        message = f"The current release holds no {codes.SYSTEMS[system].name} codes."
        return NotFound(message, reason="SYSTEM_NOT_FOUND")
    near = ",".join(one.display for one in reader.near(system, code, NEAR_CODES))
    message = f"{codes.SYSTEMS[system].name} has no code {codes.display(system, code)} here."
    return NotFound(message, reason="CODE_NOT_FOUND", metadata={"near": near} if near else {})


def _check_system(system: str) -> None:
    if system not in codes.SYSTEMS:
        raise NotFound("There is no code system of this name.", reason="SYSTEM_NOT_FOUND")


def _known(reader: ReleaseReader, system: str, code: str) -> CodeRecord | None:
    try:
        record = reader.node(system, codes.normalise(code))
    except codes.MalformedCodeError:
        return None
    return record if record and not record.is_group else None


def _in_force(reader: ReleaseReader, record: CodeRecord, question: Question) -> bool:
    return standing.status(record, question, reader.editions) is Status.ACTIVE


def _editions_of(reader: ReleaseReader, system: str) -> list[LoadedEdition]:
    data_sets = reading.DATED_BY.get(system, frozenset())
    return [loaded for loaded in reader.editions if loaded.edition.data_set in data_sets]


def _path_with(reader: ReleaseReader, system: str, parent: str) -> list[CodeRecord]:
    """From the top to the parent, the parent included; empty for the top. A group is named by its id, a code in any
    spelling."""
    if not parent:
        return []
    if len(parent) > codes.MAX_LENGTH:
        raise _invalid("parent", f"longer than {codes.MAX_LENGTH} characters")
    node = reader.node(system, parent)
    if node is None:
        node = reader.node(system, _stored(parent, "parent"))
    if node is None:
        raise _not_found(reader, system, parent)
    return [*reader.path(system, node.code), node]


def _range(text: str) -> tuple[str, str]:
    first, dash, last = text.partition("-")
    if not dash:
        raise _invalid("range", "is not like 27250-27254")
    bounds = _stored(first, "range"), _stored(last, "range")
    if bounds[0] > bounds[1]:
        raise _invalid("range", "ends before it begins")
    return bounds


def _streamed(
    reader: ReleaseReader,
    system: str,
    records: Sequence[CodeRecord],
    above: dict[tuple[str, str], Sequence[CodeRecord]],
) -> list[StreamedCode]:
    """`above` remembers the path of each parent: a release has few of them and many codes."""
    terms = reader.search_terms(system, [record.code for record in records])
    found = []
    for record in records:
        path = _path_to(reader, system, record.parent, above)
        words = list(terms.get(record.code, ()))
        if system == "icd10cm" and (plain := pages.plain_language(record, path, record.description)):
            words.append(plain)
        found.append(StreamedCode(record, words, path[0].description if path else ""))
    return found


def _path_to(
    reader: ReleaseReader, system: str, code: str, above: dict[tuple[str, str], Sequence[CodeRecord]]
) -> Sequence[CodeRecord]:
    """The nodes from the top down to `code`, it included; [] for none. Each node is read once for a whole stream."""
    if not code:
        return []
    key = (system, code)
    if key not in above:
        above[key] = []  # ends a circle, should a file hold one
        if node := reader.node(system, code):
            above[key] = [*_path_to(reader, system, node.parent, above), node]
    return above[key]


def _cut(section: Section, list_question: Sequence[str], q: str, offset: int, limit: int) -> SectionPage:
    total = section.total(q)
    entries = section.cut(q, offset, limit)
    after = offset + len(entries)
    return SectionPage(section, entries, total, cursors.make(str(after), list_question) if after < total else "")


def _related(reader: ReleaseReader, sections: Sequence[SectionPage]) -> dict[tuple[str, str], CodeRecord]:
    named = {entry.related for section in sections for entry in section.entries if entry.related}
    found = {key: reader.node(*key) for key in named}
    return {key: record for key, record in found.items() if record}


def _section_question(asked: CodeQuestion, name: str, q: str) -> list[str]:
    """What a section's cursor is good for. Not the date itself: a page is the same for every date of its interval."""
    return ["section", asked.system, asked.code, name, q, "on" if asked.question.strict else ""]


def _read_offset(cursor: str, list_question: Sequence[str]) -> int:
    try:
        return cursors.read_offset(cursor, list_question)
    except cursors.CursorError as error:
        raise _invalid("cursor", str(error)) from error


def _read_after(cursor: str, list_question: Sequence[str]) -> str:
    try:
        return cursors.read(cursor, list_question)
    except cursors.CursorError as error:
        raise _invalid("cursor", str(error)) from error


def _limit(limit: int) -> int:
    if limit > MAX_LIMIT:
        raise _invalid("limit", f"more than {MAX_LIMIT}")
    return limit or DEFAULT_LIMIT


def _stored(text: str, field: str) -> str:
    try:
        return codes.normalise(text)
    except codes.MalformedCodeError as error:
        raise _invalid(field, str(error)) from error


def _invalid(field: str, why: str) -> InvalidArgument:
    return InvalidArgument(f"{field} {why}", fields={field: why})
