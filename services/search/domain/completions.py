"""The order of completions."""

from __future__ import annotations

from collections.abc import Iterable

from .documents import Hit


def topmost_first(hits: Iterable[Hit], limit: int) -> list[Hit]:
    """The first `limit` hits, where codes that stand beneath one before them only fill what would be left free."""
    above: list[Hit] = []
    beneath: list[Hit] = []
    for hit in hits:
        covered = any(hit.system == other.system and hit.code.startswith(other.code) for other in above)
        (beneath if covered else above).append(hit)
        if len(above) == limit:
            break
    return (above + beneath)[:limit]
