"""What the scored indexes are built of: every code of a release, as the catalog streams it to search."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import islice
from pathlib import Path

from services.catalog.adapters.sqlite_release import SqliteRelease
from services.catalog.domain.rows import TabularNote
from services.catalog.service import Catalog
from services.common.clock import new_york_today
from services.search.adapters.catalog_client import CatalogClient
from services.search.domain.documents import IndexedCode
from services.search.indexed_codes import indexed_codes
from services.search.ports import CodeBatch
from tests.one_release import OneRelease, catalog_server
from tests.relevance.queries import Words, words

BATCH = 1000
STREAM_SECONDS = 600.0
_INCLUSION_TERM = "inclusion_term"

Terms = Mapping[str, Sequence[str]]


@dataclass(frozen=True)
class Documents:
    """All codes of a release. `inclusion_terms` are those of the tabular list, by ICD-10-CM code."""

    release: str
    codes: Sequence[IndexedCode]
    inclusion_terms: Terms

    async def batches(self) -> AsyncIterator[CodeBatch]:
        """The codes as `ports.IndexStore.build` takes them."""
        left = iter(self.codes)
        while batch := list(islice(left, BATCH)):
            yield CodeBatch(self.release, len(self.codes), batch)

    def holds(self, system: str, prefix: str) -> bool:
        """Whether a code of the system is, or begins with, `prefix`."""
        codes = self._ordered.get(system, [])
        place = bisect_left(codes, prefix)
        return place < len(codes) and codes[place].startswith(prefix)

    @property
    def systems(self) -> frozenset[str]:
        return frozenset(self._ordered)

    @cached_property
    def _ordered(self) -> dict[str, list[str]]:
        found: dict[str, list[str]] = {}
        for code in self.codes:
            found.setdefault(code.system, []).append(code.code)
        return {system: sorted(codes) for system, codes in found.items()}


async def documents(release_file: Path, left_out: frozenset[Words]) -> Documents:
    """The codes of a release file, through the catalog's own gRPC.

    Here the phrases that are scored are kept out: a further term that says one of `left_out` does not reach the index,
    from whatever file the catalog has it, and neither does a term of an index. Inclusion terms stay: they are part of
    the tabular list, not of the index. So do terms below one that is left out, which say more than it does.
    """
    reader = SqliteRelease(release_file, release_file.stem)
    try:
        inclusion_terms = _inclusion_terms(reader)
        releases = OneRelease(reader)
        async with catalog_server(Catalog(releases, new_york_today), releases) as address:
            catalog = CatalogClient(address, timeout=STREAM_SECONDS)
            stream = indexed_codes(catalog, reader.release_id, wanted=lambda term: words(term.phrase) not in left_out)
            codes = [
                without(code, left_out, inclusion_terms.get(code.code, ()))
                async for batch in stream
                for code in batch.codes
            ]
        return Documents(reader.release_id, codes, inclusion_terms)
    finally:
        reader.close()


def without(code: IndexedCode, left_out: frozenset[Words], kept: Sequence[str]) -> IndexedCode:
    """The code without the terms and phrases (of ICD-9-CM, too) that say one of the phrases; those of `kept` stay."""
    return code._replace(
        terms=tuple(term for term in code.terms if term in kept or words(term) not in left_out),
        phrases=tuple(phrase for phrase in code.phrases if words(phrase) not in left_out),
    )


def _inclusion_terms(reader: SqliteRelease) -> Terms:
    """Of all editions, each term once."""
    found: dict[str, dict[str, None]] = {}
    for loaded in reader.editions:
        for filed in reader.rows(TabularNote, loaded.edition, kind=_INCLUSION_TERM):
            found.setdefault(filed.row.owner, {})[filed.row.text] = None
    return {code: tuple(terms) for code, terms in found.items()}
