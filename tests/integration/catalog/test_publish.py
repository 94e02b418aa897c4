"""Publishing, following, refusing and rolling back releases over a real NATS server."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from medcodes.events.v1 import events_pb2
from nats.js.errors import NotFoundError
from prometheus_client import REGISTRY

from services.catalog.adapters.release_folder import DamagedReleaseError, ReleaseFolder
from services.catalog.adapters.release_store import (
    BUCKET,
    Current,
    NotPublishedError,
    ReleaseStore,
)
from services.catalog.build.release import BuiltRelease
from services.catalog.current_release import ReleaseKeeper
from services.common.errors import Unavailable
from services.common.events import CURRENT_RELEASE_BUCKET, CURRENT_RELEASE_KEY, EVENTS_STREAM, Bus
from tests.unit.catalog.build import official_files as files


@pytest.fixture(scope="module")
def builds(tmp_path_factory: pytest.TempPathFactory) -> list[BuiltRelease]:
    """Five small releases that differ in one MUE, oldest first."""
    made = []
    for value in range(1, 6):
        place = tmp_path_factory.mktemp(f"build{value}")
        files.mue(place / "in", [("27250", str(value))])
        made.append(files.build(place / "out", place / "in"))
    return made


@pytest.fixture
async def bus(nats_server) -> AsyncIterator[Bus]:
    bus = Bus(nats_server.url, "test")
    await bus.start()
    await asyncio.wait_for(bus.wait_connected(), 30)
    yield bus
    await bus.stop()


@pytest.fixture
def store(bus: Bus) -> ReleaseStore:
    return ReleaseStore(bus)


@pytest.fixture
async def keeper(store: ReleaseStore, tmp_path: Path) -> AsyncIterator[ReleaseKeeper]:
    async with following(store, tmp_path / "releases") as keeper:
        yield keeper


@contextlib.asynccontextmanager
async def following(store: ReleaseStore, folder: Path) -> AsyncIterator[ReleaseKeeper]:
    keeper = ReleaseKeeper(store, folder)
    await keeper.start()
    try:
        yield keeper
    finally:
        await keeper.stop()


async def publish(store: ReleaseStore, built: BuiltRelease) -> Current:
    await store.put(built.database, built.manifest)
    return await store.make_current(built.id)


async def until(condition, seconds: float = 30.0) -> float:
    began = asyncio.get_running_loop().time()
    while not condition():
        assert asyncio.get_running_loop().time() - began < seconds, "did not come to pass"
        await asyncio.sleep(0.01)
    return asyncio.get_running_loop().time() - began


async def events(bus: Bus) -> list[events_pb2.ReleasePublished]:
    found = []
    state = (await bus.js.stream_info(EVENTS_STREAM)).state
    # A stream without messages begins and ends with 0, which is no message's number.
    for sequence in range(max(1, state.first_seq), state.last_seq + 1):
        message = await bus.js.get_msg(EVENTS_STREAM, sequence)
        found.append(events_pb2.ReleasePublished.FromString(message.data or b""))
    return found


async def told(bus: Bus) -> bool:
    with contextlib.suppress(NotFoundError):
        return bool(await events(bus))
    return False


async def test_a_published_release_is_fetched_checked_and_answered_from(store, keeper, builds, tmp_path):
    with pytest.raises(Unavailable) as refused, keeper.acquire():
        pass
    assert refused.value.reason == "NO_RELEASE"
    assert not await keeper.has_release()

    await publish(store, builds[0])
    await until(lambda: keeper.current_id == builds[0].id)
    with keeper.acquire() as reader:
        assert reader.node("cpt", "27250").begins == "2026-04-01"
    fetched = tmp_path / "releases" / f"{builds[0].id}.sqlite"
    assert fetched.read_bytes() == builds[0].database.read_bytes()
    assert await keeper.has_release()


@pytest.mark.alone
async def test_a_new_release_is_answered_from_within_two_seconds_and_the_old_one_closes_after_its_last_request(
    store, keeper, builds
):
    await publish(store, builds[0])
    await until(lambda: keeper.current_id == builds[0].id)
    with keeper.acquire() as held:
        await publish(store, builds[1])
        assert await until(lambda: keeper.current_id == builds[1].id) < 2
        assert held.release_id == builds[0].id
        assert held.node("cpt", "27250")  # still open
        with keeper.acquire(builds[0].id) as named:
            assert named is held
    with pytest.raises(Unavailable), keeper.acquire(builds[0].id):
        pass
    with keeper.acquire() as reader:
        assert reader.release_id == builds[1].id


@pytest.mark.alone
async def test_rolling_back_needs_no_new_download(store, keeper, builds):
    for built in builds[:2]:
        await publish(store, built)
        await until(lambda built=built: keeper.current_id == built.id)
    current = await store.make_current(builds[0].id, rollback=True)
    assert (current.previous, current.rollback) == (builds[1].id, True)
    assert await until(lambda: keeper.current_id == builds[0].id) < 2


async def test_each_change_is_one_event(bus, store, keeper, builds):
    await publish(store, builds[0])
    await publish(store, builds[1])
    await publish(store, builds[1])  # nothing changes
    await store.make_current(builds[0].id, rollback=True)
    await until(lambda: keeper.current_id == builds[0].id)
    assert [(event.release_id, event.previous_release_id, event.rollback) for event in await events(bus)] == [
        (builds[0].id, "", False),
        (builds[1].id, builds[0].id, False),
        (builds[0].id, builds[1].id, True),
    ]


async def test_the_event_of_a_publisher_that_died_is_sent_by_a_replica(bus, store, keeper, builds):
    """The key is written, the event is not: exactly what SIGKILL between the two leaves."""
    await store.put(builds[0].database, builds[0].manifest)
    current = Current(builds[0].id, builds[0].manifest.sha256, serial=1)
    await (await bus.key_value(CURRENT_RELEASE_BUCKET)).put(CURRENT_RELEASE_KEY, current.to_bytes())
    await until(lambda: keeper.current_id == builds[0].id)
    async with asyncio.timeout(30):
        while not await told(bus):
            await asyncio.sleep(0.02)
    assert [event.release_id for event in await events(bus)] == [builds[0].id]


async def test_the_object_store_keeps_three_the_current_one_among_them(store, builds):
    for built in builds:
        await publish(store, built)
    kept = [manifest.id for manifest in await store.kept()]
    assert len(kept) == 3
    assert builds[-1].id in kept
    with pytest.raises(NotPublishedError):
        await store.make_current(next(built.id for built in builds if built.id not in kept), rollback=True)
    await store.make_current(kept[-1], rollback=True)
    assert kept[-1] in [manifest.id for manifest in await store.kept()]


async def test_the_folder_keeps_three(store, keeper, builds, tmp_path):
    for built in builds:
        await publish(store, built)
        await until(lambda built=built: keeper.current_id == built.id)
    folder = ReleaseFolder(tmp_path / "releases")
    await until(lambda: len(folder.manifests()) == 3)
    assert keeper.current_id in {manifest.id for manifest in folder.manifests()}
    assert not list((tmp_path / "releases" / ".incoming").iterdir())


async def test_a_release_with_one_wrong_byte_is_refused_and_the_good_one_stays(bus, store, keeper, builds, tmp_path):
    await publish(store, builds[0])
    await until(lambda: keeper.current_id == builds[0].id)
    refused = REGISTRY.get_sample_value("catalog_releases_refused_total", {"reason": "damaged"}) or 0

    content = bytearray(builds[1].database.read_bytes())
    content[len(content) // 2] ^= 1
    damaged = tmp_path / "damaged.sqlite"
    damaged.write_bytes(content)
    await store.put(damaged, builds[1].manifest)
    await store.make_current(builds[1].id)

    def counted() -> bool:
        found = REGISTRY.get_sample_value("catalog_releases_refused_total", {"reason": "damaged"}) or 0
        return found == refused + 1

    await until(counted)
    assert keeper.current_id == builds[0].id
    with keeper.acquire() as reader:
        assert reader.node("cpt", "27250")
    assert not (tmp_path / "releases" / f"{builds[1].id}.sqlite").exists()

    # The same release, whole this time.
    await (await bus.object_store(BUCKET)).delete(f"{builds[1].id}.sqlite")
    await store.put(builds[1].database, builds[1].manifest)
    await store.make_current(builds[0].id, rollback=True)
    await store.make_current(builds[1].id)
    await until(lambda: keeper.current_id == builds[1].id)


async def test_a_file_that_is_whole_but_no_release_is_refused(store, keeper, builds, tmp_path):
    await publish(store, builds[0])
    await until(lambda: keeper.current_id == builds[0].id)
    other = tmp_path / "other.sqlite"
    other.write_bytes(b"SQLite format 3\x00 but nothing behind it" * 100)
    import dataclasses
    import hashlib

    digest = hashlib.sha256(other.read_bytes()).hexdigest()
    manifest = dataclasses.replace(builds[1].manifest, sha256=digest, size=other.stat().st_size)
    await store.put(other, manifest)
    await store.make_current(manifest.id)
    await asyncio.sleep(0.5)
    assert keeper.current_id == builds[0].id


async def test_without_nats_a_replica_starts_on_what_it_answered_from_last(nats_server, store, builds, tmp_path):
    folder = tmp_path / "releases"
    async with following(store, folder) as keeper:
        for built in (builds[0], builds[1], builds[0]):
            await publish(store, built)
            await until(lambda built=built, keeper=keeper: keeper.current_id == built.id)
    await nats_server.stop()
    async with following(store, folder) as keeper:
        # Not the newest one: it was rolled back.
        assert keeper.current_id == builds[0].id
        assert [release.current for release in await keeper.list_releases()] == [False, True]

    ReleaseFolder(folder).database(builds[0].id).write_bytes(b"damaged")
    async with following(store, folder) as keeper:
        assert keeper.current_id == builds[1].id


async def test_a_replica_follows_again_when_nats_is_back(nats_server, store, keeper, builds):
    await publish(store, builds[0])
    await until(lambda: keeper.current_id == builds[0].id)
    nats_server.kill()
    await nats_server.wait()
    with keeper.acquire() as reader:
        assert reader.node("cpt", "27250")
    await nats_server.start()
    await until(lambda: store.connected)
    await publish(store, builds[1])
    await until(lambda: keeper.current_id == builds[1].id)


async def test_a_damaged_local_copy_is_not_published(store, builds, tmp_path):
    folder = ReleaseFolder(tmp_path)
    folder.database(builds[0].id).write_bytes(builds[0].database.read_bytes()[:-1])
    (tmp_path / f"{builds[0].id}.json").write_text(builds[0].manifest.to_json())
    [manifest] = folder.manifests()
    with pytest.raises(DamagedReleaseError, match="digest"):
        folder.check(manifest)


async def test_the_releases_are_listed_with_what_they_were_built_from(store, keeper, builds):
    for built in builds[:2]:
        await publish(store, built)
    await until(lambda: keeper.current_id == builds[1].id)
    listed = {release.id: release for release in await keeper.list_releases()}
    assert listed.keys() == {builds[0].id, builds[1].id}
    assert [release.id for release in listed.values() if release.current] == [builds[1].id]
    [file] = listed[builds[1].id].files
    assert (file.data_set, file.edition, file.rows, file.state) == ("mue_practitioner", "2026-Q2", 1, "imported")
    [edition] = listed[builds[1].id].editions
    assert not edition.complete


async def test_two_publishers_at_once_leave_one_current_release_and_no_lost_event(bus, store, builds):
    for built in builds[:3]:
        await store.put(built.database, built.manifest)
    results = await asyncio.gather(*(store.make_current(built.id) for built in builds[:3]), return_exceptions=True)
    done = [result for result in results if isinstance(result, Current)]
    assert done
    assert all(isinstance(result, Current | NotPublishedError) for result in results), results
    current = await store.current()
    assert current == max(done, key=lambda one: one.serial)
    assert len(await events(bus)) == len(done)
