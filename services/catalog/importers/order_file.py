"""The order file, in which ICD-10-CM and ICD-10-PCS are published alike.

Fixed width, 1-based: 1-5 order number, 7-13 code without dot, 15 "1" billable or "0" header, 17-76 short title, from 78
the long title. One line a code, headers included.
"""

from __future__ import annotations

import re
from typing import NamedTuple

_LINE = re.compile(r"(?P<number>\d{5}) (?P<code>[A-Z0-9 ]{7}) (?P<valid>.) (?P<short>.{60}) (?P<long>.*)")


class Ordered(NamedTuple):
    """The fields of one line, in the order of its columns."""

    code: str
    order_number: int
    valid: int
    short_title: str
    long_title: str


def ordered(line: str, code: re.Pattern[str], system: str) -> Ordered:
    """The fields of a line whose code has the shape of `code`. Raises ValueError with the reason why it is no row."""
    found = _LINE.fullmatch(line)
    if found is None:
        raise ValueError("not in the layout of the order file: number, code, 0 or 1, short title, long title from 78")
    named, long_title = found["code"].rstrip(), found["long"].strip()
    if not code.fullmatch(named):
        raise ValueError(f"{named!r} is no {system} code")
    if found["valid"] not in "01":
        raise ValueError(f"{found['valid']!r} in column 15 is neither 0 (header) nor 1 (billable)")
    if not long_title:
        raise ValueError(f"{named} has no long title")
    return Ordered(named, int(found["number"]), int(found["valid"]), found["short"].rstrip(), long_title)
