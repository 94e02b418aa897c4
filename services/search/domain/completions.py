"""The order of completions."""

from __future__ import annotations

from collections.abc import Iterable

from .documents import Hit
from .filters import Status


def foremost(hits: Iterable[Hit], limit: int) -> list[Hit]:
    """The first `limit` hits, where codes that have ended, and those that stand beneath one before them, only fill what
    would be left free."""
    first: list[Hit] = []
    others: list[Hit] = []
    for hit in hits:
        beneath = any(hit.system == other.system and hit.code.startswith(other.code) for other in first)
        (others if beneath or hit.status is Status.RETIRED else first).append(hit)
        if len(first) == limit:
            break
    return (first + others)[:limit]
