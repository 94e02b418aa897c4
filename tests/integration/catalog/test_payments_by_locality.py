"""Payments by locality against a file in which CMS worked them out itself, by carrier and locality (PFREV)."""

from __future__ import annotations

import csv
import gzip
from datetime import date
from decimal import Decimal

import pytest

from services.catalog.domain import fees
from services.catalog.domain.editions import DataSet
from services.catalog.domain.fees import Setting
from services.catalog.domain.on_date import Question, choose
from services.catalog.domain.rows import Gpci, Rvu


@pytest.fixture
def official_payments(official_data):
    """Rows of PFREV: year, carrier, locality, code, modifier, non-facility and facility fee, ..."""
    files = sorted(official_data.rglob("PFREV25C.txt.gz"))
    if not files:
        pytest.skip("the payment file by carrier and locality is not in the sample set; set MEDCODES_TEST_DATA")
    with gzip.open(files[0], "rt", encoding="ascii") as lines:
        return [row for row in csv.reader(lines) if len(row) > 7 and row[0].isdigit()]


def test_every_payment_is_the_official_one(release, official_payments):
    question = Question(date(2025, 11, 1), date(2025, 11, 1))
    pfs, gpci = (choose(release.editions, data_set, question).loaded for data_set in (DataSet.PFS, DataSet.GPCI))
    assert pfs is not None
    assert gpci is not None
    places = {(filed.row.mac, filed.row.locality): filed.row for filed in release.rows(Gpci, gpci.edition)}
    assert len(official_payments) == 109
    for _, carrier, locality, code, modifier, office, facility, *_ in official_payments:
        row = next(
            filed.row for filed in release.rows(Rvu, pfs.edition, code=code) if filed.row.modifier == modifier.strip()
        )
        where = fees.indices(places[carrier, locality])
        assert fees.amount(row, Setting.NON_FACILITY, where) == Decimal(office), (carrier, locality)
        assert fees.amount(row, Setting.FACILITY, where) == Decimal(facility), (carrier, locality)
