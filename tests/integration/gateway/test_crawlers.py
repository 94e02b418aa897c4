"""Finding out who is a search crawler, over real DNS packets: who lies, who is slow, and how often anybody is asked."""

from __future__ import annotations

import asyncio
import time
from ipaddress import ip_address, ip_network

import pytest

from services.common.errors import Unavailable
from services.gateway.adapters.dns_client import DnsClient
from services.gateway.robots import crawlers as crawlers_module
from services.gateway.robots.crawlers import Crawlers
from services.gateway.robots.robot import SearchCrawler
from services.standalone.ports import free_port
from tests import dns_server

BOT = SearchCrawler("Googlebot", ("googlebot.com",))
V4, V6 = ip_address("66.249.66.1"), ip_address("2001:4860:4801:10::1")
NAME, NAME6 = "crawl-66-249-66-1.googlebot.com", "crawl-6.googlebot.com"
SECONDS = 10.0
# Where there will be no answer, and what a machine that tests share may add to that: together less than the five
# seconds that the library would take by itself.
SHORT, SLACK = 1.0, 3.5


@pytest.fixture
async def dns():
    async with dns_server.running() as server:
        server.crawler(str(V4), NAME)
        server.crawler(str(V6), NAME6)
        yield server


def client(server, seconds=SECONDS) -> DnsClient:
    return DnsClient([(dns_server.HOST, server.port)], seconds)


class Clock:
    """Stands still until a test moves it."""

    now = 1000.0

    def __call__(self) -> float:
        return self.now


def crawlers(server, seconds=SECONDS, clock=time.monotonic) -> Crawlers:
    return Crawlers(client(server, seconds), seconds, clock)


async def test_records_of_every_kind_with_how_long_they_hold(dns):
    found = await client(dns).names(V4)
    assert (found.values, found.seconds) == ((NAME,), dns_server.TTL)
    assert (await client(dns).names(V6)).values == (NAME6,)
    assert (await client(dns).addresses(NAME, 4)).values == (V4,)
    assert (await client(dns).addresses(NAME6, 6)).values == (V6,)


async def test_names_come_in_lower_case_and_several(dns):
    dns.name(str(V4), "Crawl.GoogleBot.com", "other.example")
    assert sorted((await client(dns).names(V4)).values) == ["crawl.googlebot.com", "other.example"]


async def test_what_does_not_exist_is_no_failure(dns):
    assert (await client(dns).names(ip_address("192.0.2.1"))).values == ()
    assert (await client(dns).addresses("nothing.googlebot.com", 4)).values == ()
    # The name is there, and has no address of this kind.
    assert (await client(dns).addresses(NAME, 6)).values == ()


async def test_an_answer_too_long_for_udp_is_fetched_over_tcp(dns):
    dns.truncating = True
    assert (await client(dns).addresses(NAME, 4)).values == (V4,)
    assert dns.tcp_asked == 1


@pytest.mark.parametrize("trouble", ["silent", "broken"])
async def test_trouble_is_said_in_time(dns, trouble):
    setattr(dns, trouble, True)
    began = time.monotonic()
    with pytest.raises(Unavailable):
        await client(dns, SHORT).names(V4)
    assert time.monotonic() - began < SHORT + SLACK


async def test_a_server_that_is_not_there_is_passed_over_for_the_next(dns):
    gone = (dns_server.HOST, free_port())
    with pytest.raises(Unavailable):
        await DnsClient([gone], SHORT).names(V4)
    assert (await DnsClient([gone, (dns_server.HOST, dns.port)], SECONDS).names(V4)).values == (NAME,)


@pytest.mark.parametrize("address", [V4, V6])
async def test_a_genuine_crawler(dns, address):
    assert await crawlers(dns).is_genuine(BOT, address)


async def test_an_address_without_a_name_is_nobody(dns):
    assert not await crawlers(dns).is_genuine(BOT, ip_address("192.0.2.1"))


async def test_a_name_that_does_not_lead_back_is_a_lie(dns):
    """Whoever owns an address may call it a crawler; only Google says which addresses its names have."""
    liar = ip_address("192.0.2.66")
    dns.name(str(liar), NAME)
    assert not await crawlers(dns).is_genuine(BOT, liar)
    dns.name(str(liar), "made-up.googlebot.com")
    assert not await crawlers(dns).is_genuine(BOT, liar)


@pytest.mark.parametrize("name", ["crawl.notgooglebot.com", "googlebot.com.evil.example", "search.msn.com"])
async def test_a_name_elsewhere_is_refused_without_asking_there(dns, name):
    stranger = ip_address("192.0.2.67")
    dns.crawler(str(stranger), name)
    assert not await crawlers(dns).is_genuine(BOT, stranger)
    assert (f"{name}.", "A") not in dns.asked


