"""The words of an index as written, for what is misspelt: the nearest by edit distance, and those that sound alike.

Kept beside the index as one text, a word a line with the number of documents that have it, most frequent first.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

import jellyfish
from rapidfuzz import process
from rapidfuzz.distance import OSA

FILE = "words.tsv"
# A word of eight letters or more may be two edits away, a shorter one only one.
_LONG = 8
_MIN_LENGTH = 4
_MOST = 3


class LexiconBuilder:
    """Counts words while an index is built."""

    def __init__(self) -> None:
        self._counts: Counter[str] = Counter()

    def add(self, words: Iterable[str]) -> None:
        self._counts.update({word for word in words if len(word) >= _MIN_LENGTH and word.isalpha()})

    def text(self) -> str:
        return "".join(f"{word}\t{count}\n" for word, count in self._counts.most_common())

    def write(self, folder: Path) -> None:
        (folder / FILE).write_text(self.text(), encoding="utf-8")


class Lexicon:
    """Of a text that the builder made. Raises ValueError if it is damaged. `counts` are documents by word."""

    def __init__(self, text: str) -> None:
        counted = [line.split("\t") for line in text.splitlines()]
        self.counts: Mapping[str, int] = {word: int(count) for word, count in counted}
        self._in_order = sorted(self.counts)
        self._by_length: dict[int, list[str]] = {}
        self._by_sound: dict[str, list[str]] = {}
        for word in self.counts:
            self._by_length.setdefault(len(word), []).append(word)
            self._by_sound.setdefault(jellyfish.metaphone(word), []).append(word)

    @classmethod
    def of(cls, folder: Path) -> Lexicon:
        """That of the index in a folder. Raises OSError or ValueError if it is not there or damaged."""
        return cls((folder / FILE).read_text(encoding="utf-8"))

    def begins(self, text: str) -> bool:
        """Whether a word begins so."""
        place = bisect_left(self._in_order, text)
        return place < len(self._in_order) and self._in_order[place].startswith(text)

    def near(self, word: str) -> Sequence[str]:
        """At most three words that `word` may be meant for, the likeliest first: fewer edits, of which one is forgiven
        to a word that sounds the same, then more documents, then the alphabet."""
        edits = 2 if len(word) >= _LONG else 1
        sounding = frozenset(near for near in self._by_sound.get(jellyfish.metaphone(word), ()) if _is_like(word, near))
        spelled = set(self._within(word, edits))

        def likeliest_first(near: str) -> tuple[int, int, str]:
            return OSA.distance(word, near) - (near in sounding), -self.counts[near], near

        return sorted(spelled | sounding, key=likeliest_first)[:_MOST]

    def _within(self, word: str, edits: int) -> Iterator[str]:
        """Of each edit the length changes by one at most, so that words of most lengths need not be looked at."""
        for length in range(len(word) - edits, len(word) + edits + 1):
            words = self._by_length.get(length, ())
            found = process.extract(word, words, scorer=OSA.distance, score_cutoff=edits, limit=None)
            yield from (near for near, *_ in found)


def _is_like(word: str, near: str) -> bool:
    """Whether half of the letters at least are the same: what sounds alike may still be written like anything."""
    return OSA.distance(word, near) * 2 <= max(len(word), len(near))
