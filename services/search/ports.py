"""What search needs from outside: an engine that keeps indexes, and the catalog's codes to fill them with.

The engine is told what to look for by a `Plan`, in words and codes; how it says so in its own language is the
adapter's business. One contract suite (tests/contract/search) runs over every adapter.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from .domain.documents import Correction, FacetCount, Hit, IndexedCode
from .domain.equivalents import Mapped
from .domain.index_terms import IndexTerm
from .domain.query import Plan, Strictness

# Told how many documents are in the index so far, and how many it will have.
Progress = Callable[[int, int], None]


class IndexBuildError(Exception):
    """An index could not be built. Nothing of it is left behind, and the active index is untouched."""


class EngineError(Exception):
    """The engine failed, or refuses because too many searches wait already. The same call may be made again."""


@dataclass(frozen=True, slots=True)
class Found:
    """One page of results.

    `total` counts all results, `complete` those of them that match all words and come first. Each facet is counted as
    if nothing had been chosen in it, so that the choice can be changed; by status only where the plan has a day.
    `strictness` is the one that the results were found with, `corrections` are the words read, or better read, as
    others.
    """

    hits: Sequence[Hit]
    total: int
    facets: Sequence[FacetCount]
    strictness: Strictness
    complete: int
    corrections: Sequence[Correction] = ()


@dataclass(frozen=True, slots=True)
class CodeBatch:
    """Consecutive codes of a release. `total` is the number of codes of the whole release."""

    release: str
    total: int
    codes: Sequence[IndexedCode]


class SearchIndex(Protocol):
    """The index of one release, complete and never changed again. Safe to call concurrently.

    Answers from this index alone, also while another one is built or activated. Calls never block the event loop; at
    most a fixed number runs at once, others wait their turn, and beyond a bound `EngineError` is raised at once. They
    have no time-out of their own: the caller sets a deadline, and a call cancelled while it waits costs nothing more.
    Equal questions get equal answers in equal order, so that offsets can be used for paging.
    """

    @property
    def release(self) -> str: ...

    @property
    def documents(self) -> int: ...

    async def search(self, plan: Plan, attempts: Sequence[Strictness], *, offset: int, limit: int) -> Found:
        """The results of the first strictness in `attempts` that finds `Plan.enough` among all codes (`Filters.wide`)
        and one within the plan's filters (of the last one if none does).

        Results are ordered as `Plan` says. Raises EngineError.
        """
        ...

    async def suggest(self, plan: Plan, *, limit: int) -> Sequence[Hit]:
        """At most `limit` completions, no code twice: codes that begin as typed in code order, then codes whose
        descriptions hold the words, those that begin so and short ones first, codes beneath others of them last.
        Raises EngineError."""
        ...

    async def close(self) -> None:
        """Lets go of it; calls in flight still finish. Its files may be gone from then on."""
        ...


class IndexStore(Protocol):
    """Where indexes are kept, one a release, and which of them is active. One process of a kind uses a store at a time.

    An index is complete or it is not there: a build that fails, at whatever moment and by SIGKILL, leaves nothing that
    `open` would open. All calls raise OSError or EngineError where the store cannot be reached or the engine fails.
    """

    async def active(self) -> str:
        """The release activated last, or the newest complete one; "" if there is none."""
        ...

    async def open(self, release: str) -> SearchIndex | None:
        """The complete index of a release. None if there is none, it is damaged, or of an earlier format."""
        ...

    async def build(self, release: str, batches: AsyncIterator[CodeBatch], progress: Progress) -> int:
        """Builds the index of a release beside the others and returns the number of documents in it.

        Raises IndexBuildError if the codes are not those of `release`, or their number is not the stated total. Runs in
        the index process: it may block its event loop and use a core.
        """
        ...

    async def activate(self, release: str) -> None:
        """Makes it the one that `active` tells, in one step, with a note that this has yet to be announced."""
        ...

    async def unannounced(self) -> Activation | None:
        """The activation that nobody was told about yet. At most one: a later activation replaces it."""
        ...

    async def announced(self, activation: Activation) -> None:
        """Takes the note off again."""
        ...

    async def clean(self, keep: int) -> None:
        """Removes what failed builds left, and all indexes but the active one and the `keep` - 1 active before it.
        Not to be called while a build runs: its draft would go too."""
        ...

    async def close(self) -> None:
        """Lets go of threads and connections. Indexes opened from it must have been closed."""
        ...


@dataclass(frozen=True, slots=True)
class Activation:
    """One switch to another index. `id` is unique, for an event that must not be counted twice."""

    id: str
    release: str
    documents: int


class IndexBuilds(Protocol):
    """Builds indexes outside the service's process."""

    async def build(self, release: str) -> None:
        """Returns once the store holds the complete index of `release`. One at a time.

        Raises IndexBuildError with the reason, also when it takes longer than the adapter's time-out; the build may
        then be tried again. Cancelling ends it, and what it had written is removed by the next `IndexStore.clean`.
        """
        ...


class CatalogStream(Protocol):
    """The codes of a release, from the catalog."""

    def codes(self, release: str) -> AsyncIterator[CodeBatch]:
        """All codes of `release` in batches, ordered by system and code.

        Waits for a catalog that is away or has not opened that release yet, until `timeout` of the adapter is over;
        then, and for every failure after the first batch, raises services.common.errors.ServiceError.
        """
        ...

    def index_terms(self, release: str) -> AsyncIterator[Sequence[IndexTerm]]:
        """All terms of the indexes of `release` in batches, in their order; none if it has no index. Waits and raises
        as `codes` does."""
        ...

    def equivalents(self, release: str) -> AsyncIterator[Sequence[Mapped]]:
        """The codes of ICD-9-CM and ICD-10 that are equivalent by themselves, in batches; none if `release` holds no
        mappings. Waits and raises as `codes` does."""
        ...
