"""Published releases: files and manifests in a JetStream object store, and the key that says which one is current.

The key holds all that the event `catalog.release.published` says, and a serial number. So the event is derived from the
one write that changes the state: the publisher sends it, and a replica that sees the new serial sends it too if the
publisher died in between. Its id comes from the serial, so that it counts once.
"""

from __future__ import annotations

import asyncio
import contextlib
import io
import json
from collections.abc import AsyncIterator, Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import structlog
from medcodes.events.v1 import events_pb2
from nats.js.api import ObjectMeta, ObjectMetaOptions
from nats.js.errors import DigestMismatchError, KeyNotFoundError, KeyWrongLastSequenceError, NotFoundError
from nats.js.object_store import ObjectStore

from services.catalog.domain.manifest import Manifest, ManifestError
from services.common.events import CURRENT_RELEASE_BUCKET, CURRENT_RELEASE_KEY, Bus, Event

from .release_folder import DamagedReleaseError

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

BUCKET = "medcodes_releases"
ANNOUNCED = "announced"
PUBLISHED = "catalog.release.published"
# Below the 1 MiB that a NATS server takes by default; each chunk is synced to disk before the next is sent.
CHUNK_BYTES = 512 << 10
TRANSFER_SECONDS = 600.0
SHORT_SECONDS = 10.0

log = structlog.get_logger(__name__)


class NotPublishedError(Exception):
    """A release that the object store does not keep, or a publication that another one overtook."""


@dataclass(frozen=True)
class Current:
    """What the key says: the current release, the sha256 of its file, and how it came to be current."""

    release: str
    sha256: str
    serial: int
    previous: str = ""
    rollback: bool = False

    def to_bytes(self) -> bytes:
        return json.dumps(asdict(self)).encode()

    @classmethod
    def from_bytes(cls, value: bytes) -> Current:
        """Raises ValueError for anything else."""
        try:
            found = json.loads(value)
            return cls(
                str(found["release"]),
                str(found["sha256"]),
                int(found["serial"]),
                str(found.get("previous", "")),
                bool(found.get("rollback", False)),
            )
        except (KeyError, TypeError, AttributeError) as error:
            raise ValueError(f"not a current release: {error}") from error

    def event(self) -> Event:
        payload = events_pb2.ReleasePublished(
            release_id=self.release, previous_release_id=self.previous, rollback=self.rollback
        )
        return Event(PUBLISHED, "catalog", payload, id=f"release-{self.serial}-{self.release[:16]}")


