"""The engines that are scored. One more is one more entry in `ENGINES`."""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager, closing
from pathlib import Path
from typing import Protocol

from services.search.adapters.opensearch_store import OpenSearchStore
from services.search.adapters.tantivy_store import TantivyStore
from services.search.domain.words import normalised, split
from services.search.ports import IndexStore
from services.search.service import Question, Search
from tests import servers
from tests.relevance.documents import Documents
from tests.relevance.scoring import Code


class Engine(Protocol):
    """Holds an index of all documents and answers one query at a time."""

    async def search(self, text: str, limit: int) -> Sequence[Code]:
        """The first results for what was typed, best first, whatever code system they are of."""
        ...


Opened = Callable[[Documents, Path], AbstractAsyncContextManager[Engine]]
"""Builds the index of the documents, in the folder if it needs one, and closes the engine afterwards."""


class ServedSearch:
    """Search as it is served, over one index: the query is understood by the service's own rules."""

    def __init__(self, search: Search) -> None:
        self._search = search

    async def search(self, text: str, limit: int) -> Sequence[Code]:
        answer = await self._search.search(Question(text, limit=limit))
        return [Code(hit.system, hit.code) for hit, _ in answer.results]


@asynccontextmanager
async def served(store: IndexStore, documents: Documents) -> AsyncIterator[Engine]:
    """Search over any adapter of the port."""
    try:
        await store.build(documents.release, documents.batches(), lambda done, total: None)
        index = await store.open(documents.release)
        if index is None:
            raise RuntimeError("the index was built but cannot be opened")
        try:
            yield ServedSearch(Search(lambda: index))
        finally:
            await index.close()
    finally:
        await store.close()


@asynccontextmanager
async def on_a_node(documents: Documents, folder: Path) -> AsyncIterator[Engine]:
    """Search over OpenSearch, on a node of its own."""
    async with (
        servers.running(servers.QuickOpenSearch, folder) as node,
        served(OpenSearchStore(node.url, seconds=NODE_SECONDS), documents) as engine,
    ):
        yield engine


class FullTextTable:
    """The baseline: SQLite's FTS5 with Porter's stems over description and inclusion terms, any word, by BM25."""

    def __init__(self, connection: sqlite3.Connection, documents: Documents) -> None:
        self._connection = connection
        connection.execute(
            "CREATE VIRTUAL TABLE entry USING "
            "fts5(title, inclusion, system UNINDEXED, code UNINDEXED, tokenize = 'porter unicode61')"
        )
        connection.executemany(
            "INSERT INTO entry VALUES (?, ?, ?, ?)",
            (
                (code.description, " ; ".join(_inclusion_terms(documents, code.system, code.code)), *code[:2])
                for code in documents.codes
            ),
        )

    async def search(self, text: str, limit: int) -> Sequence[Code]:
        # Quoted, each word is a string to FTS5 and never part of its query language.
        anything = " OR ".join(f'"{word}"' for word in split(normalised(text)))
        if not anything:
            return []
        sql = "SELECT system, code FROM entry WHERE entry MATCH ? ORDER BY rank LIMIT ?"
        return [Code(*row) for row in self._connection.execute(sql, (anything, limit))]


@asynccontextmanager
async def full_text_table(documents: Documents, folder: Path) -> AsyncIterator[Engine]:
    with closing(sqlite3.connect(":memory:")) as connection:
        yield FullTextTable(connection, documents)


def _inclusion_terms(documents: Documents, system: str, code: str) -> Sequence[str]:
    return documents.inclusion_terms.get(code, ()) if system == "icd10cm" else ()


DEFAULT = "tantivy"
OPENSEARCH = "OpenSearch"
BASELINE = "FTS5 baseline"
# Nobody waits, and the machine may do something else.
NODE_SECONDS = 30.0
ENGINES: dict[str, Opened] = {
    DEFAULT: lambda documents, folder: served(TantivyStore(folder), documents),
    OPENSEARCH: on_a_node,
    BASELINE: full_text_table,
}
