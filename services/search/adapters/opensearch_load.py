"""Fills a new index with the codes of a release, and makes it ready to answer."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from typing import Any, NamedTuple

from opensearchpy.helpers import BulkIndexError, async_streaming_bulk

from services.search.domain.query import understand
from services.search.ports import CodeBatch, IndexBuildError, Progress

from .made_ahead import made_ahead
from .opensearch_engine import ADMIN_SECONDS, Engine, failures, understood
from .opensearch_index import OpenSearchIndex
from .opensearch_kept import Kept, KeptBuilder, read
from .opensearch_mapping import document

BULK_SECONDS = 60.0
MERGE_SECONDS = 300.0
_CHUNK, _CHUNK_BYTES = 1000, 4 << 20
# What the cluster refuses because its queues are full is sent again after a pause, doubled each time.
_REFUSALS, _FIRST_PAUSE, _LONGEST_PAUSE = 8, 0.5, 15.0
# What a fresh index is asked before anybody else does: words, codes, beginnings, what is misspelt.
_WARMING = ("left hip dislocation", "S73.0", "27250-27254", "type 2 diabetes wi", "hypretension")


class Loaded(NamedTuple):
    """How many documents are in an index: those of codes, and those beside them."""

    codes: int
    beside: int


async def load(
    engine: Engine, name: str, release: str, batches: AsyncIterator[CodeBatch], progress: Progress
) -> Loaded:
    """Fills the index `name` with all codes of `release`; it is never changed again.

    The stream is read no faster than the cluster takes it: while a request is under way, that of the next one.
    What is kept beside the codes is read again, as who opens the index does. Raises IndexBuildError, EngineError, and
    what `batches` raises.
    """
    stream = _Stream(release, batches, progress)
    with failures(), understood(but=lambda: stream.error):
        await _send(engine, stream.actions(name))
    stored = await _settled(engine, name) - stream.beside
    if not stream.total or stored != stream.total:
        raise IndexBuildError(f"the index holds {stored} documents, the release {stream.total} codes")
    try:
        kept = await read(engine, name, stream.beside)
    except ValueError as error:
        raise IndexBuildError(str(error)) from error
    await _warm(engine, name, release, kept)
    return Loaded(stored, stream.beside)


class _Stream:
    """Codes of a release as actions for the cluster. `total` is how many the catalog says there are, `beside` how many
    documents are sent that are no codes, `error` what ended the batches before their end."""

    def __init__(self, release: str, batches: AsyncIterator[CodeBatch], progress: Progress) -> None:
        self._release, self._batches, self._progress = release, batches, progress
        self.total = self.beside = 0
        self.error: Exception | None = None

    async def actions(self, name: str) -> AsyncIterator[dict[str, Any]]:
        try:
            async for action in self._actions(name):
                yield action
        except Exception as error:
            self.error = error
            raise

    async def _actions(self, name: str) -> AsyncIterator[dict[str, Any]]:
        position, kept = 0, KeptBuilder()
        async for batch in self._batches:
            if batch.release != self._release:
                raise IndexBuildError(f"the catalog streamed release {batch.release}, not {self._release}")
            self.total = batch.total
            for code in batch.codes:
                # With an id of its own a document that is sent twice, because a node went away, is there once.
                yield {"_index": name, "_id": str(position), "_source": document(code, position)}
                kept.add(code)
                position += 1
            self._progress(position, batch.total)
        for identity, source in kept.documents():
            yield {"_index": name, "_id": identity, "_source": source}
            self.beside += 1


async def _send(engine: Engine, actions: AsyncIterator[dict[str, Any]]) -> None:
    try:
        async with made_ahead(actions, _CHUNK) as ahead:
            async for _ in async_streaming_bulk(
                engine.client,
                ahead,
                chunk_size=_CHUNK,
                max_chunk_bytes=_CHUNK_BYTES,
                max_retries=_REFUSALS,
                initial_backoff=_FIRST_PAUSE,
                max_backoff=_LONGEST_PAUSE,
                yield_ok=False,
                request_timeout=BULK_SECONDS,
            ):
                pass
    except BulkIndexError as error:
        raise IndexBuildError(f"OpenSearch refused {len(error.errors)} documents: {_why(error.errors)}") from None


def _why(errors: Sequence[Any]) -> str:
    with understood():
        failed = next(iter(errors[0].values()))["error"]
        return f"{failed['type']}: {failed['reason']}"[:200]


async def _settled(engine: Engine, name: str) -> int:
    """Makes all of it visible, in one segment and on every copy; the number of documents that are there then."""
    indices = engine.client.indices
    await engine.call(indices.refresh, seconds=ADMIN_SECONDS, index=name)
    await engine.call(indices.forcemerge, seconds=MERGE_SECONDS, index=name, params={"max_num_segments": "1"})
    await engine.call(indices.put_settings, seconds=ADMIN_SECONDS, index=name, body={"index.blocks.write": True})
    await engine.call(indices.refresh, seconds=ADMIN_SECONDS, index=name)
    copied = {"wait_for_status": "yellow", "wait_for_no_initializing_shards": "true"}
    await engine.call(engine.client.cluster.health, seconds=MERGE_SECONDS, index=name, params=copied)
    counted = await engine.call(engine.client.count, seconds=ADMIN_SECONDS, index=name)
    with understood():
        return int(counted["count"])


async def _warm(engine: Engine, name: str, release: str, kept: Kept) -> None:
    async def closed() -> None:
        pass

    index = OpenSearchIndex(engine, name, release, 0, kept, closed)
    for text in _WARMING:
        plan = understand(text)
        await index.search(plan, plan.attempts, offset=0, limit=20)
        await index.suggest(plan, limit=8)
