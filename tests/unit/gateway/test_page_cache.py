"""The page cache: one release, an interval of days for each page, bounded by bytes."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from services.gateway.page_cache import ENTRY_BYTES, PageCache, PageKey, RenderedPage
from services.gateway.rendering.splice import Spliced

KEY = PageKey("cpt", "27250", "html", "open", False)


def page(begin="", end="", release="r1", size=100) -> RenderedPage:
    return RenderedPage(release, "cpt", "27250", begin, end, Spliced((b"x" * size,), (), size))


def cache(max_bytes=100_000, release="r1") -> PageCache:
    made = PageCache(max_bytes)
    made.use_release(release)
    return made


def test_a_page_holds_from_its_first_to_its_last_day():
    pages = cache()
    found = page("2026-01-01", "2026-03-31")
    pages.put(KEY, found)
    assert pages.get(KEY, "2026-01-01") is found
    assert pages.get(KEY, "2026-03-31") is found
    assert pages.get(KEY, "2025-12-31") is None
    assert pages.get(KEY, "2026-04-01") is None


def test_open_intervals_hold_for_ever():
    pages = cache()
    found = page("", "")
    pages.put(KEY, found)
    assert pages.get(KEY, "1970-01-01") is found
    assert pages.get(KEY, "2099-12-31") is found


def test_several_intervals_of_one_code_live_side_by_side():
    pages = cache()
    first, second = page("", "2025-12-31"), page("2026-01-01", "")
    pages.put(KEY, first)
    pages.put(KEY, second)
    assert pages.get(KEY, "2025-06-01") is first
    assert pages.get(KEY, "2026-06-01") is second
    assert len(pages) == 2


def test_formats_accesses_and_kinds_of_question_are_kept_apart():
    pages = cache()
    pages.put(KEY, page())
    for other in ({"format": "json"}, {"access": "register"}, {"dated": True}, {"code": "27252"}, {"system": "hcpcs"}):
        assert pages.get(KEY._replace(**other), "2026-01-01") is None


def test_only_pages_of_the_current_release_are_kept():
    pages = cache()
    pages.put(KEY, page(release="r0"))
    assert pages.get(KEY, "2026-01-01") is None
    pages.put(KEY, page())
    pages.use_release("r1")
    assert len(pages) == 1
    pages.use_release("r2")
    assert len(pages) == 0
    assert pages.bytes == 0
    pages.put(KEY, page())
    assert len(pages) == 0


def test_nothing_is_kept_while_the_release_is_not_known():
    pages = PageCache(100_000)
    pages.put(KEY, page())
    assert len(pages) == 0


def test_the_least_recently_used_page_goes_first():
    pages = cache(max_bytes=3 * (100 + ENTRY_BYTES))
    keys = [KEY._replace(code=code) for code in "ABCD"]
    for key in keys[:3]:
        pages.put(key, page())
    pages.get(keys[0], "2026-01-01")
    pages.put(keys[3], page())
    assert [pages.get(key, "2026-01-01") is not None for key in keys] == [True, False, True, True]


def test_a_page_larger_than_the_cache_is_not_kept():
    pages = cache(max_bytes=1000)
    pages.put(KEY, page(size=1000))
    assert len(pages) == 0
    assert PageCache(0).bytes == 0


@given(st.lists(st.tuples(st.integers(0, 20), st.sampled_from(["", "2026-01-01"]), st.integers(0, 3000)), max_size=80))
def test_the_bytes_are_counted_and_bounded_whatever_is_put_in(puts):
    pages = cache(max_bytes=8000)
    for number, begin, size in puts:
        pages.put(KEY._replace(code=str(number)), page(begin, size=size))
        assert 0 <= pages.bytes <= 8000
    assert pages.bytes == sum(found.size for found in pages._pages.values())
    assert sum(len(begins) for begins in pages._begins.values()) == len(pages)
