"""Keeps tantivy indexes in folders of the state folder (see ports.IndexStore)."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import AsyncIterator
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path

import structlog
import tantivy

from services.search.ports import Activation, CodeBatch, IndexBuildError, Progress

from .index_folder import Current, IndexFolder
from .lexicon import LexiconBuilder
from .ranking.opinion import word_vectors
from .ranking.texts import TextsBuilder
from .tantivy_index import TEXTS, SearchThreads, TantivyIndex
from .tantivy_schema import FORMAT, Analyzers, document, schema

ENGINE = "tantivy"
# Tantivy's own files change their format with its minor versions.
_FORMAT = FORMAT * 1000 + int(version("tantivy").split(".")[1])
_REMEMBERED = 8

log = structlog.get_logger(__name__)


class TantivyStore:
    def __init__(self, root: Path, *, threads: int = 2, waiting: int = 256, heap_mib: int = 64) -> None:
        self._folder = IndexFolder(root, ENGINE, _FORMAT)
        self._threads_wanted, self._waiting, self._heap_mib = threads, waiting, heap_mib
        self._threads: SearchThreads | None = None

    async def active(self) -> str:
        return await asyncio.to_thread(self._active)

    async def open(self, release: str) -> TantivyIndex | None:
        if self._threads is None:
            self._threads = SearchThreads(self._threads_wanted, self._waiting)
        return await asyncio.to_thread(self._open, release, self._threads)

    async def build(self, release: str, batches: AsyncIterator[CodeBatch], progress: Progress) -> int:
        draft = self._folder.draft()
        try:
            documents = await self._fill(draft, release, batches, progress)
            self._folder.keep(draft, release, documents)
            return documents
        except ValueError as error:
            raise IndexBuildError(str(error)) from error
        finally:
            self._folder.discard(draft)

    async def activate(self, release: str) -> None:
        await asyncio.to_thread(self._activate, release)

    async def unannounced(self) -> Activation | None:
        current = await asyncio.to_thread(self._folder.current)
        if current is None or current.announced:
            return None
        return Activation(current.id, current.release, current.documents)

    async def announced(self, activation: Activation) -> None:
        current = await asyncio.to_thread(self._folder.current)
        if current and current.id == activation.id:
            await asyncio.to_thread(self._folder.set_current, replace(current, announced=True))

    async def clean(self, keep: int) -> None:
        removed = await asyncio.to_thread(self._clean, keep)
        if removed:
            log.info("indexes removed", names=removed)

    async def close(self) -> None:
        if self._threads:
            self._threads.close()

    async def _fill(self, draft: Path, release: str, batches: AsyncIterator[CodeBatch], progress: Progress) -> int:
        index = tantivy.Index(schema(), str(draft))
        analyzers = Analyzers.create()
        analyzers.register(index)
        # One thread: it keeps up with the stream, leaves a core to the service, and keeps code order in one segment.
        writer = index.writer(self._heap_mib << 20, num_threads=1)
        lexicon, texts = LexiconBuilder(), TextsBuilder(analyzers.stems)
        documents = total = 0
        async for batch in batches:
            if batch.release != release:
                raise IndexBuildError(f"the catalog streamed release {batch.release}, not {release}")
            total = batch.total
            for code in batch.codes:
                writer.add_document(document(code, analyzers))
                texts.add(code)
                for text in (code.description, *code.terms, *code.phrases):
                    lexicon.add(analyzers.surface.analyze(text))
            documents += len(batch.codes)
            progress(documents, total)
        writer.commit()
        lexicon.write(draft)
        with (draft / TEXTS).open("wb") as file:
            texts.write(file, word_vectors())
        writer.wait_merging_threads()
        index.reload()
        stored = index.searcher().num_docs
        if not total or stored != total:
            raise IndexBuildError(f"the index holds {stored} documents, the release {total} codes")
        return stored

    def _active(self) -> str:
        current = self._folder.current()
        if current and self._folder.complete(current.release):
            return current.release
        return self._folder.newest()

    def _open(self, release: str, threads: SearchThreads) -> TantivyIndex | None:
        folder = self._folder.complete(release)
        if folder is None:
            return None
        try:
            return TantivyIndex(release, folder, threads)
        except (ValueError, OSError) as error:
            log.warning("index not opened", release=release, error=str(error))
            return None

    def _activate(self, release: str) -> None:
        index = self._folder.complete(release)
        if index is None:
            raise IndexBuildError(f"there is no complete index of release {release}")
        documents = tantivy.Index.open(str(index)).searcher().num_docs
        before = self._folder.current()
        if before and before.release == release:
            return
        earlier = () if before is None else (before.release, *(each for each in before.before if each != release))
        self._folder.set_current(Current(uuid.uuid4().hex, release, documents, False, earlier[:_REMEMBERED]))

    def _clean(self, keep: int) -> list[str]:
        current = self._folder.current()
        if current is None:
            return self._folder.remove_all_but({self._folder.newest()})
        return self._folder.remove_all_but({current.release, *current.before[: keep - 1]})
