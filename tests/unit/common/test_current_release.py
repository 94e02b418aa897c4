"""The value of the catalog's `current` key."""

from __future__ import annotations

import json

import pytest

from services.catalog.adapters.release_store import Current
from services.common.current_release import current_release

ID = "0f" * 32


def test_what_the_catalog_writes_is_read():
    assert current_release(Current(ID, "ab" * 32, 7, previous="1e" * 32, rollback=True).to_bytes()) == ID


@pytest.mark.parametrize("value", [{"release": ID}, {"release": ID, "serial": 1, "more": []}])
def test_fields_may_come_and_go(value):
    assert current_release(json.dumps(value).encode()) == ID


@pytest.mark.parametrize(
    "value",
    [
        b"",
        b"  ",
        b"{}",
        b"{",
        b"[]",
        b"null",
        b"\xff\xfe",
        ID.encode(),
        json.dumps(ID).encode(),
        b"1" * 64,
        b'{"release": ""}',
        b'{"release": null}',
        b'{"release": 5}',
        b'{"release": ["a"]}',
    ],
)
def test_anything_else_names_no_release(value):
    assert current_release(value) is None
