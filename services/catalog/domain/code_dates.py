"""From when to when a code is known to be in force, by the editions that hold it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import NamedTuple

from .editions import DataSet
from .filed import LoadedEdition

# What is missing from a complete edition of these is no code any more.
CODE_LISTS = frozenset({DataSet.ICD10CM, DataSet.ICD10PCS, DataSet.HCPCS, DataSet.PFS})
# What these name is a code in force. PTP and add-on tables keep rows of codes that ended long ago.
NAMED_WHILE_IN_FORCE = frozenset(
    {*CODE_LISTS, DataSet.MUE_PRACTITIONER, DataSet.MUE_OUTPATIENT_HOSPITAL, DataSet.MUE_DME_SUPPLIER}
)


class Held(NamedTuple):
    """The first and the last edition of one data set that hold a code, as positions in the list of editions."""

    first: int
    last: int


def begins(held: Mapping[DataSet, Held], editions: Sequence[LoadedEdition]) -> str:
    """The first day (ISO) of the earliest edition that holds the code; "" if none of them has a period."""
    days = [day for span in held.values() if (day := editions[span.first].edition.begins)]
    return min(days).isoformat() if days else ""


def ends(held: Mapping[DataSet, Held], editions: Sequence[LoadedEdition]) -> str:
    """The day (ISO) before the first complete edition of a code list that holds the code no more; "" if none did.

    `editions` are ordered by data set and begin. A code that any list or MUE table still names after that day has not
    ended.
    """
    dropped = [day for data_set, span in held.items() if data_set in CODE_LISTS and (day := _dropped(span, editions))]
    if not dropped:
        return ""
    last_day = max(dropped)
    named = [editions[span.last].edition.begins for data_set, span in held.items() if data_set in NAMED_WHILE_IN_FORCE]
    return "" if any(day and day > last_day for day in named) else last_day.isoformat()


def _dropped(span: Held, editions: Sequence[LoadedEdition]) -> date | None:
    last = editions[span.last].edition
    for loaded in editions[span.last + 1 :]:
        if loaded.edition.data_set != last.data_set:
            return None
        if loaded.complete and loaded.edition.begins:
            return loaded.edition.begins - timedelta(days=1)
    return None
