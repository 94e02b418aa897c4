"""Both engines find alike over the whole catalog."""

from __future__ import annotations

import asyncio

import pytest

from tests.relevance import asking
from tests.relevance.asking import Answers
from tests.relevance.engines import OPENSEARCH


@pytest.fixture(scope="module")
def opensearch_answers(found) -> Answers:
    return asyncio.run(asking.ask(OPENSEARCH, found))


# OpenSearch is asked first: meanwhile another worker asks the default engine.
@pytest.mark.timeout(900)
def test_opensearch_finds_as_much_as_the_default_engine(opensearch_answers, answers):
    assert asking.disagreements(answers, opensearch_answers) == []
