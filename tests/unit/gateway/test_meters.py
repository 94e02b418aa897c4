"""The wording of the meter, and its header fields."""

from __future__ import annotations

import re

import pytest
from medcodes.metering.v1 import metering_pb2 as pb

from services.gateway import meters

FIVE = "to view 5 more"


def text(meter: pb.Meter, offer: str = FIVE, member=None) -> str:
    return re.sub(r"<[^>]+>", "", meters.line(meter, member, offer))


@pytest.mark.parametrize(
    ("limit", "remaining", "offer", "line"),
    [
        (
            1,
            0,
            "to view 5 more",
            "0 code page views remaining. Guests may view 1 code page. Register free to view 5 more.",
        ),
        (
            1,
            1,
            "to view 5 more",
            "1 code page view remaining. Guests may view 1 code page. Register free to view 5 more.",
        ),
        (
            3,
            2,
            "to view more",
            "2 code page views remaining. Guests may view 3 code pages. Register free to view more.",
        ),
        (3, 2, "", "2 code page views remaining. Guests may view 3 code pages."),
        (
            0,
            0,
            "to view 5 more",
            "0 code page views remaining. Guests may view 0 code pages. Register free to view 5 more.",
        ),
    ],
)
def test_the_line_of_a_guest(limit, remaining, offer, line):
    assert text(pb.Meter(limit=limit, remaining=remaining, used=limit - remaining), offer) == line


def test_unlimited_has_no_numbers_and_no_header_fields():
    meter = pb.Meter(used=7)
    assert text(meter) == "Code page views are not limited on this server."
    assert meters.headers(meter) == []
    found = meters.as_dict(meter, charged=True)
    assert (found["limit"], found["used"], found["remaining"], found["charged"]) == (None, 7, None, True)


def test_a_limited_meter_in_json_and_header_fields():
    meter = pb.Meter(limit=6, used=4, remaining=2, as_of_ms=1_795_469_353_805)
    assert meters.headers(meter) == [(b"ratelimit-policy", b'"views";q=6'), (b"ratelimit", b'"views";r=2')]
    assert meters.as_dict(meter, charged=False) == {
        "subject": "guest",
        "limit": 6,
        "used": 4,
        "remaining": 2,
        "charged": False,
        "as_of": "2026-11-23T21:29:13.805+00:00",
    }


def test_a_limit_of_nothing_is_not_unlimited():
    assert meters.as_dict(pb.Meter(limit=0, remaining=0), charged=False)["limit"] == 0
