"""What the queries ask of a catalog that it should have."""

from __future__ import annotations

from services.search.domain.documents import IndexedCode
from tests.relevance import asking
from tests.relevance.asking import BUNDLED, OFFICIAL, Sets
from tests.relevance.documents import Documents
from tests.relevance.queries import Query


def code(number, chapter):
    return IndexedCode("icd10cm", number, number, "A title", True, (), None, None, chapter)


def sets(*asked, waiting=()):
    return Sets(Documents("r" * 64, [code("A000", "1"), code("A001", "1"), code("G510", "6")], {}), asked, waiting)


def asks(accepted, text="words", kind="lay"):
    return Query(kind, "icd10cm", text, (accepted,))


def test_a_chapter_with_few_queries_is_said():
    enough = [asks("A000"), asks("A001"), asks("A000", kind="abbreviation")]
    assert asking.gaps(OFFICIAL, sets(*enough)) == ["chapter 6 has 0 queries"]
    phrases = [asks("G510", kind="index")] * 3
    assert asking.gaps(OFFICIAL, sets(*enough, *phrases, asks("G510"))) == ["chapter 6 has 1 queries"]
    assert asking.gaps(OFFICIAL, sets(*enough, *[asks("G510")] * 3)) == []


def test_a_query_that_waits_is_said_where_its_whole_code_system_should_be():
    every = [*[asks("A000")] * 3, *[asks("G510")] * 3]
    waiting = [Query("lay", "hcpcs", "walker", ("E0143",)), asks("Z999", "gone")]
    said = ["no code of the catalog answers 'gone' (icd10cm)"]
    assert asking.gaps(BUNDLED, sets(*every, waiting=waiting)) == said
    assert len(asking.gaps(OFFICIAL, sets(*every, waiting=waiting))) == 2
