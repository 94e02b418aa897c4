"""Code pages for robots, through HTTP: crawlers that DNS vouches for, those that lie, and previews of links."""

from __future__ import annotations

import asyncio
import re
import time

import pytest
from medcodes.metering.v1 import metering_pb2
from prometheus_client import REGISTRY

from services.common.errors import Unavailable
from tests import dns_server
from tests.unit.gateway.sample_pages import hip_page

PAGE, API_PAGE = "/codes/cpt/27250", "/api/v1/codes/cpt/27250"
GOOGLEBOT = "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)"
SLACK = "Slackbot-LinkExpanding 1.0 (+https://api.slack.com/robots)"
CRAWLER, CRAWLER6, STRANGER = "66.249.66.1", "2001:4860:4801:10::1", "192.0.2.66"
PREVIEWS = [
    SLACK, "Twitterbot/1.0", "facebookexternalhit/1.1", "LinkedInBot/1.0", "Discordbot/2.0", "WhatsApp/2.23.20.0 A",
    "TelegramBot (like TwitterBot)", "Mozilla/5.0 SkypeUriPreview Preview/0.5",
]  # fmt: skip


@pytest.fixture
async def dns():
    async with dns_server.running() as server:
        server.crawler(CRAWLER, "crawl-66-249-66-1.googlebot.com")
        server.crawler(CRAWLER6, "crawl-6.googlebot.com")
        server.name(STRANGER, "crawl-66-249-66-1.googlebot.com")
        yield server


@pytest.fixture
async def visit(gateway, dns):
    """Asks a gateway that is behind a trusted proxy, as somebody at an address: `visit(CRAWLER, GOOGLEBOT)`."""
    client = (await gateway(trusted_proxies="127.0.0.1/32", crawler_dns_servers=dns.setting, crawler_dns_seconds=10))()

    async def ask(address, user_agent, path=PAGE, *, method="GET", **headers):
        client.cookies.clear()
        sent = {"X-Forwarded-For": address, "User-Agent": user_agent, **headers}
        return await client.request(method, path, headers=sent)

    return ask


def counted(agent: str, outcome: str) -> float:
    labels = {"agent": agent, "outcome": outcome}
    return REGISTRY.get_sample_value("gateway_robot_pages_total", labels) or 0.0


def is_ordinary(answer) -> bool:
    """A page that a new guest has got, with its cookies."""
    return (
        answer.status_code == 200
        and "medcodes_guest" in answer.cookies
        and "medcodes_receipts" in answer.cookies
        and "RateLimit" in answer.headers
    )


@pytest.mark.parametrize("address", [CRAWLER, CRAWLER6])
async def test_a_verified_crawler_sees_what_a_guest_sees_and_is_not_charged(visit, wire, dns, address):
    before = counted("Googlebot", "verified")
    answer = await visit(address, GOOGLEBOT)
    assert answer.status_code == 200
    assert '"isAccessibleForFree":false' in answer.text
    assert wire.metering.asked == []
    assert "Set-Cookie" not in answer.headers
    assert "RateLimit" not in answer.headers
    assert answer.headers["Cache-Control"] == "private, no-cache"
    assert answer.headers["Vary"] == "user-agent"
    assert answer.headers["X-Robots-Tag"] == "noarchive"
    assert counted("Googlebot", "verified") == before + 1
    # The same bytes as a guest's, but for the meter's line; what is locked stays locked.
    guest = await visit(STRANGER, "Mozilla/5.0")
    assert is_ordinary(guest)
    line = re.compile(r'<p class="meter".*?</p>')
    assert line.sub("", answer.text) == line.sub("", guest.text)
    assert "Register to view" in answer.text
    assert "Vary" not in guest.headers


async def test_dns_is_asked_about_a_crawler_once_and_about_nobody_else(visit, dns):
    for _ in range(3):
        assert "Set-Cookie" not in (await visit(CRAWLER, GOOGLEBOT)).headers
    assert dns.asked.total() == 2
    for user_agent in ("Mozilla/5.0 (X11) Firefox/144.0", SLACK, ""):
        await visit(CRAWLER, user_agent)
    for path in ("/", "/codes/cpt/27250/sections/modifiers", "/robots.txt", API_PAGE):
        await visit("192.0.2.7", GOOGLEBOT, path)
    assert dns.asked.total() == 2


async def test_who_only_says_so_is_an_ordinary_guest(visit, wire):
    before = counted("Googlebot", "not_verified")
    assert is_ordinary(await visit(STRANGER, GOOGLEBOT))
    assert is_ordinary(await visit("192.0.2.1", GOOGLEBOT))
    # A genuine address of one search engine is not one of another.
    assert is_ordinary(await visit(CRAWLER, "Mozilla/5.0 (compatible; bingbot/2.0)"))
    assert len(wire.metering.asked) == 3
    assert counted("Googlebot", "not_verified") == before + 2