async def test_a_lie_beside_the_truth_and_many_names(dns):
    dns.name(str(V4), "a.evil.example", "made-up.googlebot.com", NAME)
    assert await crawlers(dns).is_genuine(BOT, V4)
    # Nobody can make the gateway ask for as many names as he has.
    dns.name(str(V4), *(f"n{number}.googlebot.com" for number in range(9)))
    before = dns.asked.total()
    assert not await crawlers(dns).is_genuine(BOT, V4)
    assert dns.asked.total() - before == 1 + crawlers_module.MOST_NAMES


async def test_a_verdict_is_kept_and_found_out_once(dns):
    dns.delay = 0.05
    asked = crawlers(dns)
    assert await asyncio.gather(*(asked.is_genuine(BOT, V4) for _ in range(20))) == [True] * 20
    assert dns.asked.total() == 2
    stranger = ip_address("192.0.2.1")
    for _ in range(3):
        assert not await asked.is_genuine(BOT, stranger)
        assert await asked.is_genuine(BOT, V4)
    assert dns.asked.total() == 3


@pytest.mark.parametrize(("ttl", "seconds"), [(0, crawlers_module.SHORTEST), (300, 300)])
async def test_a_verdict_ends_with_the_records(dns, ttl, seconds):
    dns.ttl, clock = ttl, Clock()
    asked = crawlers(dns, clock=clock)
    assert await asked.is_genuine(BOT, V4)
    dns.records.clear()
    clock.now += seconds - 1
    assert await asked.is_genuine(BOT, V4)
    clock.now += 1
    assert not await asked.is_genuine(BOT, V4)


async def test_verdicts_are_of_one_crawler_and_bounded(dns, monkeypatch):
    monkeypatch.setattr(crawlers_module, "MOST_KEPT", 4)
    asked = crawlers(dns)
    assert await asked.is_genuine(BOT, V4)
    assert not await asked.is_genuine(SearchCrawler("bingbot", ("search.msn.com",)), V4)
    for number in range(8):
        assert not await asked.is_genuine(BOT, ip_address(f"192.0.2.{number}"))
    assert len(asked) == 4


@pytest.mark.parametrize("trouble", ["silent", "broken"])
async def test_without_dns_nobody_is_a_crawler_and_it_is_asked_again_later(dns, trouble):
    setattr(dns, trouble, True)
    clock, seconds = Clock(), 3 * SHORT  # as there will be an answer in the end
    asked = crawlers(dns, seconds, clock)
    began = time.monotonic()
    assert not await asked.is_genuine(BOT, V4)
    assert time.monotonic() - began < seconds + SLACK
    setattr(dns, trouble, False)
    before = dns.asked.total()
    assert not await asked.is_genuine(BOT, V4)
    assert dns.asked.total() == before
    clock.now += crawlers_module.FAILED
    assert await asked.is_genuine(BOT, V4)


async def test_the_time_is_for_all_questions_together(dns):
    dns.delay = SHORT * 0.35
    dns.name(str(V4), "a.googlebot.com", "b.googlebot.com", "c.googlebot.com")
    began = time.monotonic()
    assert not await crawlers(dns, SHORT).is_genuine(BOT, V4)
    assert time.monotonic() - began < SHORT + SLACK
    # Each question alone would have been answered in time.
    assert dns.asked.total() <= 3


async def test_a_flood_of_claims_asks_only_so_much_at_once(dns, monkeypatch):
    monkeypatch.setattr(crawlers_module, "MOST_CHECKS", 5)
    dns.silent = True
    asked = crawlers(dns, SHORT)
    began = time.monotonic()
    claims = [asyncio.create_task(asked.is_genuine(BOT, ip_address(f"198.51.100.{number}"))) for number in range(50)]
    await asyncio.sleep(0)
    assert sum(claim.done() for claim in claims) == 45
    assert not any(await asyncio.gather(*claims))
    assert time.monotonic() - began < SHORT + SLACK


async def test_published_addresses_need_no_dns(dns):
    duck = SearchCrawler("DuckDuckBot", networks=(ip_network("192.0.2.0/28"),))
    assert await crawlers(dns).is_genuine(duck, ip_address("192.0.2.7"))
    assert not await crawlers(dns).is_genuine(duck, V4)
    assert dns.asked.total() == 0


async def test_one_who_leaves_does_not_take_the_verdict_from_others(dns):
    dns.delay = 0.1
    asked = crawlers(dns)
    one, other = (asyncio.create_task(asked.is_genuine(BOT, V4)) for _ in range(2))
    await asyncio.sleep(0.02)
    one.cancel()
    assert await other
