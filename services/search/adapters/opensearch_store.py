"""Keeps indexes of releases in an OpenSearch cluster (see ports.IndexStore).

One process uses a prefix at a time, and one index process beside it.
"""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass

import structlog

from services.search.ports import Activation, CodeBatch, EngineError, IndexBuildError, Progress

from . import opensearch_state as state
from .opensearch_address import address
from .opensearch_engine import ADMIN_SECONDS, Engine, understood
from .opensearch_index import OpenSearchIndex
from .opensearch_kept import Kept, read
from .opensearch_load import load
from .opensearch_mapping import index_body
from .opensearch_state import Meta, Stored

_TOLD = "*.aliases,*.mappings._meta,*.settings.index.creation_date"

log = structlog.get_logger(__name__)


@dataclass
class _Held:
    """What is kept of an index as long as it is open somewhere, and how often it is."""

    kept: Kept
    times: int = 0


class OpenSearchStore:
    """`url` as opensearch_address has it; `calls` at a time and `waiting` more; `seconds` for each."""

    def __init__(self, url: str, *, calls: int = 16, waiting: int = 256, seconds: float = 2.0) -> None:
        where = address(url)
        self._prefix = where.prefix
        self._engine = Engine(where, calls=calls, waiting=waiting, seconds=seconds)
        # Open indexes, and those of them that are to go once they are closed.
        self._open: dict[str, _Held] = {}
        self._retired: set[str] = set()

    async def active(self) -> str:
        indexes = await self._indexes()
        found = state.active(indexes) or max(
            (each for each in indexes if each.documents), key=lambda each: each.created, default=None
        )
        return found.release if found else ""

    async def open(self, release: str) -> OpenSearchIndex | None:
        if not state.is_release(release):
            return None
        await self._engine.check_version()
        found = state.complete(await self._indexes(), release)
        if found is None:
            return None
        counted = await self._engine.existing(self._engine.client.count, index=found.name)
        with understood():
            if counted is None or counted["count"] != found.documents + found.beside:
                log.warning("index not opened", release=release, index=found.name, error="documents are missing")
                return None
        try:
            kept = (
                self._open[found.name].kept
                if found.name in self._open
                else await read(self._engine, found.name, found.beside)
            )
        except ValueError as error:
            log.warning("index not opened", release=release, index=found.name, error=str(error))
            return None
        held = self._open.setdefault(found.name, _Held(kept))
        held.times += 1
        return self._opened(found, held)

    async def build(self, release: str, batches: AsyncIterator[CodeBatch], progress: Progress) -> int:
        if not state.is_release(release):
            raise IndexBuildError(f"{release!r} is no release id that can name an index")
        await self._engine.check_version()
        await self._engine.check_disk()
        name, meta = state.new_name(self._prefix, release), Meta(self._prefix, release)
        try:
            body = index_body(meta.stored())
            await self._engine.call(self._engine.client.indices.create, seconds=ADMIN_SECONDS, index=name, body=body)
            loaded = await load(self._engine, name, release, batches, progress)
            # From here on it is complete.
            await self._mark(name, Meta(self._prefix, release, loaded.codes, loaded.beside))
            return loaded.codes
        except BaseException:
            with contextlib.suppress(EngineError):
                await self._remove(name)
            raise

    async def activate(self, release: str) -> None:
        indexes = await self._indexes()
        target = state.complete(indexes, release)
        if target is None:
            raise IndexBuildError(f"there is no complete index of release {release}")
        if changes := state.switch(self._prefix, indexes, target):
            await self._change(changes)

    async def unannounced(self) -> Activation | None:
        found = state.active(await self._indexes())
        return Activation(found.note, found.release, found.documents) if found and found.note else None

    async def announced(self, activation: Activation) -> None:
        alias = f"{self._prefix}-unannounced-{activation.id}"
        indexes = [index.name for index in await self._indexes() if index.note == activation.id]
        if indexes:
            await self._change([{"remove": {"index": name, "alias": alias}} for name in indexes])

    async def clean(self, keep: int) -> None:
        indexes = await self._indexes()
        kept = state.kept(indexes, keep)
        removed = [index for index in indexes if index.name not in kept]
        for index in removed:
            await self._retire(index)
        if removed:
            log.info("indexes removed", names=[index.name for index in removed])

    async def close(self) -> None:
        await self._engine.close()

    async def _indexes(self) -> list[Stored]:
        answer = await self._engine.call(
            self._engine.client.indices.get, index=f"{self._prefix}-*", params={"filter_path": _TOLD}
        )
        with understood():
            return state.read(self._prefix, answer)

    def _opened(self, found: Stored, held: _Held) -> OpenSearchIndex:
        async def closed() -> None:
            held.times -= 1
            if not held.times:
                del self._open[found.name]
                if found.name in self._retired:
                    self._retired.discard(found.name)
                    # What fails here is removed by the next `clean`, as a failed build is.
                    with contextlib.suppress(EngineError):
                        await self._remove(found.name)

        return OpenSearchIndex(self._engine, found.name, found.release, found.documents, held.kept, closed)

    async def _retire(self, index: Stored) -> None:
        """Removes an index; one that is open here answers on until it is closed, but nobody else may open it."""
        if index.name not in self._open:
            await self._remove(index.name)
        elif index.name not in self._retired:
            await self._mark(index.name, Meta(self._prefix, index.release))
            self._retired.add(index.name)

    async def _mark(self, name: str, meta: Meta) -> None:
        body = {"_meta": meta.stored()}
        await self._engine.call(self._engine.client.indices.put_mapping, seconds=ADMIN_SECONDS, index=name, body=body)

    async def _change(self, actions: list[dict[str, object]]) -> None:
        body = {"actions": actions}
        await self._engine.call(self._engine.client.indices.update_aliases, seconds=ADMIN_SECONDS, body=body)

    async def _remove(self, name: str) -> None:
        await self._engine.existing(self._engine.client.indices.delete, seconds=ADMIN_SECONDS, index=name)
