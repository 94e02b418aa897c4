"""The value of the catalog's `current` key."""

from __future__ import annotations

import json

import pytest

from services.search.index_keeper import release_id

ID = "0f" * 32


@pytest.mark.parametrize("value", [ID, f" {ID}\n", json.dumps(ID), json.dumps({"release": ID, "serial": 1})])
def test_the_id_is_read_from_either_form(value):
    assert release_id(value.encode()) == ID


@pytest.mark.parametrize("value", [b"", b"{}", b"  "])
def test_no_id(value):
    assert release_id(value) == ""


def test_digits_alone_are_an_id():
    assert release_id(b"1" * 64) == "1" * 64
