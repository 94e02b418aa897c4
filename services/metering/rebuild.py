"""Restores all grants from the ledger beside the present ones, and swaps them; compares the two."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from typing import NamedTuple

import structlog

from .domain.views import LedgerEntry
from .ports import Ledger, LedgerDamaged, MeterUnavailable, RestorableStore
from .recovery import recover

# At most so many entries are applied inside the step that swaps, which holds up everything else.
SWAP_ENTRIES = 512
# A subject whose grants end about now may be gone from the store already.
END_SLACK_SECONDS = 5

log = structlog.get_logger(__name__)
Grants = Mapping[str, tuple[int, str]]


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
    """What differs between the store's grants and those that the ledger (with what is not yet relayed) gives, a
    sentence each; none if they are equal. Right while views are granted, too. Holds all grants in memory."""
    begun, held = await _held(store)
    expected, differences = await _from_ledger(store, ledger)
    soon = time.time() + END_SLACK_SECONDS
    for subject, (ends_at, pages) in expected.items():
        if ends_at and ends_at <= soon:
            held.pop(subject, None)
            continue
        # What was granted after the store was read is expected in it, but need not be there.
        before = {page: entry for page, entry in pages.items() if entry.sequence <= begun}
        differences += _differences(subject, held.pop(subject, {}), before, pages)
    differences += [f"{subject} is not in the ledger, with {len(grants)} grants" for subject, grants in held.items()]
    return differences


async def _held(store: RestorableStore) -> tuple[int, dict[str, Grants]]:
    """The newest sequence before the store was read, and what was read: subject -> grants."""
    while True:
        before = await store.status()
        held = {subject: grants async for subject, grants in store.subjects()}
        if (await store.status()).generation == before.generation:
            return before.sequence, held


def _differences(
    subject: str, held: Grants, before: Mapping[str, LedgerEntry], all_pages: Mapping[str, LedgerEntry]
) -> list[str]:
    found = [f"{subject} lacks {page}" for page in before if page not in held]
    for page, (granted_at_ms, request_id) in held.items():
        entry = all_pages.get(page)
        if entry is None:
            found.append(f"{subject} holds {page}, which the ledger does not have")
        elif (entry.granted_at_ms, entry.request_id) != (granted_at_ms, request_id):
            found.append(f"{subject} holds {page} with another time or request id than the ledger")
    return found


async def _from_ledger(
    store: RestorableStore, ledger: Ledger
) -> tuple[dict[str, tuple[int, dict[str, LedgerEntry]]], list[str]]:
    """subject -> (end, page -> entry), and a sentence for each page that a subject was granted twice."""
    subjects: dict[str, tuple[int, dict[str, LedgerEntry]]] = {}
    twice: list[str] = []
    async for entries in all_entries(store, ledger):
        for entry in entries:
            pages = subjects.setdefault(entry.subject, (entry.ends_at, {}))[1]
            if entry.page in pages:
                twice.append(f"{entry.subject} was granted {entry.page} twice, the second time as {entry.sequence}")
            pages[entry.page] = entry
    return subjects, twice


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
