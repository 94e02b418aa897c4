"""Free ports on loopback."""

from __future__ import annotations

import socket
from ipaddress import ip_address

LOOPBACK = "127.0.0.1"


def free_port() -> int:
    """A port that was free a moment ago. Whoever uses it must still be ready to find it taken."""
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        return int(probe.getsockname()[1])


def is_free(host: str, port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
    return True


def is_loopback(host: str) -> bool:
    """Whether what listens on this host name or address can be reached from this machine only."""
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
