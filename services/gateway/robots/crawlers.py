"""Whether a robot is the search crawler that it says it is: by the names of its address, and the addresses of those.

The rule is the search engines' own: the address's name (PTR) must be one of theirs, and that name must lead back to the
address (A, AAAA), because whoever has an address may call it what he likes, but only the engine's own zone can say
which addresses its names have.
"""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from collections.abc import Callable
from typing import NamedTuple

from prometheus_client import Counter

from services.common.errors import Unavailable

from ..ports import Dns
from ..visitors.networks import Address
from .robot import SearchCrawler

MOST_KEPT = 10_000
MOST_CHECKS = 64
MOST_NAMES = 3  # of one address; more are nobody's crawler

# For how long a verdict holds: as long as the records do, within these bounds, in seconds.
SHORTEST, LONGEST, LONGEST_REFUTED = 60.0, 24 * 3600.0, 600.0
FAILED = 30.0

_checks = Counter("gateway_crawler_checks", "Claims to be a search crawler that DNS was asked about.", ["outcome"])
_verified, _refuted = _checks.labels("verified"), _checks.labels("refuted")
_dns_failed, _too_many = _checks.labels("dns_failed"), _checks.labels("too_many")


class Verdict(NamedTuple):
    """`seconds`: for how long it holds."""

    genuine: bool
    seconds: float


class Crawlers:
    """Verdicts about crawlers' addresses, each found out once by however many requests wait for it.

    A check takes at most `seconds`. Whatever goes wrong, the verdict is no: the robot is an ordinary guest then.
    """

    def __init__(self, dns: Dns, seconds: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._dns, self._seconds, self._clock = dns, seconds, clock
        self._kept: OrderedDict[tuple[str, Address], tuple[bool, float]] = OrderedDict()
        self._under_way: dict[tuple[str, Address], asyncio.Task[bool]] = {}

    def __len__(self) -> int:
        return len(self._kept)

    async def is_genuine(self, crawler: SearchCrawler, address: Address) -> bool:
        if crawler.has_address(address) or not crawler.hosts:
            return crawler.has_address(address)
        key = (crawler.agent, address)
        kept = self._kept.get(key)
        if kept and self._clock() < kept[1]:
            self._kept.move_to_end(key)
            return kept[0]
        check = self._under_way.get(key)
        if check is None:
            if len(self._under_way) >= MOST_CHECKS:
                _too_many.inc()
                return False
            check = self._under_way[key] = asyncio.create_task(self._check(crawler, address))
            check.add_done_callback(lambda _: self._under_way.pop(key))
        return await asyncio.shield(check)

    async def _check(self, crawler: SearchCrawler, address: Address) -> bool:
        try:
            async with asyncio.timeout(self._seconds):
                verdict = await self._verdict(crawler, address)
            (_verified if verdict.genuine else _refuted).inc()
        except (TimeoutError, Unavailable):
            verdict = Verdict(genuine=False, seconds=FAILED)
            _dns_failed.inc()
        self._kept[crawler.agent, address] = verdict.genuine, self._clock() + verdict.seconds
        self._kept.move_to_end((crawler.agent, address))
        while len(self._kept) > MOST_KEPT:
            self._kept.popitem(last=False)
        return verdict.genuine

    async def _verdict(self, crawler: SearchCrawler, address: Address) -> Verdict:
        """Raises Unavailable where DNS does not say. Names of others are not asked about."""
        names = await self._dns.names(address)
        for name in [name for name in names.values if crawler.has_host(name)][:MOST_NAMES]:
            found = await self._dns.addresses(name, address.version)
            if address in found.values:
                return Verdict(genuine=True, seconds=_within(min(names.seconds, found.seconds), LONGEST))
        return Verdict(genuine=False, seconds=_within(names.seconds, LONGEST_REFUTED))


def _within(seconds: float, longest: float) -> float:
    return min(max(seconds, SHORTEST), longest)
