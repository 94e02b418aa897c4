"""What those who attack a running machine need: raw sockets, the mails that it sent, networks to come from."""

from __future__ import annotations

import contextlib
import re
import socket
import time
from typing import NamedTuple

import httpx

from tests.machine import HEARD_SECONDS

CROSS_SITE = {"Sec-Fetch-Site": "cross-site", "Origin": "https://elsewhere.example"}
SCRIPT = "<script>alert(1)</script>"


class Exchange(NamedTuple):
    """What came back over a raw connection, and whether the server closed it."""

    answer: bytes
    closed: bool
    seconds: float

    @property
    def statuses(self) -> list[int]:
        return [int(found) for found in re.findall(rb"HTTP/1\.[01] (\d{3})", self.answer)]


def exchange(machine, *pieces: bytes, pause: float = 0.0, patience: float = 12.0) -> Exchange:
    """Sends the pieces with a pause after each, then reads until the server closes or `patience` is over."""
    began, answer, closed = time.monotonic(), b"", False
    with socket.create_connection(("127.0.0.1", machine.port), timeout=patience) as connection:
        try:
            for piece in pieces:
                connection.sendall(piece)
                time.sleep(pause)
            while time.monotonic() - began < patience:
                received = connection.recv(65536)
                if not received:
                    closed = True
                    break
                answer += received
        except TimeoutError:
            pass
        except ConnectionError:
            closed = True
    return Exchange(answer, closed, time.monotonic() - began)


def from_network(number: int, host: int = 1) -> dict[str, str]:
    """The header by which a trusted proxy says where a request comes from: of the addresses for documentation."""
    return {"X-Forwarded-For": f"2001:db8:{number:x}::{host:x}"}


def mailed_token(client: httpx.Client, address: str, page: str, seconds: float = 60) -> str:
    """The token of the newest link to `page` that was mailed to an address."""
    began = time.monotonic()
    while True:
        for mail in client.get("/dev/mail").text.split("<article")[1:]:
            found = re.search(rf"/{page}\?token=([^\"&<\s]+)", mail)
            if address in mail and found:
                return found[1]
        assert time.monotonic() - began < seconds, f"no mail to {address} with a link to {page}"
        time.sleep(0.1)


def is_over(machine, token: str) -> bool:
    """Whether a session ends now: what ends it elsewhere than at the gateway is told to the gateway by an event."""
    began = time.monotonic()
    while is_alive(machine, token):
        if time.monotonic() - began > HEARD_SECONDS:
            return False
        time.sleep(0.02)
    return True


def is_alive(machine, token: str) -> bool:
    """Whether a session's token opens its account."""
    with machine.client(headers={"Authorization": f"Bearer {token}"}) as program:
        status = program.get("/api/v1/account").status_code
    assert status in (200, 401)
    return status == 200


@contextlib.contextmanager
def held_open(machine, number: int):
    """So many connections on which nothing is said."""
    with contextlib.ExitStack() as stack:
        for _ in range(number):
            stack.enter_context(socket.create_connection(("127.0.0.1", machine.port), timeout=30))
        yield
