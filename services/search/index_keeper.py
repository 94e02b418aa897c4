"""Keeps an index active: at once the newest on this machine, then the one of each release that becomes current.

A release whose index is still here (a rollback) is opened; any other is built beside the active one, which answers
until the new one is complete. So is one that turns out to be damaged or gone.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable

import structlog
from prometheus_client import Counter, Gauge

from services.common.current_release import current_release

from .ports import EngineError, IndexBuildError, IndexBuilds, IndexStore, SearchIndex

FIRST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS = 0.5, 30.0

log = structlog.get_logger(__name__)
_documents = Gauge("search_index_documents", "Documents of the active index.")
_failures = Counter("search_index_failures", "Indexes that could not be built or opened.")


class IndexKeeper:
    """A component. `changed` is awaited after each switch to another index; every `check_seconds` the active one is
    compared with what it should hold."""

    def __init__(
        self,
        store: IndexStore,
        builds: IndexBuilds,
        *,
        keep: int,
        check_seconds: float,
        changed: Callable[[], Awaitable[None]],
    ) -> None:
        self._store, self._builds, self._keep, self._changed = store, builds, keep, changed
        self._check_seconds = check_seconds
        self._index: SearchIndex | None = None
        self._building = ""

    @property
    def index(self) -> SearchIndex | None:
        """The active index; None until there is one."""
        return self._index

    @property
    def building(self) -> str:
        """The release whose index is being built; "" if none is."""
        return self._building

    async def is_ready(self) -> bool:
        return self._index is not None

    async def start(self) -> None:
        """Opens what is here. A store that fails is no reason not to start: following a release tries again."""
        try:
            release = await self._store.active()
            if release and (index := await self._store.open(release)):
                await self._switch(index)
            await self._store.clean(self._keep)
        except (IndexBuildError, EngineError, OSError) as error:
            log.warning("no index opened", error=str(error))

    async def stop(self) -> None:
        if self._index:
            await self._index.close()
        await self._store.close()

    async def follow(self, values: AsyncIterator[bytes | None]) -> None:
        """Makes the index of each release named in `values` the active one. A newer value ends the work on the one
        before it. A failure is tried again until it succeeds or another release becomes current."""
        work: asyncio.Task[None] | None = None
        try:
            async for value in values:
                if not value:
                    continue
                release = current_release(value)
                if not release:
                    log.warning("the catalog's key names no release", value=value[:100])
                    continue
                await _end(work)
                work = asyncio.create_task(self._reach(release))
        finally:
            await _end(work)

    async def _reach(self, release: str) -> None:
        """Makes it the active one, and looks after it from then on."""
        sound = self._index is not None and self._index.release == release
        while True:
            if not sound:
                await self._activate(release)
            await asyncio.sleep(self._check_seconds)
            sound = await self._is_sound(release)

    async def _activate(self, release: str) -> None:
        pause = FIRST_PAUSE_SECONDS
        while True:
            try:
                # Before a build, too: one that was killed leaves its draft on the disk.
                await self._store.clean(self._keep)
                await self._switch(await self._open_or_build(release))
                await self._store.clean(self._keep)
                return
            except (IndexBuildError, EngineError, OSError) as error:
                _failures.inc()
                log.warning("index not activated", release=release, error=str(error), retry_in=pause)
                await asyncio.sleep(pause)
                pause = min(pause * 2, LONGEST_PAUSE_SECONDS)

    async def _is_sound(self, release: str) -> bool:
        """Whether the index that is kept is still whole. A release never changes, so neither does what an index of it
        holds. While the engine cannot say, it is taken to be."""
        try:
            index = await self._store.open(release)
        except (EngineError, OSError) as error:
            log.warning("index not checked", release=release, error=str(error))
            return True
        if index is None:
            log.warning("index damaged or gone", release=release)
            return False
        await index.close()
        return True

    async def _open_or_build(self, release: str) -> SearchIndex:
        if index := await self._store.open(release):
            return index
        self._building = release
        try:
            await self._builds.build(release)
        finally:
            self._building = ""
        if index := await self._store.open(release):
            return index
        raise IndexBuildError(f"the index of {release} was built but cannot be opened")

    async def _switch(self, index: SearchIndex) -> None:
        await self._store.activate(index.release)
        before, self._index = self._index, index
        _documents.set(index.documents)
        log.info("index active", release=index.release, documents=index.documents)
        if before:
            await before.close()
        await self._changed()


async def _end(work: asyncio.Task[None] | None) -> None:
    if work:
        work.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await work
