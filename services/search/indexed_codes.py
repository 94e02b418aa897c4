"""The codes of a release with all words that the catalog has for them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable

from .domain.index_terms import IndexTerm, Phrases
from .ports import CatalogStream, CodeBatch


async def indexed_codes(
    catalog: CatalogStream, release: str, *, wanted: Callable[[IndexTerm], bool] = lambda term: True
) -> AsyncIterator[CodeBatch]:
    """The batches that `ports.IndexStore.build` takes. Index terms that are not `wanted` are left out, as are those
    that an evaluation asks for. Raises services.common.errors.ServiceError."""
    phrases = Phrases()
    async for terms in catalog.index_terms(release):
        phrases.add(term for term in terms if wanted(term))
    phrases.follow_references()
    async for batch in catalog.codes(release):
        yield CodeBatch(batch.release, batch.total, [phrases.lent_to(code) for code in batch.codes])
