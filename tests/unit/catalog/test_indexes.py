"""The use cases over index terms, and where references lead, over a release in memory."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.catalog.domain.editions import DataSet, fiscal_year
from services.catalog.domain.index_references import Target, target
from services.catalog.indexes import Indexes
from services.common.errors import InvalidArgument, NotFound, Unavailable
from tests.catalog_memory import MemoryRelease, MemoryReleases, hip_release, index_code, term

INDEX = fiscal_year(DataSet.ICD10CM_INDEX, 2026)
NEOPLASMS = fiscal_year(DataSet.ICD10CM_NEOPLASMS, 2026)
TERMS = (
    term(1, 0, "Abdomen, abdominal", "A", see_also="nothing of this name"),
    term(2, 1, "acute", "A"),
    term(3, 0, "Hip", modifiers="(old)"),
    term(4, 3, "out of place"),
    term(5, 4, "left", see="Hip, out of place, right"),
    term(6, 4, "right", see="Neoplasm, hip, benign", see_category="S73.0"),
    term(7, 0, "Hop", see="abdomen, Acute"),
    index_code(3, "S73"),
    index_code(4, "S73005A", manifestation="S73005D"),
    index_code(5, "Q999"),
)


def release(*without: object) -> MemoryRelease:
    made = hip_release().add(INDEX, *TERMS)
    made.add(NEOPLASMS, term(1, 0, "Neoplasm, neoplastic", "N"), term(2, 1, "hip", "N"), index_code(2, "C765", 1))
    made.loaded = [one for one in made.loaded if one.edition not in without]
    return made


def indexes(of: MemoryRelease | None = None) -> Indexes:
    return Indexes(MemoryReleases(of or release()), lambda: date(2026, 11, 23))


def entries(*titles, index="diseases", letter="", cursor="", limit=0, of=None):
    return indexes(of).entries(index, titles, letter, cursor, limit)


def names(places) -> list[str]:
    return [place.entry.term.title for place in places]


async def streamed(found: Indexes, index: str = ""):
    return [batch async for batch in found.stream("", index)]


async def test_the_stream_gives_every_term_its_path_from_the_main_term_down():
    batches = await streamed(indexes())
    terms = [place for batch in batches for place in batch.terms]
    assert {batch.total for batch in batches} == {len(terms)} == {9}
    assert {batch.release for batch in batches} == {"r1"}
    assert [(place.of.index.name, " > ".join(one.title for one in place.path)) for place in terms] == [
        ("diseases", "Abdomen, abdominal"),
        ("diseases", "Abdomen, abdominal > acute"),
        ("diseases", "Hip"),
        ("diseases", "Hip > out of place"),
        ("diseases", "Hip > out of place > left"),
        ("diseases", "Hip > out of place > right"),
        ("diseases", "Hop"),
        ("neoplasms", "Neoplasm, neoplastic"),
        ("neoplasms", "Neoplasm, neoplastic > hip"),
    ]


async def test_one_index_alone():
    (batch,) = await streamed(indexes(), "neoplasms")
    assert (batch.total, len(batch.terms)) == (2, 2)


async def test_a_release_without_indexes_streams_nothing():
    assert await streamed(indexes(hip_release())) == []
    assert indexes(hip_release()).list_indexes().indexes == []


async def test_the_newest_complete_edition_speaks():
    made = release()
    made.add(fiscal_year(DataSet.ICD10CM_INDEX, 2027), term(1, 0, "Newer, but cut"), complete=False)
    made.add(fiscal_year(DataSet.ICD10CM_INDEX, 2025), term(1, 0, "Older"))
    assert names(entries(of=made).items) == ["Abdomen, abdominal", "Hip", "Hop"]


def test_main_terms_and_those_below_a_term():
    assert names(entries().items) == ["Abdomen, abdominal", "Hip", "Hop"]
    assert names(entries(letter="H").items) == ["Hip", "Hop"]
    found = entries("hip", "Out of place")
    assert (names(found.path), names(found.items)) == (["Hip", "out of place"], ["left", "right"])
    assert [one.title for one in found.items[0].path] == ["Hip", "out of place", "left"]
    assert (found.index.terms, found.index.letters) == (7, ["A", "H"])


def test_page_by_page():
    first = entries(limit=2)
    rest = entries(limit=2, cursor=first.next_cursor)
    assert (names(first.items), names(rest.items), rest.next_cursor) == (["Abdomen, abdominal", "Hip"], ["Hop"], "")
    with pytest.raises(InvalidArgument) as caught:
        entries(letter="H", cursor=first.next_cursor)
    assert list(caught.value.fields) == ["cursor"]


def test_codes_that_the_release_knows_come_along():
    assert [one.code for one in entries("Hip").codes] == ["S73", "S73005A", "S73005D"]
    assert entries("Hip", "out of place", "left").codes == []


def test_references_lead_to_terms():
    hop = entries(letter="H").items[1]
    assert (hop.see, hop.see_also) == (Target("diseases", ("Abdomen, abdominal", "acute")), None)
    left, right = entries("Hip", "out of place").items
    assert left.see == Target("diseases", ("Hip", "out of place", "right"))
    assert right.see == Target("neoplasms", ("Neoplasm, neoplastic", "hip"))
    assert entries().items[0].see_also is None
    (right,) = [
        one for one in entries("Hip", "out of place", of=release(NEOPLASMS)).items if one.entry.term.number == 6
    ]
    assert right.see is None


@pytest.mark.parametrize(
    ("reference", "index", "path"),
    [
        ("Pain", "diseases", ("Pain",)),
        ("pain, by site", "diseases", ("Pain",)),
        ("Pain, joint, small, left", "diseases", ("Pain", "joint, small", "left")),
        ("Pain, left", "diseases", ("Pain",)),
        ("Table of Drugs and Chemicals", "drugs", ()),
        ("Neoplasm, hip", "neoplasms", ("Neoplasm", "hip")),
        ("Index to Diseases and Injuries, Pain", "diseases", ("Pain",)),
    ],
)
def test_the_longest_run_of_words_is_the_title(reference, index, path):
    known = {
        ("diseases", 0, "pain"): (1, "Pain"),
        ("diseases", 1, "joint"): (2, "joint"),
        ("diseases", 1, "joint, small"): (3, "joint, small"),
        ("diseases", 3, "left"): (4, "left"),
        ("neoplasms", 0, "neoplasm"): (1, "Neoplasm"),
        ("neoplasms", 1, "hip"): (2, "hip"),
    }
    loaded = {"diseases", "drugs", "neoplasms"}
    found = target(reference, "diseases", loaded, lambda *asked: known.get((*asked[:2], asked[2].lower())))
    assert found == Target(index, path)


def test_the_neoplasm_table_leads_into_the_index_too():
    def find(index: str, parent: int, title: str) -> tuple[int, str] | None:
        return (1, "Melanoma") if (index, title) == ("diseases", "Melanoma") else None

    assert target("Melanoma", "neoplasms", {"diseases", "neoplasms"}, find) == Target("diseases", ("Melanoma",))
    assert target("Melanoma", "neoplasms", {"neoplasms"}, find) is None
    assert target("Melanoma", "drugs", {"diseases", "drugs"}, find) is None
    assert target("Index to Diseases", "drugs", {"diseases", "drugs"}, find) is None


@given(st.text())
def test_any_reference_leads_somewhere_or_nowhere(text):
    assert target(text, "diseases", set(), lambda *asked: None) is None


@pytest.mark.parametrize("index", ["nope", "drugs", "", "Diseases"])
def test_an_index_that_is_not_there(index):
    with pytest.raises(NotFound) as caught:
        entries(index=index)
    assert caught.value.reason == "INDEX_NOT_FOUND"


def test_a_term_that_is_not_there():
    with pytest.raises(NotFound) as caught:
        entries("Hip", "nope")
    assert caught.value.reason == "TERM_NOT_FOUND"


@pytest.mark.parametrize(
    ("asked", "field"),
    [
        ({"titles": ["a"] * 13}, "path"),
        ({"titles": ["a" * 301]}, "path"),
        ({"titles": [""]}, "path"),
        ({"letter": "ABCDE"}, "letter"),
        ({"titles": ["Hip"], "letter": "H"}, "letter"),
        ({"limit": 501}, "limit"),
        ({"cursor": "AAAA"}, "cursor"),
    ],
)
def test_bad_questions_name_the_field(asked, field):
    with pytest.raises(InvalidArgument) as caught:
        entries(*asked.pop("titles", ()), **asked)
    assert list(caught.value.fields) == [field]


def test_without_a_release():
    with pytest.raises(Unavailable):
        Indexes(MemoryReleases(None), lambda: date(2026, 11, 23)).list_indexes()
