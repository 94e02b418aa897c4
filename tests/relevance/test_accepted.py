"""Search over the bundled catalog: no figure is worse than the accepted one.

`make relevance` holds the whole official catalog to the same, and OpenSearch to what the default engine finds, on a
machine where nothing else runs: that takes minutes.
"""

from __future__ import annotations

from collections import Counter

import pytest

from tests.relevance import asking, queries
from tests.relevance.asking import BUNDLED

CHAPTERS = 22
LEAST_IN_A_CHAPTER = 3

# An index of 98,000 codes and some hundred queries, beside other tests.
pytestmark = pytest.mark.timeout(900)


def test_every_accepted_code_is_in_the_catalog(found):
    # The sample set has a few HCPCS codes only.
    assert [query for query in found.waiting if query.system in {"icd10cm", "cpt"}] == []


def test_own_queries_are_spread_over_all_chapters(found):
    chapter_of = {code.code: code.chapter for code in found.documents.codes if code.system == "icd10cm"}
    asked = Counter(
        chapter_of[query.accepted[0]]
        for query in queries.own()
        if query.system == "icd10cm" and query.accepted[0] in chapter_of
    )
    assert len(asked) == CHAPTERS
    assert [chapter for chapter, count in asked.items() if count < LEAST_IN_A_CHAPTER] == []


def test_no_figure_is_worse_than_the_accepted_one(answers):
    assert asking.drops(BUNDLED, answers) == [], "if this is meant, say why and run make relevance ACCEPT=yes"
