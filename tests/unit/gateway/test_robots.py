"""Robots are known by their names, and the table of them says what is wrong with it."""

from __future__ import annotations

from ipaddress import ip_address

import pytest

from services.gateway.adapters.robots_file import RobotsFileError, load_robots
from services.gateway.robots.robot import LinkPreview, Robots, SearchCrawler
from services.gateway.visitors.networks import dns_servers

GOOGLEBOT = "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)"
BINGBOT = (
    "Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko; compatible; bingbot/2.0; +http://www.bing.com/bingbot.htm)"
)
APPLEBOT = (
    "Mozilla/5.0 (Macintosh) AppleWebKit/605 Version/17.4 Safari/605 (Applebot/0.1; +http://www.apple.com/go/applebot)"
)
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:144.0) Gecko/20100101 Firefox/144.0"

ROBOTS = Robots(load_robots(None))


def claimed(user_agent: str) -> str:
    found = ROBOTS.claimed([(b"accept", b"*/*"), (b"user-agent", user_agent.encode())])
    return found.agent if found else ""


@pytest.mark.parametrize(
    ("user_agent", "agent"),
    [
        (GOOGLEBOT, "Googlebot"),
        (GOOGLEBOT.lower(), "Googlebot"),
        ("Googlebot-Image/1.0", "Googlebot"),
        (BINGBOT, "bingbot"),
        (APPLEBOT, "Applebot"),
        ("Slackbot-LinkExpanding 1.0 (+https://api.slack.com/robots)", "Slackbot-LinkExpanding"),
        ("Twitterbot/1.0", "Twitterbot"),
        ("facebookexternalhit/1.1 Facebot Twitterbot/1.0", "facebookexternalhit"),
        ("LinkedInBot/1.0 (compatible; Mozilla/5.0; Apache-HttpClient +http://www.linkedin.com)", "LinkedInBot"),
        ("Mozilla/5.0 (compatible; Discordbot/2.0; +https://discordapp.com)", "Discordbot"),
        ("WhatsApp/2.23.20.0 A", "WhatsApp"),
        ("TelegramBot (like TwitterBot)", "TelegramBot"),
        ("Mozilla/5.0 (Windows NT 6.1; WOW64) SkypeUriPreview Preview/0.5", "SkypeUriPreview"),
        (FIREFOX, ""),
        # What people read in: the clients of the same networks.
        ("Mozilla/5.0 (iPhone) Mobile/15E148 [FBAN/FBIOS;FBAV/443.0]", ""),
        ("Mozilla/5.0 (Macintosh) Slack_SSB/4.36 Chrome/120 Electron/28", ""),
        ("Mozilla/5.0 (Windows NT 10.0) discord/1.0.9 Chrome/108", ""),
        ("Mozilla/5.0 (iPhone) [LinkedInApp]/9.27", ""),
        ("NotGooglebot/1.0", ""),
        ("Googlebots/1.0", ""),
        ("", ""),
        ("x" * 600 + " Googlebot/2.1", ""),
    ],
)
def test_a_robot_is_known_by_its_name(user_agent, agent):
    assert claimed(user_agent) == agent


def test_the_first_name_decides_and_the_longer_one_is_meant():
    robots = Robots([LinkPreview("Slackbot"), LinkPreview("Slackbot-LinkExpanding"), SearchCrawler("Googlebot")])
    for user_agent, agent in (
        (b"Slackbot-LinkExpanding Googlebot", "Slackbot-LinkExpanding"),
        (b"Slackbot 1", "Slackbot"),
    ):
        assert robots.claimed([(b"user-agent", user_agent)]).agent == agent
    assert robots.claimed([(b"user-agent", b"Googlebot Slackbot")]).agent == "Googlebot"


def test_nobody_is_a_robot_without_a_name():
    assert ROBOTS.claimed([(b"from", b"googlebot(at)googlebot.com"), (b"x-user-agent", b"Googlebot")]) is None
    assert Robots([]).claimed([(b"user-agent", b"Googlebot")]) is None


