"""What a search is narrowed by."""

from __future__ import annotations

from datetime import date

import pytest

from services.search.domain.filters import Facet, Filters, Status, standing

DAY, TODAY = date(2025, 11, 1), date(2026, 1, 1)


def test_nothing_given_leaves_out_nothing():
    assert Filters(today=TODAY).chosen == frozenset()
    assert Filters().wanted_status is None


def test_a_day_asks_for_what_is_in_force_unless_a_status_is_given():
    assert (Filters(on=DAY).wanted_status, Filters(on=DAY).day) == (Status.ACTIVE, DAY)
    retired = Filters(on=DAY, status=Status.RETIRED, today=TODAY)
    assert (retired.wanted_status, retired.day) == (Status.RETIRED, DAY)
    assert Filters(status=Status.FUTURE, today=TODAY).day == TODAY


def test_a_status_needs_a_day():
    with pytest.raises(ValueError, match="of a day"):
        Filters(status=Status.ACTIVE)


def test_what_is_chosen():
    every = Filters("cpt", "Chapter", False, Status.ACTIVE, today=TODAY)
    assert every.chosen == frozenset(Facet)
    assert every.wide == Filters(today=TODAY)
    # The day stays: it is no choice among results.
    assert Filters(system="cpt", on=DAY).wide == Filters(on=DAY)


@pytest.mark.parametrize(
    ("begins", "ends", "expected"),
    [
        (20250101, 20251231, Status.ACTIVE),
        (20251101, 20251101, Status.ACTIVE),
        (20251102, 20251231, Status.FUTURE),
        (20250101, 20251031, Status.RETIRED),
    ],
)
def test_a_code_stands_as_its_dates_say(begins, ends, expected):
    assert standing(begins, ends, 20251101) is expected
