"""What operators see of views: done through HTTP, read off /metrics, off the page's tables and off the command's."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from lxml import html
from prometheus_client.parser import text_string_to_metric_families

from tests.e2e.conftest import free_ports
from tests.e2e.people import CODES, register, somebody, view
from tests.machine import HEARD_SECONDS, Machine, copy_state, running

COLUMNS = ("granted", "repeated", "no views left", "network full", "prefetch", "meter away")


@pytest.fixture(scope="module")
def watched(seed_state, tmp_path_factory) -> Iterator[Machine]:
    folder = copy_state(seed_state, tmp_path_factory.mktemp("watched") / "state")
    with running(folder, {"MEDCODES_METRICS_PORT": str(free_ports(2))}) as machine:
        yield machine


def metrics_url(machine: Machine, number: int = 0) -> str:
    """The metrics port of the gateway (0), of the services (1)."""
    return f"http://127.0.0.1:{int(machine.environment['MEDCODES_METRICS_PORT']) + number}"


def counted(machine: Machine) -> dict[tuple[str, str, str], float]:
    """What /metrics of the gateway says, by plan, outcome and reason, where it is not 0."""
    text = httpx.get(metrics_url(machine) + "/metrics", timeout=30).text
    return {
        (sample.labels["plan"], sample.labels["outcome"], sample.labels["reason"]): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
        if sample.name == "gateway_views_total" and sample.value
    }


def page(machine: Machine, days: int = 1) -> dict[str, dict[str, int]]:
    """The totals of the page's tables, by plan."""
    answer = httpx.get(metrics_url(machine, 1) + "/usage", params={"days": days}, timeout=30)
    assert answer.status_code == 200
    assert "script" not in answer.headers["Content-Security-Policy"]
    return {
        section.get("aria-labelledby").removeprefix("plan-"): dict(
            zip(COLUMNS, (int(cell) for cell in section.xpath(".//tfoot//td/text()")), strict=True)
        )
        for section in html.fromstring(answer.text).xpath("//section[@aria-labelledby]")
    }


def until_told(machine: Machine, views: int) -> dict[str, dict[str, int]]:
    """The page, once it has so many views in all."""
    until = time.monotonic() + 60
    while sum(map(_total, page(machine).values())) < views:
        assert time.monotonic() < until, page(machine)
        time.sleep(0.2)
    return page(machine)


def _total(numbers: dict[str, int]) -> int:
    return sum(numbers.values())


def row(**numbers: int) -> dict[str, int]:
    named = {name.replace("_", " "): number for name, number in numbers.items()}
    return {name: named.get(name, 0) for name in COLUMNS}


def test_views_of_every_kind_are_on_the_metrics_on_the_plot_and_in_the_table(watched, tmp_path):
    first, second, third, *_ = CODES
    with somebody(watched) as client:
        assert view(client, first, headers={"X-Request-Id": "once"}).status_code == 200
        assert view(client, first).status_code == 200  # a reload: by its receipt
        client.cookies.delete("medcodes_receipts")
        assert view(client, first, headers={"X-Request-Id": "once"}).json()["meter"]["charged"] is True  # a retry
        assert view(client, second).status_code == 403
        assert view(client, second, headers={"Sec-Purpose": "prefetch"}).status_code == 503
        address = register(client)
        assert view(client, second).status_code == 200
        assert view(client, second).status_code == 200
        assert watched.command("accounts", "grant-plan", address, "unlimited").returncode == 0
        until = time.monotonic() + HEARD_SECONDS
        while client.get("/api/v1/meter").json()["limit"] is not None:
            assert time.monotonic() < until
        assert view(client, third).status_code == 200
    assert counted(watched) == {
        ("guest", "granted", ""): 1,
        ("guest", "repeated", "receipt"): 1,
        ("guest", "repeated", "meter"): 1,
        ("guest", "refused", "views_exhausted"): 1,
        ("guest", "refused", "prefetch"): 1,
        ("registered", "granted", ""): 1,
        ("registered", "repeated", "receipt"): 1,
        ("unlimited", "granted", ""): 1,
    }
    expected = {
        "guest": row(granted=1, repeated=2, no_views_left=1, prefetch=1),
        "registered": row(granted=1, repeated=1),
        "unlimited": row(granted=1),
    }
    assert until_told(watched, 8) == expected
    said = watched.command("metering", "usage", "--days", "7").stdout
    totals = {
        line.split()[0]: [int(cell) for cell in line.split()[2:]] for line in said.splitlines() if " all " in line
    }
    assert totals == {plan: list(numbers.values()) for plan, numbers in expected.items()}
    for name in ("usage.svg", "usage.html"):
        written = watched.command("metering", "usage", "--plot", str(tmp_path / name))
        assert written.returncode == 0, written.stderr
        assert "Plan unlimited" in Path(tmp_path / name).read_text()
    watched.kill("valkey")
    assert until_told_again(watched) == expected


def until_told_again(machine: Machine) -> dict[str, dict[str, int]]:
    until = time.monotonic() + 60
    while httpx.get(metrics_url(machine, 1) + "/usage", timeout=15).status_code == 503:
        assert time.monotonic() < until
        time.sleep(0.1)
    return page(machine)


@pytest.mark.parametrize("days", ["0", "91", "x", "-1", "9999"])
def test_other_spans_are_refused_with_a_word(watched, days):
    answer = httpx.get(metrics_url(watched, 1) + f"/usage?days={days}", timeout=30)
    assert (answer.status_code, answer.text[:12]) == (400, "days must be")


def test_a_plot_needs_a_name_that_says_what_it_is(watched, tmp_path):
    refused = watched.command("metering", "usage", "--plot", str(tmp_path / "usage.png"))
    assert refused.returncode == 2
    assert "must end in .svg or .html" in refused.stderr
