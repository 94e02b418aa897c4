"""What metering needs from outside: a store that decides, and a ledger that remembers."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from typing import NamedTuple, Protocol

from services.common.errors import Unavailable

from .domain.views import Claim, Decision, Grant, LedgerEntry


class MeterUnavailable(Unavailable):
    """The store or the ledger did not answer, or not in time. What was asked may have happened or not."""

    default_reason = "METER_UNAVAILABLE"


class NotVerified(MeterUnavailable):
    """The store has restarted and was not compared with the ledger since. Nothing happened."""


class LedgerFenced(Exception):
    """Somebody else has written to the ledger since its tail was read. Nothing was written."""


class LedgerDamaged(Exception):
    """Entries of the ledger are missing or stand in the wrong order."""


class Decisions(NamedTuple):
    """The answers to a batch of claims, in their order, and the store's time."""

    as_of_ms: int
    decisions: Sequence[Decision]


class StoreStatus(NamedTuple):
    """`run` names the server process, `sequence` the newest ledger entry, `waiting` the entries not yet relayed."""

    run: str
    verified: bool
    sequence: int
    generation: int
    waiting: int


class Pending(NamedTuple):
    """Entries that are not yet relayed, ascending, and the run of the store they come from."""

    run: str
    entries: Sequence[LedgerEntry]


class Tail(NamedTuple):
    """Where the ledger ends: its last message, the last entry up to there, the run of the store they come from.
    (0, 0, "") while it is empty."""

    message: int
    through: int
    run: str


class GrantStore(Protocol):
    """Decides and remembers views.

    Every call ends within the store's time-out. It raises `NotVerified` while the store's state has not been compared
    with the ledger since the store started, and `MeterUnavailable` if the store does not answer; only then is it
    unknown whether `consume` has granted anything, and the same claims may be sent again.
    """

    async def consume(self, claims: Sequence[Claim]) -> Decisions:
        """Decides at most `MAX_BATCH` claims in one atomic step, in their order.

        A grant and its ledger entry are written together, and are on disk when the call returns. A claim for a page
        that the subject holds is granted; it is `charged` if its request id is the one that took the view. The number
        of a subject's grants never rises above the limit of the claim that adds one.
        """

    async def meter(self, subject: str) -> tuple[int, int]:
        """How many views the subject holds, and the store's time in ms."""

    async def views(self, subject: str) -> Sequence[Grant]:
        """The subject's grants, in no order."""


class Outbox(Protocol):
    """The store's ledger entries that wait to be relayed. Raises as `GrantStore` does; all calls may be repeated."""

    async def pending(self, after: int, limit: int) -> Pending:
        """At most `limit` entries with a sequence above `after`. All of them are on the store's disk."""

    async def wait(self, after: int) -> None:
        """Returns once there may be an entry above `after`, at the latest after a second."""

    async def trim(self, run: str, through: int) -> None:
        """Forgets the entries up to and with `through`. Raises `NotVerified` if the store is in another run."""


class RestorableStore(Outbox, Protocol):
    """A store whose grants can be restored from the ledger. Raises as `GrantStore` does; all calls may be repeated."""

    async def status(self) -> StoreStatus:
        """Never raises `NotVerified`."""

    async def prepare(self) -> None:
        """Makes the store able to answer: loads what it has to know beforehand."""

    async def replay(self, entries: Sequence[LedgerEntry]) -> int:
        """Applies consecutive entries that the store lacks, skips those it has, and returns its newest sequence.
        Raises `LedgerDamaged` if entries between its newest and the first one are missing."""

    async def verify(self, run: str, through: int) -> bool:
        """Lets the store serve if it still is in `run` and has the ledger's entries up to `through`."""

    async def begin_generation(self) -> int:
        """The number of a new and empty generation of grants, which nobody else was given."""

    async def fill_generation(self, generation: int, entries: Sequence[LedgerEntry]) -> int:
        """As `replay`, for a generation that is being rebuilt."""

    async def swap_generation(self, generation: int, limit: int) -> tuple[bool, int]:
        """Adds at most `limit` entries that are not yet relayed. If the generation then holds all entries, it becomes
        the current one in the same step. Returns whether it did, and the last sequence that it holds."""

    async def drop_generations(self, before: int) -> int:
        """Deletes the grants of all generations with a lower number; returns how many subjects that were."""

    def subjects(self) -> AsyncIterator[tuple[str, Mapping[str, tuple[int, str]]]]:
        """Each subject of the current generation and its grants: page -> (time in ms, request id). A subject may come
        twice while others are written."""


class Ledger(Protocol):
    """All grants ever made, in order, on a disk of its own.

    Every call ends within some seconds and raises `MeterUnavailable` if the ledger does not answer; then it is unknown
    whether anything was written.
    """

    async def prepare(self) -> None:
        """Creates the ledger where there is none."""

    async def tail(self) -> Tail: ...

    async def take_over(self, run: str) -> Tail:
        """From here on the ledger is written for `run`: writers that know an older tail are fenced. Repeating it does
        nothing."""

    async def append(self, entries: Sequence[LedgerEntry], tail: Tail) -> Tail:
        """Writes at most `MAX_ENTRIES` entries behind `tail`, whose run they come from. They are on disk when it
        returns. Raises `LedgerFenced` if that is not where the ledger ends."""

    def read(self, after: int) -> AsyncIterator[Sequence[LedgerEntry]]:
        """The entries above `after` up to where the ledger ends now, in pieces of less than twice `MAX_ENTRIES`.
        Raises `LedgerDamaged` where one is missing."""


MAX_ENTRIES = 512
