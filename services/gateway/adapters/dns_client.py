"""DNS, asked with dnspython."""

from __future__ import annotations

from collections.abc import Sequence
from ipaddress import ip_address

import dns.asyncresolver
import dns.exception
import dns.name
import dns.nameserver
import dns.resolver
import dns.reversename

from services.common.errors import Unavailable

from ..ports import Records
from ..visitors.networks import Address

# A second server, or the same once more, is asked after this share of the time.
TRY_SHARE = 0.4


class DnsClient:
    """Fills the port `Dns`. Asks `servers` (address, port), or where there are none those of this machine.

    Has no cache: verdicts are kept, not records.
    """

    def __init__(self, servers: Sequence[tuple[str, int]], seconds: float) -> None:
        self._servers, self._seconds = servers, seconds
        self._made: dns.asyncresolver.Resolver | None = None

    async def names(self, address: Address) -> Records[str]:
        found = await self._ask(dns.reversename.from_address(str(address)), "PTR")
        return Records(tuple(each.rstrip(".").lower() for each in found.values), found.seconds)

    async def addresses(self, name: str, version: int) -> Records[Address]:
        found = await self._ask(dns.name.from_text(name), "A" if version == 4 else "AAAA")
        return Records(tuple(ip_address(each) for each in found.values), found.seconds)

    async def _ask(self, name: dns.name.Name, kind: str) -> Records[str]:
        try:
            answer = await self._resolver().resolve(name, kind, lifetime=self._seconds, search=False)
        except (dns.resolver.NXDOMAIN, dns.resolver.NoAnswer):
            return Records((), 0)
        except (dns.exception.DNSException, OSError) as error:
            raise Unavailable(f"DNS does not answer: {type(error).__name__}") from None
        return Records(tuple(each.to_text() for each in answer), answer.chaining_result.minimum_ttl)

    def _resolver(self) -> dns.asyncresolver.Resolver:
        """Made when first needed: most installations never ask, and /etc/resolv.conf may be missing there."""
        if self._made is None:
            made = dns.asyncresolver.Resolver(configure=not self._servers)
            if self._servers:
                made.nameservers = [dns.nameserver.Do53Nameserver(host, port) for host, port in self._servers]
            made.timeout = self._seconds * TRY_SHARE
            self._made = made
        return self._made
