"""What only this machine can reach."""

from __future__ import annotations

import pytest

from services.standalone.ports import is_loopback


@pytest.mark.parametrize(
    ("host", "expected"),
    [("127.0.0.1", True), ("localhost", True), ("::1", True), ("0.0.0.0", False), ("192.0.2.1", False), ("", False),
     ("::", False), ("codes.example.org", False)],
)  # fmt: skip
def test_loopback(host, expected):
    assert is_loopback(host) is expected
