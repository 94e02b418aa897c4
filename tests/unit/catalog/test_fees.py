from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.catalog.domain import fees
from services.catalog.domain.fees import NATIONAL, Indices, Setting
from tests.catalog_memory import RVU_27250, RVU_27252, RVU_99213, gpci, rvu

FIGURES = st.decimals(0, 300, places=2).map(str)
INDICES = st.decimals(Decimal("0.1"), Decimal("2.5"), places=3)
FACTORS = st.sampled_from(["32.3465", "33.4009", "33.5675"])


@pytest.mark.parametrize(
    ("row", "setting", "expected"),
    [
        (RVU_27250, Setting.FACILITY, "174.35"),
        (RVU_27252, Setting.FACILITY, "736.85"),
        (RVU_99213, Setting.NON_FACILITY, "88.95"),
        (RVU_99213, Setting.FACILITY, "63.72"),
    ],
)
def test_the_national_amounts_of_the_fee_schedule(row, setting, expected):
    assert str(fees.amount(row, setting)) == expected


def test_an_amount_by_locality():
    # PFREV25C shows the same arithmetic: each part by its index, then the conversion factor, then one rounding.
    where = fees.indices(gpci("AL", "ALABAMA", "1", "0.869", "0.575"))
    expected = (Decimal("1.30") + Decimal("1.35") * Decimal("0.869") + Decimal("0.10") * Decimal("0.575")) * Decimal(
        "32.3465"
    )
    assert fees.amount(RVU_99213, Setting.NON_FACILITY, where) == expected.quantize(Decimal("0.01"), ROUND_HALF_UP)


@given(FIGURES, FIGURES, FIGURES, INDICES, INDICES, INDICES, FACTORS)
def test_there_is_one_rounding_half_up_at_the_end(work, pe, mp, gpci_work, gpci_pe, gpci_mp, factor):
    row = rvu("27250", work=work, pe_facility=pe, mp=mp, conversion_factor=factor)
    exact = sum(
        Fraction(value) * Fraction(index) for value, index in ((work, gpci_work), (pe, gpci_pe), (mp, gpci_mp))
    ) * Fraction(factor)
    cents = fees.amount(row, Setting.FACILITY, Indices(gpci_work, gpci_pe, gpci_mp)) * 100
    assert int(cents) == int(exact * 100 + Fraction(1, 2))


def test_half_a_cent_goes_up():
    row = rvu("27250", work="0.01", conversion_factor="50.5")
    assert fees.amount(row, Setting.FACILITY) == Decimal("0.51")


@given(FIGURES)
def test_national_means_an_index_of_one(work):
    row = rvu("27250", work=work)
    assert fees.amount(row, Setting.FACILITY) == fees.amount(row, Setting.FACILITY, NATIONAL)


@pytest.mark.parametrize("status", list("BCDEFGHIJMNPX"))
def test_relative_values_of_other_statuses_are_not_a_payment(status):
    assert not fees.is_paid(RVU_27250._replace(status=status))


@pytest.mark.parametrize("status", list("ART"))
def test_relative_values_of_a_r_and_t_are(status):
    assert fees.is_paid(RVU_27250._replace(status=status))


def test_a_row_without_values_is_not_a_payment():
    assert not fees.is_paid(rvu("27250", status="R"))
    assert not fees.is_paid(rvu("27250", work="", pe_non_facility="", pe_facility="", mp=""))


def test_shares_of_split_care():
    assert fees.percent(fees.share_with_54(RVU_27252)) == "79%"
    assert fees.percent(fees.share_with_55(RVU_27252)) == "21%"
    assert fees.percent(Decimal("0.125")) == "12.5%"


def test_dollars_have_thousands():
    assert fees.dollars(Decimal("1642.82")) == "$1,642.82"
