"""What every store of indexes promises (services/search/ports.py, IndexStore)."""

from __future__ import annotations

import pytest

from services.search.domain.query import understand
from services.search.ports import IndexBuildError
from tests.contract.search.codes import CODES, RELEASE, batches

SECOND, THIRD = "b" * 64, "c" * 64


async def build(store, release=RELEASE, codes=CODES):
    return await store.build(release, batches(codes, release), lambda documents, total: None)


async def first_hit(index, text):
    plan = understand(text)
    return (await index.search(plan, plan.attempts, offset=0, limit=1)).hits[0].code


async def test_an_empty_store(store):
    assert await store.active() == ""
    assert await store.open(RELEASE) is None
    assert await store.unannounced() is None
    await store.clean(2)


async def test_a_built_index_can_be_opened_by_another_process(new_store):
    reports = []
    assert await new_store().build(RELEASE, batches(), lambda *report: reports.append(report)) == len(CODES)
    assert reports[0] == (7, len(CODES)) and reports[-1] == (len(CODES), len(CODES))
    index = await new_store().open(RELEASE)
    assert index.documents == len(CODES)
    assert await new_store().active() == RELEASE


async def failing(after):
    sent = 0
    async for batch in batches():
        if sent == after:
            raise ConnectionError("the catalog is gone")
        sent += 1
        yield batch


@pytest.mark.parametrize(
    ("stream", "error"),
    [
        (lambda: batches(total=len(CODES) + 1), IndexBuildError),
        (lambda: batches(total=len(CODES) - 1), IndexBuildError),
        (lambda: batches([]), IndexBuildError),
        (lambda: batches(release=SECOND), IndexBuildError),
        (lambda: failing(2), ConnectionError),
    ],
    ids=["too few", "too many", "none", "another release", "broken off"],
)
async def test_a_failed_build_leaves_nothing_and_the_active_index_alone(store, stream, error):
    await build(store, THIRD)
    await store.activate(THIRD)
    with pytest.raises(error):
        await store.build(RELEASE, stream(), lambda documents, total: None)
    assert await store.open(RELEASE) is None
    assert await store.active() == THIRD
    assert (await store.open(THIRD)).documents == len(CODES)


async def test_activation_is_remembered_with_a_note_to_announce_it(new_store):
    store = new_store()
    await build(store, RELEASE)
    await build(store, SECOND)
    await store.activate(SECOND)
    await store.activate(RELEASE)

    again = new_store()
    assert await again.active() == RELEASE
    note = await again.unannounced()
    assert (note.release, note.documents) == (RELEASE, len(CODES))
    await again.announced(note)
    assert await new_store().unannounced() is None


async def test_activating_what_is_active_is_nothing_new(store):
    await build(store)
    await store.activate(RELEASE)
    await store.announced(await store.unannounced())
    await store.activate(RELEASE)
    assert await store.unannounced() is None


async def test_a_stale_note_is_not_taken_off_by_an_earlier_announcement(store):
    await build(store, RELEASE)
    await build(store, SECOND)
    await store.activate(RELEASE)
    earlier = await store.unannounced()
    await store.activate(SECOND)
    await store.announced(earlier)
    assert (await store.unannounced()).release == SECOND


async def test_only_a_complete_index_can_be_activated(store):
    with pytest.raises(IndexBuildError):
        await store.activate(RELEASE)


async def test_cleaning_keeps_the_active_and_the_ones_active_before(store):
    for release in (RELEASE, SECOND, THIRD):
        await build(store, release)
        await store.activate(release)
    await store.clean(2)
    assert await store.open(RELEASE) is None
    assert await store.open(SECOND) and await store.open(THIRD)
    # A rollback: the one rolled back from is now the one before.
    await store.activate(SECOND)
    await store.clean(2)
    assert await store.open(SECOND) and await store.open(THIRD)
    assert await store.active() == SECOND


async def test_an_open_index_answers_although_its_files_were_removed(store):
    await build(store, RELEASE)
    await store.activate(RELEASE)
    old = await store.open(RELEASE)
    for release in (SECOND, THIRD):
        await build(store, release, CODES[:20])
        await store.activate(release)
    await store.clean(2)
    assert await store.open(RELEASE) is None
    assert await first_hit(old, "S73.005A") == "S73005A"


async def test_an_index_can_be_built_again(store):
    await build(store, RELEASE, CODES[:10])
    await build(store, RELEASE)
    assert (await store.open(RELEASE)).documents == len(CODES)


@pytest.mark.parametrize("release", ["", "../etc", "a/b", ".", ".building-x", "a" * 200, "x\x00y"])
async def test_what_is_no_release_id_is_never_a_place(store, release):
    assert await store.open(release) is None
    with pytest.raises(IndexBuildError):
        await store.build(release, batches(release=release), lambda documents, total: None)