class ReleaseStore:
    """Every call may raise what NATS' client does while NATS is away: nats.errors.Error, TimeoutError, Unavailable."""

    def __init__(self, bus: Bus, keep: int = 3) -> None:
        self._bus, self._keep = bus, keep

    @property
    def connected(self) -> bool:
        return self._bus.connected

    async def put(self, database: Path, manifest: Manifest, sent: Callable[[int], None] | None = None) -> None:
        """Uploads a release, the manifest last: without it the release does not count as kept. `sent` is told how many
        bytes went out so far."""
        store = await self._bus.object_store(BUCKET)
        name = f"{manifest.id}.sqlite"
        if await _size(store, name) != manifest.size or await self._stored_sha256(manifest.id) != manifest.sha256:
            with _Reporting(database, sent) as file:
                meta = ObjectMeta(name=name, options=ObjectMetaOptions(max_chunk_size=CHUNK_BYTES))
                await asyncio.wait_for(store.put(name, file, meta), TRANSFER_SECONDS)
        await store.put(f"{manifest.id}.json", manifest.to_json().encode())

    async def put_changes(self, release_id: str, changes: Path) -> None:
        """What a release changed; kept as long as the release is."""
        store = await self._bus.object_store(BUCKET)
        with changes.open("rb") as file:
            meta = ObjectMeta(name=_changes(release_id), options=ObjectMetaOptions(max_chunk_size=CHUNK_BYTES))
            await asyncio.wait_for(store.put(meta.name or "", file, meta), TRANSFER_SECONDS)

    async def changes_digest(self, release_id: str) -> str:
        """The digest of a release's changes, "" where there are none."""
        store = await self._bus.object_store(BUCKET)
        try:
            return (await store.get_info(_changes(release_id))).digest or ""
        except NotFoundError:
            return ""

    async def fetch_changes(self, release_id: str, target: Path) -> None:
        """Raises as `fetch` does."""
        await self._fetch(_changes(release_id), target)

    async def make_current(self, release_id: str, *, rollback: bool = False) -> Current:
        """Points the key at a release that the store keeps, and tells everybody.

        Raises NotPublishedError for a release that is not kept.
        """
        manifest = await self.manifest(release_id)
        if manifest is None:
            raise NotPublishedError(f"The object store keeps no release {release_id}.")
        await self._bus.ensure_events_stream()
        store = await self._bus.key_value(CURRENT_RELEASE_BUCKET)
        before, revision = await self._read()
        if before and before.release == release_id and before.sha256 == manifest.sha256:
            await self.announce(before)
            return before
        serial = before.serial + 1 if before else 1
        current = Current(release_id, manifest.sha256, serial, before.release if before else "", rollback)
        try:
            await store.update(CURRENT_RELEASE_KEY, current.to_bytes(), last=revision)
        except KeyWrongLastSequenceError as error:
            raise NotPublishedError("Another release was published at the same moment; publish again.") from error
        await self.announce(current)
        await self._prune(release_id)
        return current

    async def announce(self, current: Current) -> None:
        """Sends the event of this change of the current release, unless that was done."""
        store = await self._bus.key_value(CURRENT_RELEASE_BUCKET)
        try:
            entry = await store.get(ANNOUNCED)
            if int(entry.value or 0) >= current.serial:
                return
        except (KeyNotFoundError, ValueError):
            pass
        await self._bus.ensure_events_stream()
        await self._bus.publish(current.event())
        await store.put(ANNOUNCED, str(current.serial).encode())

    async def current(self) -> Current | None:
        return (await self._read())[0]

    async def watch(self) -> AsyncIterator[Current]:
        """The current release, then every later one, through restarts of NATS."""
        async for value in self._bus.watch_key(CURRENT_RELEASE_BUCKET, CURRENT_RELEASE_KEY):
            try:
                current = Current.from_bytes(value) if value else None
            except ValueError as error:
                log.exception("the key of the current release is damaged", error=str(error))
                continue
            if current:
                yield current

    async def kept(self) -> list[Manifest]:
        """The releases that can be rolled back to, the current one included, newest first."""
        store = await self._bus.object_store(BUCKET)
        try:
            found = await store.list()
        except NotFoundError:
            return []
        ids = {info.name.removesuffix(".json") for info in found if info.name.endswith(".json")}
        manifests = [manifest for one in sorted(ids) if (manifest := await self.manifest(one))]
        return sorted(manifests, key=lambda manifest: (manifest.built_at, manifest.id), reverse=True)

    async def manifest(self, release_id: str) -> Manifest | None:
        store = await self._bus.object_store(BUCKET)
        try:
            found = await asyncio.wait_for(store.get(f"{release_id}.json"), SHORT_SECONDS)
            return Manifest.from_json(found.data or b"")
        except (NotFoundError, ManifestError):
            return None

    async def fetch(self, release_id: str, target: Path) -> None:
        """Downloads the file of a release. Raises NotPublishedError where there is none, DamagedReleaseError where the
        object store itself finds that it is not what was put there."""
        await self._fetch(f"{release_id}.sqlite", target)

    async def _fetch(self, name: str, target: Path) -> None:
        store = await self._bus.object_store(BUCKET)
        try:
            with target.open("wb") as file:
                await asyncio.wait_for(store.get(name, writeinto=file), TRANSFER_SECONDS)
        except NotFoundError as error:
            raise NotPublishedError(f"The object store keeps no {name}.") from error
        except DigestMismatchError as error:
            raise DamagedReleaseError("the object store holds other bytes than were put there") from error

    async def _read(self) -> tuple[Current | None, int]:
        store = await self._bus.key_value(CURRENT_RELEASE_BUCKET)
        try:
            entry = await store.get(CURRENT_RELEASE_KEY)
        except KeyNotFoundError:
            return None, 0
        return Current.from_bytes(entry.value) if entry.value else None, entry.revision or 0

    async def _stored_sha256(self, release_id: str) -> str:
        manifest = await self.manifest(release_id)
        return manifest.sha256 if manifest else ""

    async def _prune(self, current: str) -> None:
        store = await self._bus.object_store(BUCKET)
        others = [manifest.id for manifest in await self.kept() if manifest.id != current]
        for release_id in others[max(0, self._keep - 1) :]:
            await store.delete(f"{release_id}.json")
            await store.delete(f"{release_id}.sqlite")
            with contextlib.suppress(NotFoundError):
                await store.delete(_changes(release_id))


def _changes(release_id: str) -> str:
    return f"{release_id}.changes"


async def _size(store: ObjectStore, name: str) -> int:
    try:
        return (await store.get_info(name)).size or 0
    except NotFoundError:
        return -1


class _Reporting(io.BufferedReader):
    """A file that says how far it was read."""

    def __init__(self, path: Path, told: Callable[[int], None] | None) -> None:
        super().__init__(io.FileIO(path))
        self._told = told

    def readinto(self, buffer: WriteableBuffer, /) -> int:
        read = super().readinto(buffer)
        if self._told:
            self._told(self.tell())
        return read
