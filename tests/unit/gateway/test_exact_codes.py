"""Which exact code a query lands on, where ICD-9-CM shares its digits with codes in use."""

from __future__ import annotations

import pytest
from medcodes.catalog.v1 import catalog_pb2
from medcodes.search.v1 import search_pb2

from services.gateway.routes.exact_codes import _meant

HIP = catalog_pb2.CodeRef(system="icd9cm", code="83500", display="835.00", has_page=True)
LAB = catalog_pb2.CodeRef(system="cpt", code="83500", display="83500", has_page=True)


def meant(q, found, **asked):
    return [ref.system for ref in _meant(found, search_pb2.SearchRequest(q=q, **asked))]


@pytest.mark.parametrize("q", ["835.00", " 835.00 ", "83500"])
def test_a_code_of_icd9_alone_opens_no_page(q):
    """Its page would cost a view; search shows what took its place."""
    assert meant(q, [HIP]) == []


def test_digits_without_a_dot_are_those_of_the_code_in_use():
    assert meant("83500", [LAB, HIP]) == ["cpt"]


def test_the_dot_of_icd9_means_no_other_code():
    assert meant("835.00", [LAB, HIP]) == []


@pytest.mark.parametrize("asked", [{"system": "icd9cm"}, {"on": "2015-01-05"}])
def test_whoever_asks_for_icd9_gets_it(asked):
    assert meant("835.00", [HIP], **asked) == ["icd9cm"]
