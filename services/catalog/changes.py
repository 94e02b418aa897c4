"""What changed from release to release: the use cases behind the two RPCs of changes."""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby, islice

from services.common.errors import InvalidArgument, NotFound

from .adapters.change_file import Changed, ChangeFile, Fact
from .domain import codes, cursors
from .domain.page import SECTION_NAMES
from .ports import ReleaseChanges

MAX_LIMIT, DEFAULT_LIMIT = 500, 100
MAX_CODES = 2000
BATCH = 500


@dataclass(frozen=True, slots=True)
class Diff:
    items: Sequence[Changed]
    next_cursor: str
    counts: Sequence[tuple[str, str, int]]


@dataclass(frozen=True, slots=True)
class CodeChange:
    release: str
    previous: str
    published_at_ms: int
    changed: Changed
    facts: Sequence[Fact]


@dataclass(frozen=True, slots=True)
class CodeChanges:
    changes: Sequence[CodeChange]
    next_cursor: str


class Changes:
    """Reads files, so call it from a thread. Raises InvalidArgument naming the field, and NotFound."""

    def __init__(self, kept: ReleaseChanges) -> None:
        self._kept = kept

    def diff(self, before: str, after: str, cursor: str, limit: int) -> Diff:
        """What differs between two releases, over those between them. Raises NotFound (RELEASE_NOT_FOUND, NO_DIFF)."""
        size = _checked(limit)
        question = ("diff", before, after)
        position = _position(cursor, question).partition("|")
        files = self._between(before, after)
        found = list(islice(_together(files, position[0], position[2]), size + 1))
        more = len(found) > size
        next_cursor = cursors.make("|".join(_key(found[size - 1])), question) if more else ""
        return Diff(found[:size], next_cursor, _counts(files))

    def of_codes(self, keys: Sequence[tuple[str, str]], cursor: str, limit: int) -> CodeChanges:
        """What changed of some codes, release by release back from the current one, in each by system and code."""
        size = _checked(limit)
        if len(keys) > MAX_CODES:
            raise InvalidArgument("too many codes", fields={"codes": f"at most {MAX_CODES}"})
        wanted = [key for key in keys if key[0] in codes.SYSTEMS]
        release, _, place = _position(cursor, ("changes",)).partition("|")
        system, _, code = place.partition("|")
        found: list[CodeChange] = []
        for file in self._from(release):
            behind = (system, code) if file.after == release else ("", "")
            for changed in file.changed_of([key for key in wanted if key > behind]):
                if len(found) == size:
                    last = found[-1]
                    at = f"{last.release}|{last.changed.system}|{last.changed.code}"
                    return CodeChanges(found, cursors.make(at, ("changes",)))
                facts = file.facts(changed.system, changed.code)
                found.append(CodeChange(file.after, file.before, file.published_at_ms, changed, facts))
        return CodeChanges(found, "")

    def _from(self, release: str) -> Iterator[ChangeFile]:
        """From a release on, "" for the current one, towards the earlier ones. One that is gone ends the list."""
        return _back(self._kept.changes(), release or self._kept.current_id)

    def _between(self, before: str, after: str) -> list[ChangeFile]:
        kept = self._kept.changes()
        known = {self._kept.current_id, *kept, *(file.before for file in kept.values())} - {""}
        for name, release in (("before", before), ("after", after)):
            if release not in known:
                raise NotFound(
                    "Nothing is known of this release.", reason="RELEASE_NOT_FOUND", metadata={"field": name}
                )
        found: list[ChangeFile] = []
        if before == after:
            return found
        for file in _back(kept, after):
            found.append(file)
            if file.before == before:
                return found
        raise NotFound(
            "The changes between these two releases are not kept. The earlier one comes first.", reason="NO_DIFF"
        )


def _back(kept: dict[str, ChangeFile], release: str) -> Iterator[ChangeFile]:
    seen: set[str] = set()
    while release in kept and release not in seen:
        seen.add(release)
        yield kept[release]
        release = kept[release].before


def _together(files: Sequence[ChangeFile], system: str, code: str) -> Iterator[Changed]:
    """Each code once, by system and code, with what any of the files, newest first, says of it."""
    streams = [_all_after(file, system, code) for file in files]
    for _, same in groupby(heapq.merge(*streams, key=_key), _key):
        yield _joined(list(same))


def _joined(same: Sequence[Changed]) -> Changed:
    """The newest says what the code is; the sections are those of all."""
    if len(same) == 1:
        return same[0]
    sections = {name for one in same for name in one.sections.split(",") if name}
    order = {name: at for at, name in enumerate(SECTION_NAMES)}
    kind = "added" if same[-1].kind == "added" and same[0].kind != "removed" else same[0].kind
    return same[0]._replace(
        kind=kind,
        sections=",".join(sorted(sections, key=lambda name: order.get(name, -1))),
        described=max(one.described for one in same),
    )


def _all_after(file: ChangeFile, system: str, code: str) -> Iterator[Changed]:
    while batch := file.changed_after(system, code, BATCH):
        yield from batch
        system, code = _key(batch[-1])


def _counts(files: Sequence[ChangeFile]) -> list[tuple[str, str, int]]:
    if len(files) == 1:
        return files[0].counts()
    counted = Counter((one.system, one.kind) for one in _together(files, "", ""))
    return [(system, kind, number) for (system, kind), number in sorted(counted.items())]


def _key(changed: Changed) -> tuple[str, str]:
    return changed.system, changed.code


def _checked(limit: int) -> int:
    if limit > MAX_LIMIT:
        raise InvalidArgument("limit is too high", fields={"limit": f"at most {MAX_LIMIT}"})
    return limit or DEFAULT_LIMIT


def _position(cursor: str, question: Sequence[str]) -> str:
    try:
        return cursors.read(cursor, question)
    except cursors.CursorError as error:
        raise InvalidArgument("malformed cursor", fields={"cursor": str(error)}) from error
