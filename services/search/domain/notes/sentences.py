"""Sentences, as notes have them: many are a line of a list and end in nothing."""

from __future__ import annotations

import re
from collections.abc import Iterator

# A full stop that ends a sentence has a blank and no small letter behind it; a line ends one, unless it goes on below.
_END = re.compile(r"(?<=[.!?;])[\"')\]]*\s+(?![a-z])|\n\s*\n|\r?\n(?=\s*(?:[-*•+>#(]|\d+[.)]|[^\sa-z]))")
_ABBREVIATED = re.compile(r"\b(?:dr|mr|mrs|ms|vs|st|no|approx|e\.g|i\.e|pt|dx|hx|tx|fx)\.$", re.IGNORECASE)


def sentences(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    """The places of the sentences of a part of a text, in order, without what is blank."""
    begin = start
    for match in _END.finditer(text, start, end):
        if _ABBREVIATED.search(text, begin, match.start()):
            continue
        if text[begin : match.start()].strip():
            yield begin, match.start()
        begin = match.end()
    if text[begin:end].strip():
        yield begin, end
