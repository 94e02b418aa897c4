"""Usage by plan: its steps, its tables and its plot."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from lxml import etree
from lxml import html as lxml_html

from services.common.errors import InvalidArgument
from services.metering import usage_plot
from services.metering.domain.usage import Count, Kind, Report, by_plan
from services.metering.usage import Usage

DAY = 20_000
NOW = DAY * 86_400 + 10 * 3600 + 123
HOUR = DAY * 24
SVG = "{http://www.w3.org/2000/svg}"
COUNTS = [
    Count(HOUR - 24, "guest", Kind.GRANTED, 3),
    Count(HOUR, "guest", Kind.GRANTED, 4),
    Count(HOUR + 9, "guest", Kind.GRANTED, 1),
    Count(HOUR + 9, "guest", Kind.VIEWS_EXHAUSTED, 2),
    Count(HOUR + 9, "guest", Kind.PREFETCHED, 1),
    Count(HOUR + 9, "guest", Kind.NETWORK_EXHAUSTED, 1),
    Count(HOUR + 10, "unlimited", Kind.REPEATED, 1200),
    Count(HOUR + 10, "other", Kind.REPEATED, 5),
]


class Kept:
    """A store that has `COUNTS`."""

    async def add(self, report: Report) -> bool:
        return True

    async def days(self, first: int, last: int) -> Sequence[Count]:
        return [count for count in COUNTS if first <= count.hour // 24 <= last]


@pytest.fixture
def usage() -> Usage:
    return Usage(Kept(), lambda: NOW)


async def test_few_days_are_by_the_hour_and_more_by_the_day(usage):
    guests, *_ = await usage.last_days(1)
    assert [step.start for step in guests.steps] == [(HOUR + at) * 3600 for at in range(11)]
    assert [step.total for step in guests.steps] == [4, *[0] * 8, 5, 0]
    guests, *_ = await usage.last_days(7)
    assert [step.start for step in guests.steps] == [(DAY + at) * 86_400 for at in range(-6, 1)]
    assert [step.total for step in guests.steps] == [0] * 5 + [3, 9]
    assert guests.totals == {
        Kind.GRANTED: 8,
        Kind.VIEWS_EXHAUSTED: 2,
        Kind.PREFETCHED: 1,
        Kind.NETWORK_EXHAUSTED: 1,
    }


async def test_guests_come_first_and_other_plans_last(usage):
    assert [each.plan for each in await usage.last_days(7)] == ["guest", "unlimited", "other"]


@pytest.mark.parametrize("days", [0, 91])
async def test_only_days_that_are_kept(usage, days):
    with pytest.raises(InvalidArgument) as error:
        await usage.last_days(days)
    assert error.value.fields.keys() == {"days"}


async def test_bars_are_as_high_as_what_they_stand_for(usage):
    [guests, unlimited, _] = usage_plot.charts(await usage.last_days(1))
    *_, granted, exhausted, other = guests.parts
    assert (granted.look, exhausted.look, other.look) == ("granted", "exhausted", "refused")
    assert granted.height > 0
    assert exhausted.height == pytest.approx(2 * granted.height, abs=0.2)
    assert other.height == pytest.approx(2 * granted.height, abs=0.2)  # a prefetch and a full network
    assert exhausted.y + exhausted.height == pytest.approx(granted.y, abs=0.2)
    assert [mark.text for mark in guests.up] == ["0", "2", "4", "6", "8"]
    assert unlimited.up[-1].text == "1,200"
    assert all(part.y >= usage_plot.TOP for chart in (guests, unlimited) for part in chart.parts)


async def test_the_table_says_what_the_plot_shows(usage):
    page = lxml_html.fromstring(usage_plot.html(await usage.last_days(1), 1))
    section = page.xpath("//section")[0]
    assert [" ".join(row.itertext()).split() for row in section.xpath(".//tbody/tr")] == [
        ["2024-10-04", "00:00", "4", "0", "0", "0", "0", "0"],
        ["2024-10-04", "09:00", "1", "0", "2", "1", "1", "0"],
    ]
    assert section.xpath(".//tfoot//td/text()") == ["5", "0", "2", "1", "1", "0"]
    shown = section.xpath(".//*[name()='rect']/*[name()='title']/text()")
    assert "2024-10-04 09:00: 2 refused: no views left" in shown
    assert page.xpath("//script") == []


async def test_a_file_is_one_picture_that_says_what_it_shows(usage):
    picture = etree.fromstring(usage_plot.svg(await usage.last_days(7), 7).encode())
    assert picture.tag == SVG + "svg"
    assert "Guests: 8 granted, 2 no views left, 1 network full, 1 prefetch" in picture.findtext(SVG + "desc")
    assert "prefers-color-scheme: dark" in picture.findtext(SVG + "style")
    assert picture.findall(f".//{SVG}script") == []


def test_without_any_views_it_says_so():
    assert "No views were counted." in usage_plot.html([], 7)


def test_only_a_page_that_is_served_leads_to_other_spans():
    assert "?days" not in usage_plot.html([], 7)
    assert "?days=30" in usage_plot.html([], 7, (7, 30))
    assert "No views were counted." in usage_plot.svg([], 7)


def test_names_of_plans_are_text():
    found = by_plan([Count(HOUR, "<b>&", Kind.GRANTED, 1)], NOW - 1, NOW, 3600 * 24)
    assert "<b>" not in usage_plot.html(found, 1)
    etree.fromstring(usage_plot.svg(found, 1).encode())
