"""Search over the whole catalog: every accepted code exists, and no figure is worse than the accepted one."""

from __future__ import annotations

import gzip
import re
from collections import Counter

import pytest

from tests.relevance import asking, queries
from tests.relevance.asking import BUNDLED, OFFICIAL

CHAPTERS = 22
LEAST_IN_A_CHAPTER = 3
PROCEDURES = re.compile(r"icd10pcs_order_\d{4}\.txt(\.gz)?")


def test_every_accepted_code_is_in_the_catalog(found, has_official_data):
    # The sample set has a few HCPCS codes only.
    whole = found.documents.systems if has_official_data else {"icd10cm", "cpt"}
    assert [query for query in found.waiting if query.system in whole] == []


def test_every_accepted_procedure_is_in_the_official_order_file(official_data):
    """ICD-10-PCS: columns 7 to 13 of the order file."""
    for path in (path for path in official_data.rglob("icd10pcs_order_*") if PROCEDURES.fullmatch(path.name)):
        text = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
        codes = {line[6:13].decode("ascii").strip() for line in text.splitlines()}
        beginnings = {code[:length] for code in codes for length in range(1, 8)}
        asked = [query for query in queries.own() if query.system == "icd10pcs"]
        assert asked
        assert [query for query in asked if not beginnings.issuperset(query.accepted)] == []


def test_own_queries_are_spread_over_all_chapters(found):
    chapter_of = {code.code: code.chapter for code in found.documents.codes if code.system == "icd10cm"}
    asked = Counter(
        chapter_of[query.accepted[0]]
        for query in queries.own()
        if query.system == "icd10cm" and query.accepted[0] in chapter_of
    )
    assert len(asked) == CHAPTERS
    assert [chapter for chapter, count in asked.items() if count < LEAST_IN_A_CHAPTER] == []


# Some thousand queries, while another worker does the same with OpenSearch.
@pytest.mark.timeout(900)
def test_no_figure_is_worse_than_the_accepted_one(answers, has_official_data):
    catalog = OFFICIAL if has_official_data else BUNDLED
    assert asking.drops(catalog, answers) == [], "if this is meant, say why and run make relevance ACCEPT=yes"
