"""The three honest states: available, none, no data."""

from __future__ import annotations

from datetime import date

from hypothesis import given
from hypothesis import strategies as st

from services.catalog.domain.editions import DataSet, quarter
from services.catalog.domain.filed import LoadedEdition
from services.catalog.domain.on_date import Question
from services.catalog.domain.page import Kind, State
from services.catalog.domain.sections.draft import SourceUse, absent, listing, section

TODAY = Question(date(2026, 11, 23))
COMPLETE = LoadedEdition(quarter(DataSet.PFS, date(2025, 10, 1)), True, 1)
PARTIAL = LoadedEdition(quarter(DataSet.MUE_PRACTITIONER, date(2026, 10, 1)), False, 1)
USES = st.lists(
    st.builds(SourceUse, st.just("A"), st.sampled_from([None, COMPLETE, PARTIAL]), st.booleans(), st.booleans()),
    max_size=4,
).map(lambda uses: [one for one in uses if one.loaded or not one.found])


def made(*uses, question=TODAY):
    return section("guidelines", question, "", [], uses)


def missing(found):
    return [entry for entry in found.cut("", 0, 100) if entry.kind is Kind.NO_DATA]


def test_available_if_any_source_has_an_entry():
    found = made(SourceUse("A", COMPLETE, found=True), absent("B"))
    assert found.state is State.AVAILABLE
    assert [(entry.label, entry.value) for entry in missing(found)] == [("B", "no_data")]


def test_none_only_if_all_are_complete_and_hold_nothing():
    assert made(SourceUse("A", COMPLETE)).state is State.NONE
    assert made(SourceUse("A", COMPLETE), SourceUse("B", PARTIAL)).state is State.NO_DATA
    assert made(SourceUse("A", COMPLETE), absent("B")).state is State.NO_DATA


def test_a_partial_source_that_does_not_hold_the_code_says_nothing():
    assert "says nothing" in missing(made(SourceUse("A", PARTIAL)))[0].text


def test_a_partial_list_may_have_more():
    assert "may be more" in missing(made(SourceUse("A", PARTIAL, found=True, many=True)))[0].text
    assert not missing(made(SourceUse("A", PARTIAL, found=True)))


def test_outdated_since_is_the_first_day_without_one_of_the_editions():
    found = made(SourceUse("A", COMPLETE, found=True), SourceUse("B", PARTIAL, found=True))
    assert found.outdated_since == date(2026, 1, 1)
    assert (
        made(SourceUse("A", COMPLETE), question=Question(date(2026, 11, 23), date(2025, 11, 1))).outdated_since is None
    )


@given(USES)
def test_no_data_is_never_passed_off_as_none(uses):
    found = made(*uses)
    if any(not one.complete for one in uses) and not any(one.found for one in uses):
        assert found.state is State.NO_DATA
        assert missing(found)
    assert (found.state is State.AVAILABLE) == any(one.found for one in uses)


@given(USES)
def test_every_missing_source_has_an_entry_of_its_own(uses):
    assert len(missing(made(*uses))) >= sum(one.loaded is None for one in uses)


def test_lists_read_like_lists():
    assert [listing(parts) for parts in ([], ["a"], ["a", "b"], ["a", "b", "c"])] == ["", "a", "a and b", "a, b and c"]
