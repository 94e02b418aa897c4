from __future__ import annotations

from datetime import date

from hypothesis import given
from hypothesis import strategies as st

from services.catalog.domain.on_date import Interval
from services.catalog.page_cache import ENTRY_OVERHEAD, CachedPage, PageCache, PageKey

DAY = date(2025, 11, 1)
ALWAYS = Interval(None, None)
KEY = PageKey("cpt", "27250", False)


def test_a_page_is_found_within_its_interval_only():
    cache = PageCache(10_000)
    cache.get("r1", KEY, DAY)
    cache.put("r1", KEY, CachedPage(Interval(date(2025, 10, 1), date(2025, 12, 31)), b"one"))
    cache.put("r1", KEY, CachedPage(Interval(date(2026, 1, 1), None), b"two"))
    assert cache.get("r1", KEY, DAY) == b"one"
    assert cache.get("r1", KEY, date(2026, 1, 1)) == b"two"
    assert cache.get("r1", KEY, date(2025, 9, 30)) is None
    assert cache.get("r1", PageKey("cpt", "27250", True), DAY) is None


def test_pages_go_with_their_release():
    cache = PageCache(10_000)
    cache.get("r1", KEY, DAY)
    cache.put("r1", KEY, CachedPage(ALWAYS, b"old"))
    assert cache.get("r2", KEY, DAY) is None
    assert cache.size == 0
    cache.put("r1", KEY, CachedPage(ALWAYS, b"late"))  # put together while the release was swapped
    assert cache.get("r2", KEY, DAY) is None


def test_the_least_recently_used_goes_first():
    cache = PageCache(2 * (ENTRY_OVERHEAD + 10))
    keys = [PageKey("cpt", code, False) for code in ("27250", "27252", "99213")]
    cache.get("r1", KEY, DAY)
    for key in keys[:2]:
        cache.put("r1", key, CachedPage(ALWAYS, b"0123456789"))
    cache.get("r1", keys[0], DAY)
    cache.put("r1", keys[2], CachedPage(ALWAYS, b"0123456789"))
    assert [cache.get("r1", key, DAY) is not None for key in keys] == [True, False, True]


def test_without_memory_nothing_is_kept():
    cache = PageCache(0)
    cache.get("r1", KEY, DAY)
    cache.put("r1", KEY, CachedPage(ALWAYS, b""))
    assert cache.get("r1", KEY, DAY) is None


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 2000))), st.integers(0, 5000))
def test_the_bound_holds(puts, max_bytes):
    cache = PageCache(max_bytes)
    cache.get("r1", KEY, DAY)
    for number, size in puts:
        cache.put("r1", PageKey("cpt", str(number), False), CachedPage(ALWAYS, bytes(size)))
        assert 0 <= cache.size <= max_bytes
