"""The network that a request comes from, as a name that means nothing to others and changes every day."""

from __future__ import annotations

import base64
import hmac
from collections.abc import Mapping, Sequence
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Any

Network = IPv4Network | IPv6Network
Address = IPv4Address | IPv6Address

IPV4_PREFIX, IPV6_PREFIX = 24, 56
DAY_SECONDS = 24 * 3600
TOKEN_BYTES = 15
MAX_HOPS = 32
KEPT = 4096
DNS_PORT = 53


def networks(text: str) -> tuple[Network, ...]:
    """The networks of a comma-separated list. Raises ValueError, naming the one that is none."""
    return tuple(ip_network(part.strip()) for part in text.split(",") if part.strip())


def dns_servers(text: str) -> list[tuple[str, int]]:
    """(address, port) for each of a comma-separated list: `10.0.0.53, 127.0.0.1:5353, [fd00::53]:5353`.

    Raises ValueError, naming the one that is none.
    """
    return [_dns_server(part.strip()) for part in text.split(",") if part.strip()]


class Networks:
    """Names the client's network. Addresses themselves are not kept, beyond a small memory of this process.

    The client is the socket's peer. Only where that is one of `trusted` proxies, X-Forwarded-For counts: its
    right-most address that is no trusted proxy, because everything to the left of it is what the client says.
    """

    def __init__(self, key: bytes, trusted: Sequence[Network] = ()) -> None:
        self._key, self._trusted = key, tuple(trusted)
        self._named = lru_cache(maxsize=KEPT)(self._name)

    def token(self, scope: Mapping[str, Any], now: float) -> str:
        """20 characters of base64url, the same for a day (UTC) and an IPv4 /24 or IPv6 /56; "" for loopback."""
        peer = scope.get("client")
        if not peer:
            return ""
        if not self._trusted:
            return self._named(peer[0], int(now // DAY_SECONDS))
        return self._named(self.client(peer[0], _forwarded(scope["headers"])), int(now // DAY_SECONDS))

    def address(self, scope: Mapping[str, Any]) -> Address | None:
        """The client's address itself, to ask DNS about."""
        peer = scope.get("client")
        return _address(self.client(peer[0], _forwarded(scope["headers"]))) if peer else None

    def client(self, peer: str, forwarded: bytes) -> str:
        """The client's address."""
        found = peer
        hops = forwarded.decode("latin-1").split(",")[-MAX_HOPS:] if forwarded else []
        while hops and self._is_trusted(found):
            hop = _without_port(hops.pop().strip())
            if _address(hop) is None:
                break
            found = hop
        return found

    def _is_trusted(self, text: str) -> bool:
        address = _address(text)
        return address is not None and any(address in network for network in self._trusted)

    def _name(self, text: str, day: int) -> str:
        address = _address(text)
        if address is None or address.is_loopback:
            return ""
        prefix = IPV4_PREFIX if address.version == 4 else IPV6_PREFIX
        network = ip_network((address, prefix), strict=False)
        digest = hmac.digest(self._key, f"network:{day}:{network}".encode(), "sha256")
        return base64.urlsafe_b64encode(digest[:TOKEN_BYTES]).decode()


def _forwarded(headers: Sequence[tuple[bytes, bytes]]) -> bytes:
    return b",".join(value for name, value in headers if name == b"x-forwarded-for")


def _address(text: str) -> Address | None:
    try:
        found = ip_address(text)
    except ValueError:
        return None
    return (found.ipv4_mapped or found) if isinstance(found, IPv6Address) else found


def _without_port(text: str) -> str:
    if text.startswith("["):
        return text[1:].partition("]")[0]
    host, colon, _ = text.partition(":")
    return host if colon and text.count(":") == 1 else text


def _dns_server(text: str) -> tuple[str, int]:
    host, port = text, ""
    if text.startswith("["):
        host, closed, port = text[1:].partition("]")
        host, port = host if closed else text, port.removeprefix(":")
    elif text.count(":") == 1:
        host, _, port = text.partition(":")
    number = int(port or DNS_PORT)
    if not 0 < number < 2**16:
        raise ValueError(f"{text!r} has no port between 1 and 65535")
    return str(ip_address(host)), number
