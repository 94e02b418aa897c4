"""Which words of a document a query met, and where: for highlights and reasons."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from services.search.domain.documents import FoundWord, Span
from services.search.domain.query import Word
from services.search.domain.words import within_one_edit

from .tantivy_schema import Analyzers


@dataclass(frozen=True)
class _Asked:
    word: Word
    stems: frozenset[str]
    surface: str
    corrected: bool

    def meets(self, stem: str, surface: str) -> bool:
        if stem in self.stems or (self.word.prefix and surface.startswith(self.surface)):
            return True
        return self.corrected and within_one_edit(self.surface, surface, prefix=self.word.prefix)


class Matches:
    """Looks for the words of one query in the texts of its results."""

    def __init__(self, analyzers: Analyzers, words: Sequence[tuple[Word, bool]]) -> None:
        """`words` are those of the query, each with whether words one edit away count for it."""
        self._analyzers = analyzers
        self._asked = [
            _Asked(
                word,
                frozenset(analyzers.stems.analyze(word.text)),
                "".join(analyzers.surface.analyze(word.text)),
                corrected,
            )
            for word, corrected in words
        ]

    def found(self, description: str, terms: Sequence[str]) -> tuple[tuple[FoundWord, ...], tuple[Span, ...]]:
        """The words met, those of the description first, and the parts of the description to highlight."""
        words: dict[Word, FoundWord] = {}
        spans: list[Span] = []
        for asked, span in self._in(description):
            if asked.word.required:
                spans.append(span)
            words.setdefault(asked.word, FoundWord(asked.word.text, description[span.start : span.end].lower()))
        for term in terms:
            if all(asked.word in words for asked in self._asked if asked.word.required):
                break
            for asked, span in self._in(term):
                words.setdefault(asked.word, FoundWord(asked.word.text, term[span.start : span.end].lower(), term))
        met = tuple(words[asked.word] for asked in self._asked if asked.word in words and asked.word.required)
        return met, tuple(spans)

    def _in(self, text: str) -> list[tuple[_Asked, Span]]:
        found = []
        stems = self._analyzers.stems.pre_tokenize(text).tokens
        surface = self._analyzers.surface.pre_tokenize(text).tokens
        for stem, written in zip(stems, surface, strict=True):
            for asked in self._asked:
                if asked.meets(stem.text, written.text):
                    found.append((asked, Span(stem.char_offset_from, stem.char_offset_to)))
                    break
        return found
