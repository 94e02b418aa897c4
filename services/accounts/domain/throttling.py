"""How often something may be tried: so many times in a window that begins with the first try."""

from __future__ import annotations

from typing import NamedTuple


class Limit(NamedTuple):
    """`name` keeps the counters of different things apart. `most` 0: no limit."""

    name: str
    most: int
    window_ms: int


class Tries(NamedTuple):
    """A counter as it stands: tries in the window that ends at `ends_at_ms`."""

    made: int
    ends_at_ms: int


def seconds_to_wait(limit: Limit, tries: Tries, now_ms: int) -> int:
    """0 if the newest of the tries was within the limit, else the whole seconds until the window ends, at least 1."""
    if not limit.most or tries.made <= limit.most:
        return 0
    return max(1, -(-(tries.ends_at_ms - now_ms) // 1000))