async def test_who_only_says_so_comes_to_the_wall(visit, wire):
    meter = metering_pb2.Meter(limit=1, used=1, remaining=0)
    wire.metering.next_outcome.append(metering_pb2.ViewResult(outcome=metering_pb2.VIEW_OUTCOME_REFUSED, meter=meter))
    answer = await visit(STRANGER, GOOGLEBOT, Accept="text/html")
    assert answer.status_code == 403
    assert hip_page().common_language_description.text not in answer.text


@pytest.mark.parametrize(
    "forwarded",
    [CRAWLER, f"{CRAWLER}, {CRAWLER}", "", "nonsense", f"{CRAWLER}:443", f"[{CRAWLER6}]"],
)
async def test_an_address_in_a_header_is_nothing_without_a_trusted_proxy(gateway, wire, dns, forwarded):
    client = (await gateway(crawler_dns_servers=dns.setting, crawler_dns_seconds=10))()
    headers = {
        "X-Forwarded-For": forwarded,
        "Forwarded": f"for={CRAWLER}",
        "X-Real-IP": CRAWLER,
        "User-Agent": GOOGLEBOT,
    }
    assert is_ordinary(await client.get(PAGE, headers=headers))
    assert len(wire.metering.asked) == 1
    # It is the socket's own address that was asked about.
    assert set(dns.asked) == {("1.0.0.127.in-addr.arpa.", "PTR")}


async def test_behind_a_proxy_what_the_client_has_written_into_the_header_is_nothing(visit, wire):
    for forwarded in (
        f"{CRAWLER}, {STRANGER}",
        f"{CRAWLER},{CRAWLER6} ,192.0.2.1",
        f"{STRANGER}, {CRAWLER}, 192.0.2.9",
    ):
        assert is_ordinary(await visit(forwarded, GOOGLEBOT))
    assert len(wire.metering.asked) == 3
    assert "Set-Cookie" not in (await visit(f"{STRANGER}, {CRAWLER}", GOOGLEBOT)).headers


async def test_a_credential_beats_what_a_robot_says_of_itself(visit, wire):
    for user_agent in (GOOGLEBOT, SLACK):
        answer = await visit(CRAWLER, user_agent, Authorization="Bearer nothing")
        assert answer.status_code == 401
        # Somebody whose session has ended is the guest that he was.
        answer = await visit(CRAWLER, user_agent, Cookie="medcodes_session=ended")
        assert is_ordinary(answer)
    assert len(wire.metering.asked) == 2


async def test_the_api_is_not_for_robots(visit, wire):
    for user_agent in (GOOGLEBOT, SLACK):
        answer = await visit(CRAWLER, user_agent, API_PAGE)
        assert answer.json()["meter"]["charged"] is True
        assert "Medcodes-Receipt" in answer.headers
    assert len(wire.metering.asked) == 2


@pytest.mark.parametrize("trouble", ["silent", "broken", "delay"])
async def test_without_dns_a_crawler_is_an_ordinary_guest_within_the_time(gateway, wire, dns, trouble):
    setattr(dns, trouble, 30.0 if trouble == "delay" else True)
    client = (await gateway(trusted_proxies="127.0.0.1/32", crawler_dns_servers=dns.setting, crawler_dns_seconds=0.4))()
    began = time.monotonic()
    answer = await client.get(PAGE, headers={"X-Forwarded-For": CRAWLER, "User-Agent": GOOGLEBOT})
    assert time.monotonic() - began < 8  # less than the delay
    assert is_ordinary(answer)


async def test_a_slow_dns_keeps_nobody_else_waiting(gateway, dns):
    dns.silent = True
    client = (await gateway(crawler_dns_servers=dns.setting, crawler_dns_seconds=5))()
    crawler = asyncio.create_task(client.get(PAGE, headers={"User-Agent": GOOGLEBOT}))
    while not dns.asked:
        await asyncio.sleep(0.01)
    for _ in range(5):
        assert is_ordinary(await client.get(PAGE, headers={"User-Agent": "Mozilla/5.0", "Cookie": ""}))
        client.cookies.clear()
    assert not crawler.done()
    assert is_ordinary(await crawler)


async def test_switched_off_every_crawler_is_a_guest(gateway, wire, dns):
    off = {"trusted_proxies": "127.0.0.1/32", "crawler_dns_servers": dns.setting, "verify_crawlers": False}
    client = (await gateway(**off))()
    assert is_ordinary(await client.get(PAGE, headers={"X-Forwarded-For": CRAWLER, "User-Agent": GOOGLEBOT}))
    assert dns.asked.total() == 0
    # Previews need no DNS.
    assert "Set-Cookie" not in (await client.get(PAGE, headers={"User-Agent": SLACK})).headers


