"""The metering table's row for search crawlers, through HTTP against a whole running machine and a real DNS server."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests import dns_server, machine

CODES = ("27250", "27252", "27253", "27254", "99213")
GOOGLEBOT = "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)"
CRAWLER, LIAR, NAMELESS = "66.249.66.1", "192.0.2.66", "192.0.2.67"


@pytest.fixture(scope="module")
def crawled(sample_state, tmp_path_factory) -> Iterator[machine.Machine]:
    """A machine behind a proxy that says where requests come from, with DNS servers of its own."""
    folder = machine.copy_state(sample_state, tmp_path_factory.mktemp("crawled") / "state")
    with dns_server.running_beside() as dns:
        dns.crawler(CRAWLER, "crawl-66-249-66-1.googlebot.com")
        # The address's owner says that it is the crawler; the search engine's own zone does not.
        dns.name(LIAR, "crawl-66-249-66-1.googlebot.com")
        settings = {
            "MEDCODES_TRUSTED_PROXIES": "127.0.0.0/8",
            "MEDCODES_CRAWLER_DNS_SERVERS": dns.setting,
            "MEDCODES_CRAWLER_DNS_SECONDS": "10",
        }
        with machine.running(folder, settings) as running:
            yield running


def come(crawled, address: str):
    return crawled.client(headers={"User-Agent": GOOGLEBOT, "X-Forwarded-For": address, "Accept": "text/html"})


def test_a_verified_crawler_reads_every_page_and_is_not_charged(crawled):
    with come(crawled, CRAWLER) as crawler:
        for code in CODES:
            answer = crawler.get(f"/codes/cpt/{code}")
            assert answer.status_code == 200
            assert f'<span class="the-code">{code}</span>' in answer.text
            assert '"isAccessibleForFree":false' in answer.text
            assert "Set-Cookie" not in answer.headers and "RateLimit" not in answer.headers
        # What is not for crawlers: a guest without a view, who has not been charged for the pages above.
        meter = crawler.get("/api/v1/meter").json()
        assert (meter["used"], meter["remaining"]) == (0, 1)


@pytest.mark.parametrize("address", [LIAR, NAMELESS])
def test_who_only_says_that_it_is_one_is_charged_and_meets_the_wall(crawled, address):
    with come(crawled, address) as liar:
        assert liar.get(f"/codes/cpt/{CODES[0]}").status_code == 200
        assert liar.get("/api/v1/meter").json()["used"] == 1
        wall = liar.get(f"/codes/cpt/{CODES[1]}")
        assert wall.status_code == 403
        assert "736.85" not in wall.text
