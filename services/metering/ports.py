"""What metering needs from outside: a store that decides, and a ledger that remembers."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from typing import NamedTuple, Protocol

from services.common.errors import Unavailable

from .domain.usage import Count, Report
from .domain.views import Claim, Decision, Grant, LedgerEntry, Reading, Terms


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


class Holding(NamedTuple):
    """All that is known of one subject: its grants by page (those that have ended may still be among them), whether it
    is a guest that gets no more, an account that has the grants of its guest, an account that was erased."""

    grants: Mapping[str, Grant]
    sealed: bool = False
    merged: bool = False
    erased: bool = False


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
        of a subject's grants never rises above the limit of the claim that adds one, and never above what a guest held
        when it was sealed. A grant that has ended, by the store's clock, is none. The claim of an account that was not
        merged with its guest merges it first, as `merge` does. Nothing is granted to an account that was erased, and
        no new grant to a guest whose network has had its number for the day.
        """

    async def meter(self, subject: str, limit: int | None, terms: Terms | None = None) -> Reading:
        """What the subject holds, after it was merged, and the limit that follows from `limit`, the copied grants of an
        account, and a guest's seal."""

    async def views(self, subject: str, terms: Terms | None = None) -> Sequence[Grant]:
        """The subject's grants that have not ended, after it was merged, in no order. A guest's all end when it does,
        which they do not say."""

    async def merge(self, account: str, terms: Terms) -> int | None:
        """Copies the grants of the guest that the account registered from to the account, with their times and request
        ids, and seals the guest, in one atomic step with their ledger entries. Returns how many were copied: none if
        the guest was sealed before or has ended. None if the account was merged before, or is erased: nothing
        happened."""

    async def erase(self, account: str) -> bool:
        """Removes all that is the account's for ever, in one step with a ledger entry that says so; whether it was
        there to be done."""


class UsageStore(Protocol):
    """Totals of views by hour, plan and what became of them, for `KEPT_DAYS` days. They are estimates for operators:
    nothing is decided by them, and they are not in the ledger.

    Every call ends within the store's time-out, raises `MeterUnavailable` if the store does not answer, and may be
    repeated. No call is kept waiting by decisions, or keeps them waiting.
    """

    async def add(self, report: Report) -> bool:
        """Adds all counts of a report in one step; False, and nothing, if it or a later one of its reporter was taken
        before. Plans beyond some sixty a day count as `other`."""

    async def days(self, first: int, last: int) -> Sequence[Count]:
        """The totals of the days from `first` to `last`, counted from 1970 in UTC, in no order."""


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

    def subjects(self) -> AsyncIterator[tuple[str, Holding]]:
        """Each subject of the current generation and what it holds. A subject may come twice while others are
        written."""


class Ledger(Protocol):
    """All grants, merges and erasures there ever were, in order, on a disk of its own.

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

    async def newest(self) -> Sequence[LedgerEntry]:
        """The entries of the last message that has any."""

    def read(self, after: int) -> AsyncIterator[Sequence[LedgerEntry]]:
        """The entries above `after` up to where the ledger ends now, in pieces of less than twice `MAX_ENTRIES`.
        Raises `LedgerDamaged` where one is missing."""


class Announcer(Protocol):
    """Tells other services what the ledger says. Raises `MeterUnavailable`; then it may be told or not."""

    async def prepare(self) -> None:
        """Makes sure that somebody keeps what is told."""

    async def tell(self, entries: Sequence[LedgerEntry]) -> None:
        """Tells of each merge and erasure among the entries; telling it again changes nothing."""


class PublicKey(NamedTuple):
    """The public half of an Ed25519 key, 32 bytes; `current`: receipts are signed with it now."""

    id: str
    public_key: bytes
    created_at_ms: int
    current: bool


class SigningKey(NamedTuple):
    """`sign` gives the Ed25519 signature of a message, 64 bytes."""

    id: str
    sign: Callable[[bytes], bytes]


class ReceiptKeys(Protocol):
    """Keys that receipts are signed with. Calls are short and block; they raise OSError where keys cannot be read or
    written."""

    def current(self) -> SigningKey:
        """The key that signs now; a first one is made where there is none."""

    def public_keys(self) -> Sequence[PublicKey]:
        """All keys that there ever were, the oldest first."""

    def rotate(self) -> str:
        """Makes a new current key and returns its id; forgets the private half of the one before."""


MAX_ENTRIES = 512
