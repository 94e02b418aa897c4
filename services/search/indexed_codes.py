"""The codes of a release with all words that the catalog has for them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable

from .domain.equivalents import Equivalents
from .domain.index_terms import IndexTerm, Phrases
from .ports import CatalogStream, CodeBatch


async def indexed_codes(
    catalog: CatalogStream, release: str, *, wanted: Callable[[IndexTerm], bool] = lambda term: True
) -> AsyncIterator[CodeBatch]:
    """The batches that `ports.IndexStore.build` takes. Index terms that are not `wanted` are left out, as are those
    that an evaluation asks for. Raises services.common.errors.ServiceError."""
    phrases, equivalents = Phrases(), Equivalents()
    async for terms in catalog.index_terms(release):
        phrases.add(term for term in terms if wanted(term))
    phrases.follow_references()
    async for mapped in catalog.equivalents(release):
        equivalents.add(mapped)
    async for batch in catalog.codes(release):
        codes = [equivalents.lent_to(phrases.lent_to(code)) for code in batch.codes]
        yield CodeBatch(batch.release, batch.total, codes)
