"""The protos name every reason that a service gives with its errors."""

from __future__ import annotations

import re

import pytest

from tests.unit.docs import pages

_A_REASON = re.compile(r'\b(?:default_)?reason ?= ?"([A-Z_]+)"')


@pytest.mark.parametrize("service", ["accounts", "metering"])
def test_every_reason_is_in_the_contract(service):
    sources = (pages.ROOT / "services" / service).rglob("*.py")
    given = {reason for source in sources for reason in _A_REASON.findall(source.read_text())}
    contract = "".join(proto.read_text() for proto in (pages.ROOT / "protos/medcodes" / service).rglob("*.proto"))
    assert given
    assert {reason for reason in given if not re.search(rf"\b{reason}\b", contract)} == set()
