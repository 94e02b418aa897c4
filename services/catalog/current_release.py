"""The release that this replica answers from: follows the key, never leaves a good release for a bad one."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path

import structlog
from prometheus_client import Counter, Gauge

from services.common.errors import Unavailable
from services.common.lifecycle import Task

from .adapters.change_file import ChangeFile, NotChangesError
from .adapters.release_folder import DamagedReleaseError, ReleaseFolder
from .adapters.release_store import Current, ReleaseStore
from .adapters.release_transfer import bring, bring_changes
from .adapters.sqlite_release import NotAReleaseError, SqliteRelease
from .domain.manifest import Manifest
from .ports import ReleaseFileInfo, ReleaseInfo, ReleaseReader

RETRY_SECONDS = 1.0
LIST_SECONDS = 3.0

log = structlog.get_logger(__name__)
_refused = Counter("catalog_releases_refused", "Published releases that were refused, by why.", ["reason"])
_swaps = Counter("catalog_release_swaps", "Times that another release became the one answered from.")
_open = Gauge("catalog_releases_open", "Release files open: the current one, and earlier ones still in use.")


class ReleaseKeeper:
    """A component that fills the port `Releases`.

    `start` opens the release answered from last (else the newest one) out of the local folder, if its digest is right,
    so that a replica answers while NATS is away. From then on it follows the current release: fetches it, checks its
    digest, opens it beside the old one and swaps. A release that is damaged or of another format is refused, logged
    and counted, and the one before it stays. An old release is closed when its last holder lets go.
    """

    def __init__(self, store: ReleaseStore, folder: Path, keep: int = 3) -> None:
        self._store, self._folder, self._keep = store, ReleaseFolder(folder), keep
        self._lock = threading.Lock()
        self._held: list[_Held] = []  # the current one last
        self._changes: dict[str, ChangeFile] = {}
        self._wanted: Current | None = None
        self._changed = asyncio.Event()
        self._tasks = (Task("watch the current release", self._watch), Task("adopt releases", self._adopt_wanted))

    async def start(self) -> None:
        self._folder.path.mkdir(parents=True, exist_ok=True)
        await asyncio.to_thread(self._open_local)
        self._changes = await asyncio.to_thread(self._read_changes)
        for task in self._tasks:
            await task.start()

    async def stop(self) -> None:
        for task in reversed(self._tasks):
            await task.stop()
        with self._lock:
            held, self._held = self._held, []
        for one in held:
            one.reader.close()
        _open.set(0)

    async def has_release(self) -> bool:
        """For readiness."""
        return bool(self._held)

    @property
    def current_id(self) -> str:
        """The release answered from, "" while there is none."""
        held = self._held
        return held[-1].manifest.id if held else ""

    def changes(self) -> dict[str, ChangeFile]:
        return self._changes

    @contextlib.contextmanager
    def acquire(self, release_id: str = "") -> Iterator[ReleaseReader]:
        held = self._take(release_id)
        try:
            yield held.reader
        finally:
            self._let_go(held)

    async def list_releases(self) -> Sequence[ReleaseInfo]:
        found = {manifest.id: manifest for manifest in await asyncio.to_thread(self._folder.manifests)}
        if self._store.connected:
            try:
                kept = await asyncio.wait_for(self._store.kept(), LIST_SECONDS)
                here = {one: manifest for one, manifest in found.items() if one == self.current_id}
                found = {**here, **{manifest.id: manifest for manifest in kept}}
            except Exception as error:  # NATS' client raises many kinds; the local list is the answer then
                log.info("the object store does not answer", error=repr(error))
        current = self.current_id
        newest = sorted(found.values(), key=lambda manifest: (manifest.built_at, manifest.id), reverse=True)
        return [release_info(manifest, current=manifest.id == current) for manifest in newest]

    async def _watch(self) -> None:
        async for current in self._store.watch():
            self._wanted = current
            self._changed.set()

    async def _adopt_wanted(self) -> None:
        while True:
            await self._changed.wait()
            self._changed.clear()
            if wanted := self._wanted:
                await self._try(wanted)

    async def _try(self, wanted: Current) -> None:
        try:
            await self._adopt(wanted)
            await self._store.announce(wanted)
        except (DamagedReleaseError, NotAReleaseError) as error:
            reason = "damaged" if isinstance(error, DamagedReleaseError) else "format"
            _refused.labels(reason).inc()
            log.exception("release refused", release=wanted.release, stays=self.current_id, reason=str(error))
        except Exception as error:
            log.warning("release not adopted yet", release=wanted.release, error=repr(error))
            await asyncio.sleep(RETRY_SECONDS)
            self._changed.set()

    async def _adopt(self, wanted: Current) -> None:
        if wanted.release == self.current_id:
            await self._bring_changes()
            return
        manifest = await bring(self._store, self._folder, wanted)
        reader = await asyncio.to_thread(SqliteRelease, self._folder.database(manifest.id), manifest.id)
        self._swap(reader, manifest)
        await asyncio.to_thread(self._folder.remember, manifest.id)
        await asyncio.to_thread(self._folder.prune, self._keep, manifest.id)
        await self._bring_changes()

    async def _bring_changes(self) -> None:
        """Pages do not wait for what a release changed, and do not fail by it."""
        try:
            await bring_changes(self._store, self._folder)
        except Exception as error:  # NATS' client raises many kinds
            log.warning("the changes of releases were not fetched", error=repr(error))
        self._changes = await asyncio.to_thread(self._read_changes)

    def _read_changes(self) -> dict[str, ChangeFile]:
        found: dict[str, ChangeFile] = {}
        for release_id in self._folder.changed():
            with contextlib.suppress(NotChangesError):
                found[release_id] = ChangeFile(self._folder.changes(release_id))
        return found

    def _open_local(self) -> None:
        """Opens the first release of the local folder that is whole: the one remembered, then by age."""
        remembered = self._folder.remembered()
        for manifest in sorted(self._folder.manifests(), key=lambda manifest: manifest.id != remembered):
            try:
                reader = SqliteRelease(self._folder.check(manifest), manifest.id)
            except (DamagedReleaseError, NotAReleaseError) as error:
                log.warning("local release passed over", release=manifest.id, reason=str(error))
                continue
            self._swap(reader, manifest)
            return

    def _swap(self, reader: SqliteRelease, manifest: Manifest) -> None:
        with self._lock:
            before = self._held[-1] if self._held else None
            self._held.append(_Held(reader, manifest))
            if before:
                before.retired = True
        if before:
            self._close_if_unused(before)
        _swaps.inc()
        _open.set(len(self._held))
        log.info("release opened", release=manifest.id, rows=manifest.rows, before=before.manifest.id if before else "")

    def _take(self, release_id: str) -> _Held:
        with self._lock:
            for held in reversed(self._held):
                if not release_id or held.manifest.id == release_id:
                    held.users += 1
                    return held
        if release_id:
            raise Unavailable("This release is not open here.", reason="NO_RELEASE")
        raise Unavailable("No release has been published yet.", reason="NO_RELEASE")

    def _let_go(self, held: _Held) -> None:
        with self._lock:
            held.users -= 1
        if held.retired:
            self._close_if_unused(held)

    def _close_if_unused(self, held: _Held) -> None:
        with self._lock:
            if held.users or held not in self._held:
                return
            self._held.remove(held)
        held.reader.close()
        _open.set(len(self._held))


class _Held:
    """An open release, how many hold it, and whether another one has taken its place."""

    def __init__(self, reader: SqliteRelease, manifest: Manifest) -> None:
        self.reader, self.manifest = reader, manifest
        self.users, self.retired = 0, False


def release_info(manifest: Manifest, *, current: bool) -> ReleaseInfo:
    return ReleaseInfo(
        id=manifest.id,
        current=current,
        built_at=manifest.built_at,
        files=[
            ReleaseFileInfo(
                name=file.name,
                sha256=file.sha256,
                data_set=file.data_set,
                edition=file.edition,
                rows=file.rows,
                rejected=len(file.rejected),
                state=file.state.value,
            )
            for file in manifest.files
        ],
        editions=[edition.loaded() for edition in manifest.editions],
        rows=manifest.rows,
    )
