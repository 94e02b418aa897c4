"""Which of the phrases of a stretch are taken: those that codes fit, the longest first, none over another."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from .phrases import MAX_PARTS

# The least part of a code's label that a phrase must say. One word says little by itself.
LEAST_OF_ONE, LEAST_OF_TWO, LEAST = 0.75, 0.6, 0.45
# A long phrase is rather one thing than two; and a long phrase that fits badly is rather a shorter one that fits well.
_EACH, _EXACTNESS = 0.5, 0.8

Phrase = tuple[int, int]
"""The parts of a stretch from the first number until the second one, not included."""


def fits(covered: float, telling: int) -> bool:
    """Whether a phrase of so many telling words names a code of whose label it says so much."""
    return covered >= {1: LEAST_OF_ONE, 2: LEAST_OF_TWO}.get(telling, LEAST)


def choose(parts: int, covered: Mapping[Phrase, float]) -> Sequence[Phrase]:
    """Of the phrases that fit, given with what they cover, those that together say most of the stretch, in order."""
    best: list[tuple[float, tuple[Phrase, ...]]] = [(0.0, ())]
    for end in range(1, parts + 1):
        options = [best[end - 1]]
        for begin in range(max(0, end - MAX_PARTS), end):
            if (begin, end) in covered:
                value, taken = best[begin]
                gain = (end - begin) * covered[begin, end] ** _EXACTNESS - _EACH
                options.append((value + gain, (*taken, (begin, end))))
        best.append(max(options, key=lambda option: option[0]))
    return best[parts][1]
