"""What the names of official files say: cuts, and the quarter of a month."""

from __future__ import annotations

import re
from datetime import date

from services.catalog.domain.editions import DataSet, Edition, quarter

_CUT = re.compile(r"\.(head\d+|excerpt)\.", re.IGNORECASE)
_MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")

MONTH = "|".join(_MONTHS)


def is_cut(name: str) -> bool:
    """`*.headN.*` and `*.excerpt.*` hold a piece of an official file, so what they lack is not known to be absent."""
    return _CUT.search(name) is not None


def quarter_of_month(data_set: DataSet, year: str, month: str) -> Edition:
    """The quarterly edition of a file name's year ("2025" or "25") and month ("Oct")."""
    return quarter(data_set, date(int(year) % 100 + 2000, _MONTHS.index(month.upper()) + 1, 1))
