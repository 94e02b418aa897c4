"""How the contract tests ask an index."""

from __future__ import annotations

from services.search.domain.filters import Filters
from services.search.domain.query import understand


async def search(index, text, *, limit=20, offset=0, **filters):
    plan = understand(text, Filters(**filters))
    return await index.search(plan, plan.attempts, offset=offset, limit=limit)


async def displays(index, text, **options):
    return [hit.display for hit in (await search(index, text, **options)).hits]


async def suggested(index, text, limit=8, **filters):
    return [hit.display for hit in await index.suggest(understand(text, Filters(**filters)), limit=limit)]


async def counts(index, text, **filters):
    """What the results are counted by: {facet: {value: count}}."""
    found: dict[str, dict[str, int]] = {}
    for facet in (await search(index, text, **filters)).facets:
        found.setdefault(facet.field, {})[facet.value] = facet.count
    return found
