"""Robots by the names that they give themselves. Whether a name is true, `crawlers.py` finds out."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

from ..visitors.networks import Address, Network

MAX_USER_AGENT = 512
KEPT = 1024

_HOST = re.compile(r"[a-z0-9_-]+(\.[a-z0-9_-]+)+")


@dataclass(frozen=True, slots=True)
class SearchCrawler:
    """Known by DNS: `hosts` are what names of its addresses end in, in lower case; `networks` need no DNS."""

    agent: str
    hosts: tuple[str, ...] = ()
    networks: tuple[Network, ...] = ()

    def has_host(self, name: str) -> bool:
        """Whether a host's name, in lower case and without the last dot, stands below one of its own."""
        # A dot within a label is written with a backslash, which is no host's name.
        return bool(_HOST.fullmatch(name)) and any(name == host or name.endswith("." + host) for host in self.hosts)

    def has_address(self, address: Address) -> bool:
        return any(address in network for network in self.networks)


@dataclass(frozen=True, slots=True)
class LinkPreview:
    """Fetches a page because somebody has put its address into a message, to show what it is about."""

    agent: str


Robot = SearchCrawler | LinkPreview


class Robots:
    """Which robot a request says that it comes from. Costs everybody else one look for the User-Agent."""

    def __init__(self, robots: Iterable[Robot]) -> None:
        self._robots = {robot.agent.lower().encode(): robot for robot in robots}
        # Of two names that begin at the same place the longer one is meant.
        names = b"|".join(re.escape(name) for name in sorted(self._robots, key=len, reverse=True))
        self._pattern = re.compile(rb"(?<![a-z0-9])(?:%b)(?![a-z0-9])" % names if names else rb"(?!)", re.IGNORECASE)
        # Browsers share few names, and looking one up costs a tenth of searching it.
        self._named = lru_cache(maxsize=KEPT)(self._search)

    def claimed(self, headers: Sequence[tuple[bytes, bytes]]) -> Robot | None:
        """`headers` with names in lower case."""
        for name, value in headers:
            if name == b"user-agent":
                return self._named(value[:MAX_USER_AGENT])
        return None

    def _search(self, user_agent: bytes) -> Robot | None:
        found = self._pattern.search(user_agent)
        return self._robots[found[0].lower()] if found else None
