"""What only this machine can reach, and ports that nobody else is given."""

from __future__ import annotations

import socket
import subprocess
import sys

import pytest

from services.standalone.ports import LOOPBACK, free_port, is_loopback, reserve
from tests.machine import ROOT


@pytest.mark.parametrize(
    ("host", "expected"),
    [("127.0.0.1", True), ("localhost", True), ("::1", True), ("0.0.0.0", False), ("192.0.2.1", False), ("", False),
     ("::", False), ("codes.example.org", False)],
)  # fmt: skip
def test_loopback(host, expected):
    assert is_loopback(host) is expected


def test_a_port_is_given_once():
    assert len({free_port() for _ in range(100)}) == 100


def test_what_listens_takes_its_port_and_starts_again_on_it():
    port = free_port()
    for _ in range(3):
        with socket.create_server((LOOPBACK, port)):
            assert not reserve(port)


def test_another_process_is_not_given_it_until_this_one_ends():
    asked = "from services.standalone.ports import free_port; print(free_port(), flush=True); input()"
    with subprocess.Popen(
        [sys.executable, "-c", asked], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as other:
        port = int(other.stdout.readline())
        assert not reserve(port)
        other.communicate("\n")
    assert reserve(port)


def test_a_port_in_use_is_not_reserved():
    with socket.create_server((LOOPBACK, 0)) as server:
        assert not reserve(server.getsockname()[1])
