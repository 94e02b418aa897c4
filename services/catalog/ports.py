"""What the catalog needs from outside: an open release to read, and the releases there are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Literal, Protocol, TypeVar

from .adapters.change_file import ChangeFile
from .domain.editions import Edition
from .domain.equivalents import Equivalent
from .domain.filed import CodeRecord, Filed, LoadedEdition
from .domain.indexes import IndexEntry
from .domain.rows import Ptp, Row

R = TypeVar("R", bound=Row)

PtpSide = Literal["column_one", "column_two"]


@dataclass(frozen=True, slots=True)
class PtpQuery:
    """PTP rows of one table that name `code` on one side.

    `in_force` picks the rows in force on `day` (effective <= day, not deleted before day, indicator not 9); False picks
    all the others. `contains` keeps rows whose other code or rationale contains it, ignoring case. Dates are ISO.
    """

    edition: Edition
    code: str
    side: PtpSide
    day: str
    in_force: bool
    contains: str = ""


class IndexReader(Protocol):
    """The terms of an index of ICD-10-CM in one open release, an index by its edition; see `ReleaseReader`.

    Terms come in the order of the file, each with its codes, and carry the number that the file's order gives them.
    """

    def count(self, edition: Edition) -> int:
        """Number of terms, those without a code included."""
        ...

    def letters(self, edition: Edition) -> Sequence[str]:
        """The letters that main terms stand under."""
        ...

    def terms_after(self, edition: Edition, after: int, limit: int) -> list[IndexEntry]:
        """At most `limit` terms of all levels after the term `after` (0 from the first): for walking through all of
        them in batches. A term stands before those below it."""
        ...

    def below(self, edition: Edition, parent: int, letter: str, after: int, limit: int) -> list[IndexEntry]:
        """At most `limit` terms directly below `parent`, after the term `after`. Below 0 are the main terms, those of
        one letter where it is not ""."""
        ...

    def named(self, edition: Edition, parent: int, title: str) -> IndexEntry | None:
        """The term directly below `parent` with this title, whatever its capitals; else with "NEC" behind it; else the
        first by title that begins with it and a comma ("Abdomen" for "Abdomen, abdominal")."""
        ...


class EquivalentReader(Protocol):
    """The rows of the GEMs that are equivalents by themselves, in one open release; see `ReleaseReader`."""

    def count(self, edition: Edition) -> int: ...

    def after(self, edition: Edition, after: int, limit: int) -> list[Equivalent]:
        """At most `limit` of them in the order of the files, after the number `after` (0 from the first): for walking
        through all of them in batches."""
        ...


class ReleaseReader(Protocol):
    """One open release, read-only and immutable.

    Methods are synchronous and short (indexed reads of one file on local disk, well below a millisecond, except
    where said); call them from the thread that acquired the reader. They raise nothing but what the store raises
    when the file itself is broken: unknown codes, editions and groups give None or an empty list. Texts come back
    exactly as filed.
    """

    @property
    def release_id(self) -> str: ...

    @property
    def editions(self) -> Sequence[LoadedEdition]:
        """All editions of the release, ordered by data set and begin; read once when the release is opened."""
        ...

    @property
    def indexes(self) -> IndexReader: ...

    @property
    def equivalents(self) -> EquivalentReader: ...

    def node(self, system: str, code: str) -> CodeRecord | None:
        """A code, or a group of the hierarchy by its id, of any system the release holds."""
        ...

    def path(self, system: str, code: str) -> list[CodeRecord]:
        """The nodes above a code or group, from the top down, itself not included."""
        ...

    def children(self, system: str, parent: str, after: str, limit: int) -> list[CodeRecord]:
        """At most `limit` nodes directly below `parent` ("" is the top), in the system's order, after the node `after`
        ("" from the first)."""
        ...

    def siblings(self, system: str, code: str, limit: int) -> list[CodeRecord]:
        """The nodes with the same parent as `code`, in the system's order, `code` itself included: the window of at
        most `limit` with `code` in the middle."""
        ...

    def in_range(self, system: str, first: str, last: str, after: str, limit: int) -> list[CodeRecord]:
        """Codes (no groups) from `first` to `last`, both included, by code, after the code `after` ("" from the
        first). A code that begins with `last` is in."""
        ...

    def near(self, system: str, code: str, limit: int) -> list[CodeRecord]:
        """Existing codes most like an unknown one: those that share its longest prefix, nearest in order first."""
        ...

    def count(self, system: str) -> int:
        """Number of codes (not groups) of a system; 0 for a system that the release does not hold."""
        ...

    def codes_after(self, system: str, after: str, limit: int) -> list[CodeRecord]:
        """Codes (no groups) of a system by code, after `after`: for walking through all of them in batches."""
        ...

    def search_terms(self, system: str, codes: Sequence[str]) -> Mapping[str, Sequence[str]]:
        """Further words to find codes by: short description, tabular wording where it differs from the description,
        inclusion terms, and the project's own plain wording. Codes without any are left out."""
        ...

    def rows(self, row_type: type[R], edition: Edition, **where: str) -> list[Filed[R]]:
        """Rows of one type in one edition, in file order, whose columns equal what is given.

        Indexed: TabularCode by code, TabularGroup by group_id, TabularNote by owner, OrderCode, HcpcsCode, Rvu, Mue
        and CptDescriptor by code, ProcedureCode and Icd9Code by code, ProcedureValue by table, Gem by system and code
        and by other_system and other, PlainWording by system and code, AddOn by add_on and by primary, Modifier by
        modifier or all, Gpci and Locality all (some hundreds).
        """
        ...

    def ptp(self, query: PtpQuery, limit: int, offset: int) -> list[Filed[Ptp]]:
        """PTP rows by the other code, then by effective date. A code may have thousands."""
        ...

    def ptp_count(self, query: PtpQuery) -> int:
        """How many rows `ptp` has in all; some milliseconds for the codes with the longest lists."""
        ...

    def ptp_changes(self, edition: Edition, code: str, day: str) -> tuple[str, str]:
        """The interval around `day` in which no row naming `code` begins or ends: (first day, last day), "" unbounded.

        A row begins on its effective date and ends after its deletion date.
        """
        ...


@dataclass(frozen=True, slots=True)
class ReleaseFileInfo:
    name: str
    sha256: str
    data_set: str  # "" for a file not known
    edition: str
    rows: int
    rejected: int
    state: str  # imported, superseded, not_known


@dataclass(frozen=True, slots=True)
class ReleaseInfo:
    """What a release was built from, out of its manifest."""

    id: str
    current: bool
    built_at: str  # RFC 3339, UTC
    files: Sequence[ReleaseFileInfo]
    editions: Sequence[LoadedEdition]
    rows: int


class ReleaseChanges(Protocol):
    """What the releases of this machine changed, each against the one before it."""

    @property
    def current_id(self) -> str:
        """The release answered from, "" while there is none."""
        ...

    def changes(self) -> dict[str, ChangeFile]:
        """By the release that changed something; files that cannot be read are left out."""
        ...


class Releases(Protocol):
    """The releases that this replica can answer from."""

    def acquire(self, release_id: str = "") -> AbstractContextManager[ReleaseReader]:
        """The current release (or the named one, if it is open here), held open until the context ends.

        Cheap, never blocks. A release that is swapped out meanwhile stays open until its last holder lets go. Raises
        `Unavailable` with reason NO_RELEASE while there is none, or when the named one is not open.
        """
        ...

    async def list_releases(self) -> Sequence[ReleaseInfo]:
        """The current release and those kept for a rollback, newest first; only what is at hand if NATS is away."""
        ...