async def test_a_table_of_ones_own(gateway, wire, dns, tmp_path):
    table = tmp_path / "robots.toml"
    table.write_text('[[search_crawler]]\nagent = "OwnBot"\nnetworks = ["127.0.0.0/8"]\n')
    client = (await gateway(robots_file=table, crawler_dns_servers=dns.setting))()
    assert "Set-Cookie" not in (await client.get(PAGE, headers={"User-Agent": "OwnBot/1.0"})).headers
    assert is_ordinary(await client.get(PAGE, headers={"User-Agent": SLACK}))
    assert dns.asked.total() == 0


async def test_head_of_a_crawler(visit, wire):
    answer = await visit(CRAWLER, GOOGLEBOT, method="HEAD")
    assert (answer.status_code, answer.content) == (200, b"")
    assert "Set-Cookie" not in answer.headers
    assert answer.headers["Vary"] == "user-agent"
    assert wire.metering.asked == []


async def test_a_crawler_gets_the_canonical_address_and_wrong_ones_are_said(visit):
    assert (await visit(CRAWLER, GOOGLEBOT, "/codes/CPT/27250")).headers["Link"] == f'<{PAGE}>; rel="canonical"'
    assert "Link" not in (await visit(CRAWLER, GOOGLEBOT)).headers
    wrong = await visit(CRAWLER, GOOGLEBOT, "/codes/cpt/27250?on=soon")
    assert wrong.status_code == 400


async def test_a_crawler_needs_no_metering(visit, wire):
    wire.metering.failure = Unavailable("away")
    answer = await visit(CRAWLER, GOOGLEBOT)
    assert answer.status_code == 200
    assert '"isAccessibleForFree":false' in answer.text
    assert (await visit(STRANGER, GOOGLEBOT)).status_code == 503


@pytest.mark.parametrize("user_agent", PREVIEWS)
async def test_previews_get_a_teaser(visit, wire, user_agent):
    answer = await visit(STRANGER, user_agent, "/codes/CPT/27250")
    assert answer.status_code == 200
    assert wire.metering.asked == []
    assert "Set-Cookie" not in answer.headers
    assert answer.headers["Vary"] == "user-agent"
    assert answer.headers["Cache-Control"] == "private, no-cache"
    shown = {
        "og:site_name": "Medcodes",
        "og:title": "27250 · CPT",
        "og:description": "No description is loaded for this code.",
    }
    for name, value in shown.items():
        assert f'<meta property="{name}" content="{value}">' in answer.text
    assert '<meta name="twitter:card" content="summary">' in answer.text
    assert f'<link rel="canonical" href="{PAGE}">' in answer.text


async def test_a_teaser_has_nothing_that_search_does_not_show(visit):
    """Every text of the page that is neither its code nor its description."""
    answer, page = await visit(STRANGER, SLACK), hip_page()
    protected = [page.common_language_description.text, page.official_description.copyright]
    protected += [entry.text for section in page.sections for entry in section.entries]
    protected += [section.summary for section in page.sections] + [fact.value + "</dd>" for fact in page.glance]
    protected = [text for text in protected if text and text not in (page.title, page.official_description.text)]
    assert len(protected) > 3
    assert [text for text in protected if text in answer.text] == []


async def test_head_of_a_preview_and_what_is_not_there(visit, wire):
    answer = await visit(STRANGER, SLACK, method="HEAD")
    assert (answer.status_code, answer.content) == (200, b"")
    assert "Set-Cookie" not in answer.headers
    assert wire.metering.asked == []
    assert (await visit(STRANGER, SLACK, "/codes/cpt/2725!")).status_code == 422


async def test_a_teaser_is_never_given_to_people_nor_their_page_to_previews(visit):
    """One address, two pages, one cache: whoever comes first."""
    for user_agent, has_body in ((SLACK, False), ("Mozilla/5.0", True), (SLACK, False), (GOOGLEBOT, True)):
        answer = await visit(CRAWLER, user_agent)
        assert ('class="code-page"' in answer.text) is has_body


async def test_links_in_previews_begin_with_the_public_address(gateway, wire):
    client = (await gateway(public_url="https://codes.example.org"))()
    answer = await client.get(PAGE, headers={"User-Agent": SLACK, "Host": "evil.example"})
    assert f'<meta property="og:url" content="https://codes.example.org{PAGE}">' in answer.text
    assert f'<link rel="canonical" href="https://codes.example.org{PAGE}">' in answer.text
    assert "evil.example" not in answer.text
    # People's pages carry the same.
    assert f'<meta property="og:url" content="https://codes.example.org{PAGE}">' in (await client.get(PAGE)).text