@pytest.mark.parametrize(
    ("name", "is_its"),
    [
        ("crawl-66-249-66-1.googlebot.com", True),
        ("geo-crawl-1.geo.googlebot.com", True),
        ("googlebot.com", True),
        ("notgooglebot.com", False),
        ("googlebot.com.evil.example", False),
        ("crawl.googlebot.com.", False),
        ("a.googlebot.co", False),
        # A label with a dot in it, as DNS writes it: its domain is `com`.
        ("evil\\.googlebot.com", False),
        ("", False),
    ],
)
def test_a_crawlers_host_stands_below_its_own(name, is_its):
    assert SearchCrawler("Googlebot", ("googlebot.com",)).has_host(name) is is_its


def test_the_table_that_comes_along():
    """What is rented or fetched for users has names below these, and must not be let in."""
    found = load_robots(None)
    crawlers = [robot for robot in found if isinstance(robot, SearchCrawler)]
    assert {"Googlebot", "bingbot", "Applebot"} <= {robot.agent for robot in crawlers}
    for stranger in ("google-proxy-66-249-81-1.google.com", "1.2.3.4.bc.googleusercontent.com", "a.yandexcloud.net",
                     "1-2-3-4.gae.googleusercontent.com", "vm.cloudapp.azure.com"):  # fmt: skip
        assert not any(robot.has_host(stranger) for robot in crawlers)
    assert len([robot for robot in found if isinstance(robot, LinkPreview)]) >= 8


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[[search_crawler]\n", "is not TOML"),
        ('[[search_crawler]]\nagent = "Bot-1"\n', "`hosts` or `networks`"),
        ('[[search_crawler]]\nagent = "Bot-1"\nhosts = ["com"]\n', "search_crawler number 1 hosts number 1"),
        ('[[search_crawler]]\nagent = "Bot-1"\nhosts = [".bot.example"]\n', "hosts number 1"),
        ('[[search_crawler]]\nagent = "Bot-1"\nnetworks = ["192.0.2.1/8"]\n', "networks"),
        ('[[search_crawler]]\nagent = "o"\nhosts = ["bot.example"]\n', "agent"),
        ('[[link_preview]]\nagent = "Bot-1"\nhosts = ["bot.example"]\n', "link_preview number 1 hosts"),
        ('[[link_preview]]\nagent = "Bot-1"\n[[link_preview]]\nagent = "bot-1"\n', "two robots named bot-1"),
        ('[[robots]]\nagent = "Bot-1"\n', "robots"),
    ],
)
def test_a_wrong_table_is_named_with_the_place(tmp_path, text, said):
    path = tmp_path / "robots.toml"
    path.write_text(text)
    with pytest.raises(RobotsFileError) as failure:
        load_robots(path)
    assert said in failure.value.message
    assert str(path) in failure.value.message


def test_a_table_of_ones_own(tmp_path):
    path = tmp_path / "robots.toml"
    path.write_text('[[search_crawler]]\nagent = "DuckDuckBot"\nnetworks = ["192.0.2.0/28", "2001:db8::/64"]\n')
    (crawler,) = load_robots(path)
    assert crawler.has_address(ip_address("192.0.2.7"))
    assert crawler.has_address(ip_address("2001:db8::7"))
    assert not crawler.has_address(ip_address("192.0.2.16"))
    with pytest.raises(RobotsFileError, match="cannot be read"):
        load_robots(tmp_path / "nothing.toml")


def test_dns_servers_with_and_without_ports():
    assert dns_servers("10.0.0.53, 127.0.0.1:5353,[fd00::53]:5353, fd00::54,") == [
        ("10.0.0.53", 53), ("127.0.0.1", 5353), ("fd00::53", 5353), ("fd00::54", 53)
    ]  # fmt: skip
    for wrong in ("dns.example", "10.0.0.53:0", "10.0.0.53:x", "10.0.0.53:70000", "[fd00::53"):
        with pytest.raises(ValueError, match=r".+"):
            dns_servers(f"10.0.0.53, {wrong}")
