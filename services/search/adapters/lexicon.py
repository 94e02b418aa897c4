"""The words of an index as written, for what is misspelt: the nearest by edit distance, and those that sound alike.

Kept beside the index in one file, a word a line with the number of documents that have it, most frequent first.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
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

    def write(self, folder: Path) -> None:
        lines = (f"{word}\t{count}\n" for word, count in self._counts.most_common())
        (folder / FILE).write_text("".join(lines), encoding="utf-8")


class Lexicon:
    """Read from the folder of an index. Raises OSError or ValueError if it is not there or damaged."""

    def __init__(self, folder: Path) -> None:
        lines = (folder / FILE).read_text(encoding="utf-8").splitlines()
        counted = [line.split("\t") for line in lines]
        self._counts = {word: int(count) for word, count in counted}
        self._words = list(self._counts)
        self._by_sound: dict[str, list[str]] = {}
        for word in self._words:
            self._by_sound.setdefault(jellyfish.metaphone(word), []).append(word)

    def near(self, word: str) -> Sequence[str]:
        """At most three words that `word` may be meant for, the likeliest first: fewer edits, of which one is forgiven
        to a word that sounds the same, then more documents."""
        edits = 2 if len(word) >= _LONG else 1
        sounding = frozenset(near for near in self._by_sound.get(jellyfish.metaphone(word), ()) if _is_like(word, near))
        spelled = {
            near for near, *_ in process.extract(word, self._words, scorer=OSA.distance, score_cutoff=edits, limit=None)
        }

        def likeliest_first(near: str) -> tuple[int, int]:
            return OSA.distance(word, near) - (near in sounding), -self._counts[near]

        return sorted(spelled | sounding, key=likeliest_first)[:_MOST]


def _is_like(word: str, near: str) -> bool:
    """Whether half of the letters at least are the same: what sounds alike may still be written like anything."""
    return OSA.distance(word, near) * 2 <= max(len(word), len(near))
