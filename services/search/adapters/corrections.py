"""What misspelt words of a query may be meant for, and which of that is told. Both engines correct alike."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from functools import cached_property, lru_cache

from services.search.domain.documents import Correction
from services.search.domain.query import ENOUGH, Plan, Strictness
from services.search.domain.query_words import Word

from .lexicon import Lexicon
from .tantivy_schema import Analyzers

# A word is offered instead of one that is known if so many times as many documents have it.
MANY_TIMES = 20
_REMEMBERED = 1024

Known = Callable[[Word], bool]


class Corrections:
    """For one index: `known` tells whether it has a word in whatever form."""

    def __init__(self, lexicon: Lexicon, analyzers: Analyzers, known: Known) -> None:
        self._lexicon, self._analyzers, self._known = lexicon, analyzers, known
        self._near = lru_cache(maxsize=_REMEMBERED)(lexicon.near)

    def misspelt(self, word: Word, strictness: Strictness) -> bool:
        """Whether it may be a misspelt word, or the beginning of one."""
        return strictness >= Strictness.CORRECTED and word.correctable and not self._known(word)

    def near(self, word: Word, strictness: Strictness) -> Sequence[str]:
        """The words that a misspelt one may be meant for; none where the index knows it or it may not be corrected."""
        return self._near(self._written(word.text)) if self.misspelt(word, strictness) else ()

    def told(self, plan: Plan, strictness: Strictness, complete: int) -> list[Correction]:
        """How the words were read to find these results, of which `complete` have all words, or may better be read.

        Where all words were met often enough as they were typed, nobody asks whether they were meant so.
        """
        if strictness is Strictness.ALL and complete >= ENOUGH:
            return []
        return [each for word in plan.required if (each := self._told(word, strictness))]

    def _told(self, word: Word, strictness: Strictness) -> Correction | None:
        written = self._written(word.text)
        if not word.correctable:
            return None
        if not self._known(word):
            # A word whose end is still to be typed is not misspelt.
            begun = word.prefix and self._lexicon.begins(written)
            if begun or strictness < Strictness.CORRECTED:
                return None
            return Correction(word.text, tuple(self._near(written)), applied=True)
        often = self._documents(written) * MANY_TIMES
        near = tuple(each for each in self._near(written) if often and self._documents(each) >= often)
        return Correction(word.text, near, applied=False) if near else None

    def _written(self, text: str) -> str:
        return "".join(self._analyzers.surface.analyze(text))

    def _documents(self, written: str) -> int:
        """About how many documents have the word in whatever form; 0 where that is not known."""
        return self._by_stem["".join(self._analyzers.stems.analyze(written))]

    @cached_property
    def _by_stem(self) -> Counter[str]:
        found: Counter[str] = Counter()
        for word, documents in self._lexicon.counts.items():
            found["".join(self._analyzers.stems.analyze(word))] += documents
        return found
