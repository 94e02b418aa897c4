"""Both engines find alike: over a part of the catalog here, over the whole of it in `make relevance`."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from zlib import crc32

import pytest

from tests.relevance import asking
from tests.relevance.asking import Sets
from tests.relevance.engines import DEFAULT, OPENSEARCH

# Of the categories (the first three characters of a code), which are some thousands, one in so many is a part of it.
ONE_IN = 3
CATEGORY = 3


@pytest.fixture(scope="module")
def part(found: Sets) -> Sets:
    """Some categories, with all of their codes and the queries that only they answer."""
    codes = [code for code in found.documents.codes if _is_of_part(code.system, code.code)]
    queries = [query for query in found.queries if all(_is_of_part(query.system, code) for code in query.accepted)]
    return Sets(replace(found.documents, codes=codes), queries, [])


def _is_of_part(system: str, code: str) -> bool:
    return crc32(f"{system} {code[:CATEGORY]}".encode()) % ONE_IN == 0


@pytest.mark.timeout(900)
def test_opensearch_finds_as_much_as_the_default_engine(part):
    default, opensearch = (asyncio.run(asking.ask(engine, part)) for engine in (DEFAULT, OPENSEARCH))
    assert len(default.outcomes) == len(opensearch.outcomes) > len(part.documents.systems) * 50
    assert asking.disagreements(default, opensearch) == []
