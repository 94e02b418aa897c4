"""Restores all grants from the ledger beside the present ones, and swaps them; compares the two."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from typing import NamedTuple

import structlog

from .domain.history import Histories, History
from .domain.views import LedgerEntry
from .ports import Holding, Ledger, LedgerDamaged, MeterUnavailable, RestorableStore
from .recovery import recover

# At most so many entries are applied inside the step that swaps, which holds up everything else.
SWAP_ENTRIES = 512
# A subject whose grants end about now may be gone from the store already.
END_SLACK_SECONDS = 5

log = structlog.get_logger(__name__)


class Rebuilt(NamedTuple):
    generation: int
    entries: int
    dropped_subjects: int


async def rebuild(
    store: RestorableStore, ledger: Ledger, progress: Callable[[int, int], None] = lambda done, total: None
) -> Rebuilt:
    """Replays the whole ledger into a new generation of grants, makes it the current one, deletes older ones.

    Works while views are granted: the step that swaps adds the entries that are only in the store yet. `progress` is
    told how many entries are done, of how many. Raises `MeterUnavailable` and `LedgerDamaged`; the grants are as before
    then.
    """
    await recover(store, ledger, anyway=True)
    generation = await store.begin_generation()
    through = 0
    while True:
        total = (await store.status()).sequence
        async for entries in ledger.read(through):
            through = await store.fill_generation(generation, entries)
            progress(through, max(total, through))
        swapped, last = await store.swap_generation(generation, SWAP_ENTRIES)
        progress(last, max(total, last))
        if swapped:
            break
        if last == through and last >= (await ledger.tail()).through:
            raise LedgerDamaged(f"entries after {last} are neither in the ledger nor in the store")
        through = last
    dropped = await store.drop_generations(generation)
    log.info("rebuilt", generation=generation, entries=last, dropped=dropped)
    return Rebuilt(generation, last, dropped)


async def compare(store: RestorableStore, ledger: Ledger) -> list[str]:
    """What differs between the store's subjects and those that the ledger (with what is not yet relayed) gives, a
    sentence each; none if they are equal. Right while views are granted, too. Holds all grants in memory."""
    begun, held = await _held(store)
    histories = Histories()
    async for entries in all_entries(store, ledger):
        for entry in entries:
            histories.add(entry)
    differences = histories.impossible
    soon = int((time.time() + END_SLACK_SECONDS) * 1000)
    for subject, history in histories.subjects.items():
        differences += _differences(subject, held.pop(subject, Holding({})), history, begun, soon)
    differences += [
        f"{subject} is not in the ledger, with {len(holding.grants)} grants" for subject, holding in held.items()
    ]
    return differences


async def _held(store: RestorableStore) -> tuple[int, dict[str, Holding]]:
    """The newest sequence before the store was read, and what was read."""
    while True:
        before = await store.status()
        held = {subject: holding async for subject, holding in store.subjects()}
        if (await store.status()).generation == before.generation:
            return before.sequence, held


def _differences(subject: str, held: Holding, history: History, begun: int, soon: int) -> Iterator[str]:
    """What came to the ledger after `begun` is expected in the store, but need not be there; what has ended by `soon`
    may be there or not. Of an account that was erased meanwhile nothing can be said."""
    if history.erased_by > begun:
        return
    for page, entry in history.grants.items():
        if page not in held.grants and entry.sequence <= begun and not _over(entry.ends_at_ms, soon):
            yield f"{subject} lacks {page}"
    for page, grant in held.grants.items():
        if _over(grant.ends_at_ms, soon) or _over(history.ends_at_ms, soon):
            continue
        found = history.grants.get(page)
        if found is None:
            yield f"{subject} holds {page}, which the ledger does not have"
        elif (grant.granted_at_ms, grant.request_id) != (found.granted_at_ms, found.request_id):
            yield f"{subject} holds {page} with another time or request id than the ledger"
        elif subject.startswith("a.") and (grant.ends_at_ms, grant.copied) != (found.ends_at_ms, found.is_copy):
            yield f"{subject} holds {page} with another end than the ledger, or not as the copy that it is"
    for what, is_so, since in (
        ("sealed", held.sealed, history.sealed_by),
        ("merged with its guest", held.merged, history.merged_by),
        ("erased", held.erased, history.erased_by),
    ):
        if is_so and not since and not _over(history.ends_at_ms, soon):
            yield f"{subject} is {what}, but not in the ledger"
        elif since and since <= begun and not is_so and not _over(history.ends_at_ms, soon):
            yield f"{subject} is {what} in the ledger, but not in the store"


def _over(ends_at_ms: int, soon: int) -> bool:
    return 0 < ends_at_ms <= soon


async def all_entries(store: RestorableStore, ledger: Ledger) -> AsyncIterator[Sequence[LedgerEntry]]:
    """All entries from the first to what is now the newest: the ledger's, then those that are only in the store yet."""
    through, end = 0, (await store.status()).sequence
    while through < end:
        async for entries in ledger.read(through):
            yield entries
            through = entries[-1].sequence
        waiting = (await store.pending(through, SWAP_ENTRIES)).entries
        if waiting and waiting[0].sequence == through + 1:
            yield waiting
            through = waiting[-1].sequence
        elif through < end and (await ledger.tail()).through <= through:
            raise MeterUnavailable(f"entries after {through} are neither in the ledger nor in the store")
