"""Free ports on loopback."""

from __future__ import annotations

import secrets
import socket
from collections import deque
from ipaddress import ip_address

LOOPBACK = "127.0.0.1"
# Below what systems give to whoever asks for any port or connects (from 32768 on Linux, from 49152 on macOS),
# and below the node ports of Kubernetes: a server that is started again finds its port as it left it.
_CHOICE = range(20_000, 30_000)
_TRIES = 1000
_KEPT = 128  # reservations of one process, the newest; each takes a file descriptor

_reservations: deque[socket.socket] = deque()


def free_port() -> int:
    """A port that nobody listens on. It stays reserved for this process: no other that asks here is given it. Whoever
    uses it must still be ready to find it taken by somebody else."""
    for _ in range(_TRIES):
        port = secrets.choice(_CHOICE)
        if reserve(port):
            return port
    raise OSError(f"no port from {_CHOICE.start} to {_CHOICE.stop - 1} is free")


def reserve(port: int) -> bool:
    """Takes the UDP port of the same number, which nothing else uses, as the sign that the port is somebody's. False if
    it is another's, or in use."""
    sign = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    try:
        sign.bind((LOOPBACK, port))
    except OSError:
        sign.close()
        return False
    if not is_free(LOOPBACK, port):
        sign.close()
        return False
    _reservations.append(sign)
    if len(_reservations) > _KEPT:
        _reservations.popleft().close()
    return True


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
