from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.catalog.domain import on_date
from services.catalog.domain.editions import DataSet, calendar_year, fiscal_year, quarter, undated
from services.catalog.domain.filed import LoadedEdition
from services.catalog.domain.on_date import Interval, Question, choose, outdated_since

DAYS = st.dates(date(2019, 1, 1), date(2029, 12, 31))
QUARTERS = st.builds(lambda day, complete: LoadedEdition(quarter(DataSet.PFS, day), complete, 1), DAYS, st.booleans())
EDITIONS = st.lists(QUARTERS, max_size=8, unique_by=lambda loaded: loaded.edition)


def loaded(year: int, month: int, *, complete: bool = True) -> LoadedEdition:
    return LoadedEdition(quarter(DataSet.PFS, date(year, month, 1)), complete, 1)


@pytest.mark.parametrize("text", ["2025-11-01", "1900-01-01", "2100-12-31"])
def test_days_are_read(text):
    assert on_date.parse_day(text).isoformat() == text


@pytest.mark.parametrize(
    "text",
    [
        "",
        "20251101",
        "2025-11-1",
        "2025-02-30",
        "1899-12-31",
        "2101-01-01",
        "2025-W01-1",
        "٢٠٢٥-11-01",
        "x",
        "2025-11-01 ",
    ],
)
def test_what_is_no_day_or_out_of_range_is_refused(text):
    with pytest.raises(ValueError, match="is not"):
        on_date.parse_day(text)


def test_a_date_of_service_is_answered_strictly():
    editions = [loaded(2025, 10), loaded(2026, 4)]
    today = date(2026, 11, 23)
    assert choose(editions, DataSet.PFS, Question(today, date(2025, 11, 1))).loaded == editions[0]
    assert choose(editions, DataSet.PFS, Question(today, date(2026, 2, 1))).loaded is None


def test_without_a_date_the_newest_complete_edition_answers_and_is_called_outdated():
    editions = [loaded(2025, 10), loaded(2026, 10, complete=False)]
    question = Question(date(2026, 11, 23))
    chosen = choose(editions, DataSet.PFS, question)
    assert chosen.loaded == editions[0]
    assert outdated_since(editions[0], question) == date(2026, 1, 1)
    assert chosen.day == date(2025, 12, 31)


def test_the_last_edition_of_icd9_is_not_called_outdated_and_the_one_before_it_is():
    question = Question(date(2026, 11, 23))
    last, before = (LoadedEdition(fiscal_year(DataSet.ICD9CM, year), True, 1) for year in (2015, 2014))
    assert outdated_since(last, question) is None
    assert outdated_since(before, question) == date(2014, 10, 1)


def test_an_incomplete_edition_answers_where_there_is_no_complete_one():
    editions = [loaded(2025, 10, complete=False), loaded(2026, 1, complete=False)]
    assert choose(editions, DataSet.PFS, Question(date(2026, 11, 23))).loaded == editions[1]


def test_an_edition_to_come_does_not_answer():
    assert choose([loaded(2027, 1)], DataSet.PFS, Question(date(2026, 12, 31))).loaded is None
    assert choose([loaded(2027, 1)], DataSet.PFS, Question(date(2027, 1, 1))).loaded == loaded(2027, 1)


def test_an_edition_without_period_answers_for_any_day():
    wording = LoadedEdition(undated(DataSet.PLAIN_WORDING), True, 1)
    for question in (Question(date(2026, 1, 1)), Question(date(2026, 1, 1), date(1950, 1, 1))):
        assert choose([wording], DataSet.PLAIN_WORDING, question).loaded == wording
    assert not on_date.covers([wording], frozenset({DataSet.PLAIN_WORDING}), date(2026, 1, 1))


@pytest.mark.parametrize(
    ("edition", "first", "last"),
    [
        (quarter(DataSet.PFS, date(2025, 12, 31)), "2025-10-01", "2025-12-31"),
        (quarter(DataSet.PFS, date(2026, 1, 1)), "2026-01-01", "2026-03-31"),
        (fiscal_year(DataSet.ICD10CM, 2026), "2025-10-01", "2026-09-30"),
        (calendar_year(DataSet.GPCI, 2026), "2026-01-01", "2026-12-31"),
    ],
)
def test_periods_are_those_of_the_publishers(edition, first, last):
    assert (edition.begins.isoformat(), edition.ends.isoformat()) == (first, last)


@given(EDITIONS, DAYS)
def test_a_strict_answer_always_comes_from_an_edition_in_force(editions, day):
    chosen = choose(editions, DataSet.PFS, Question(date(2026, 11, 23), day))
    assert chosen.loaded is None or chosen.loaded.edition.covers(day)
    assert (chosen.loaded is None) == (not any(one.edition.covers(day) for one in editions))


@given(EDITIONS, DAYS)
def test_without_a_date_no_newer_complete_edition_is_passed_over(editions, today):
    chosen = choose(editions, DataSet.PFS, Question(today)).loaded
    begun = [one for one in editions if one.edition.begins <= today]
    if any(one.complete for one in begun):
        assert chosen.complete
        assert chosen.edition.begins == max(one.edition.begins for one in begun if one.complete)
    elif begun:
        assert chosen.edition.begins == max(one.edition.begins for one in begun)


@given(EDITIONS, DAYS, st.booleans(), st.integers(-400, 400))
def test_within_an_interval_the_choice_and_its_age_stay_the_same(editions, day, strict, days):
    def question(of: date) -> Question:
        return Question(date(2026, 11, 23), of) if strict else Question(of)

    interval = on_date.unchanged(day, on_date.edition_changes(editions))
    other = day + timedelta(days=days)
    if interval.holds(other):
        here, there = (choose(editions, DataSet.PFS, question(of)) for of in (day, other))
        assert here.loaded == there.loaded
        if here.loaded:
            assert outdated_since(here.loaded, question(day)) == outdated_since(here.loaded, question(other))


@given(st.lists(DAYS), DAYS)
def test_an_interval_holds_its_day_and_ends_before_the_next_change(changes, day):
    interval = on_date.unchanged(day, changes)
    assert interval.holds(day)
    assert not any(change > day and interval.holds(change) for change in changes)


def test_intervals_narrow_each_other():
    one = Interval(date(2026, 1, 1), None)
    assert one.within(Interval(None, date(2026, 3, 31))) == Interval(date(2026, 1, 1), date(2026, 3, 31))
    assert one.within(Interval(date(2026, 2, 1), None)) == Interval(date(2026, 2, 1), None)


def test_rows_change_on_the_day_they_begin_and_after_the_day_they_end():
    assert on_date.row_changes(("2026-01-01", "2026-03-31"), ("", "")) == [date(2026, 1, 1), date(2026, 4, 1)]


@pytest.mark.parametrize(
    ("day", "expected"), [("2025-12-31", False), ("2026-01-01", True), ("2026-03-31", True), ("2026-04-01", False)]
)
def test_a_row_is_in_force_from_its_first_to_its_last_day(day, expected):
    assert on_date.in_force("2026-01-01", "2026-03-31", date.fromisoformat(day)) is expected
