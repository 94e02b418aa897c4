"""Compact and day-of-year dates, as ISO strings."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.catalog.importers.official_dates import CompactDates, DayOfYearDates


@given(st.dates())
def test_every_date_comes_back(day: date):
    assert CompactDates()[f"{day.year:04}{day.month:02}{day.day:02}"] == day.isoformat()
    assert DayOfYearDates()[f"{day.year:04}{day.timetuple().tm_yday:03}"] == day.isoformat()


@pytest.mark.parametrize("dates", [CompactDates("", "*"), DayOfYearDates("", "*")])
def test_no_date(dates):
    assert (dates[""], dates["*"]) == ("", "")


@pytest.mark.parametrize(
    "filed", ["", "*", "2025", "20250229", "20251301", "2025-1-1", "²0250101", "00000101", " 2025010"]
)
def test_what_is_no_compact_date(filed):
    with pytest.raises(ValueError, match="is no date of the form YYYYMMDD"):
        CompactDates()[filed]


@pytest.mark.parametrize("filed", ["", "2025366", "2025000", "202536", "0000001", "20250101", "²025001"])
def test_what_is_no_day_of_the_year(filed):
    with pytest.raises(ValueError, match="is no date of the form YYYYDDD"):
        DayOfYearDates()[filed]
