"""Both engines find alike over the whole catalog."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from tests.relevance import asking
from tests.relevance.asking import Answers, Sets
from tests.relevance.engines import OPENSEARCH
from tests.relevance.queries import OWN_KINDS

# Of the phrases, which are thousands, one in so many is asked of both; `make relevance` asks all.
ONE_IN = 3


@pytest.fixture(scope="module")
def asked(found: Sets) -> Sets:
    own = [query for query in found.queries if query.kind in OWN_KINDS]
    phrases = [query for query in found.queries if query.kind not in OWN_KINDS]
    return replace(found, queries=[*own, *phrases[::ONE_IN]])


@pytest.fixture(scope="module")
def opensearch_answers(asked) -> Answers:
    return asyncio.run(asking.ask(OPENSEARCH, asked))


# OpenSearch is asked first: meanwhile another worker asks the default engine.
@pytest.mark.timeout(900)
def test_opensearch_finds_as_much_as_the_default_engine(asked, opensearch_answers, answers):
    sample = set(asked.queries)
    same = replace(answers, outcomes=[one for one in answers.outcomes if one.query in sample])
    assert len(same.outcomes) == len(opensearch_answers.outcomes)
    assert asking.disagreements(same, opensearch_answers) == []
