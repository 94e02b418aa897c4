"""What a URL says about a cluster, and what is never said of it."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from services.search.adapters.opensearch_address import address
from services.search.adapters.opensearch_engine import least_free
from services.search.settings import SearchSettings


def test_everything_that_a_url_can_say():
    found = address("https://coder:p%40ss%2Fword@one:9201,[::1]:9202,three/codes-1")
    assert found.hosts == (("one", 9201), ("[::1]", 9202), ("three", 9200))
    assert (found.tls, found.prefix, found.credentials) == (True, "codes-1", ("coder", "p@ss/word"))


def test_what_is_left_out():
    found = address("opensearch://localhost")
    assert (found.hosts, found.tls, found.prefix, found.credentials) == (
        (("localhost", 9200),),
        False,
        "medcodes",
        None,
    )


def test_the_password_is_not_shown():
    assert "secret" not in repr(address("http://coder:secret@localhost"))


@pytest.mark.parametrize(
    "url",
    ["", "tantivy", "elastic://x", "opensearch:host", "opensearch://", "http://a:0", "http://a:99999", "http://a b",
     "http://a,,b", "http://a/Capital", "http://a/x/y", "http://a/-x", "http://a/" + "x" * 65, "http://a?x=secret"],
)  # fmt: skip
def test_what_is_no_address_is_refused_without_being_shown(url):
    with pytest.raises(ValidationError) as failure:
        SearchSettings(search_url=url.replace("://", "://coder:secret@"))
    assert "secret" not in str([error["msg"] for error in failure.value.errors()])


@pytest.mark.parametrize(
    ("watermark", "total", "expected"),
    [("95%", 1000, 50), ("0.95", 1000, 50), ("500mb", 10**12, 500 << 20), ("1.5gb", 10**12, 1.5 * 2**30), ("0b", 5, 0)],
)
def test_watermarks(watermark, total, expected):
    assert least_free(watermark, total) == pytest.approx(expected)


@pytest.mark.parametrize("watermark", ["", "much", "10xb"])
def test_what_is_no_watermark(watermark):
    with pytest.raises(ValueError):
        least_free(watermark, 1000)
