"""Which words of a document a query met, and where: for highlights and reasons."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from services.search.domain.documents import FoundWord, Span
from services.search.domain.query_words import Word
from services.search.domain.words import within_one_edit

from .tantivy_schema import Analyzers


@dataclass(frozen=True)
class _Asked:
    word: Word
    # Which of the word's meanings a stem is of; "" for the word as typed.
    meanings: Mapping[str, str]
    surface: str
    near: frozenset[str]

    def meets(self, stem: str, surface: str) -> bool:
        if stem in self.meanings or (self.word.prefix and surface.startswith(self.surface)):
            return True
        if not self.near:
            return False
        return surface in self.near or within_one_edit(self.surface, surface, prefix=self.word.prefix)


class Matches:
    """Looks for the words of one query in the texts of its results."""

    def __init__(self, analyzers: Analyzers, words: Sequence[tuple[Word, Sequence[str]]]) -> None:
        """`words` are those of the query, each with those that a misspelt one may be meant for."""
        self._analyzers = analyzers
        self._asked = [
            _Asked(
                word,
                _meanings(word, analyzers),
                "".join(analyzers.surface.analyze(word.text)),
                frozenset(near),
            )
            for word, near in words
        ]

    def found(self, description: str, terms: Sequence[str]) -> tuple[tuple[FoundWord, ...], tuple[Span, ...]]:
        """The words met, those of the description first, and the parts of the description to highlight."""
        words: dict[Word, FoundWord] = {}
        spans: list[Span] = []
        for asked, span, meaning in self._in(description):
            if asked.word.required:
                spans.append(span)
            met = description[span.start : span.end].lower()
            words.setdefault(asked.word, FoundWord(asked.word.text, met, meaning=meaning))
        for term in terms:
            if all(asked.word in words for asked in self._asked if asked.word.required):
                break
            for asked, span, meaning in self._in(term):
                met = term[span.start : span.end].lower()
                words.setdefault(asked.word, FoundWord(asked.word.text, met, term, meaning))
        required = [words[asked.word] for asked in self._asked if asked.word in words and asked.word.required]
        return tuple(required), tuple(spans)

    def _in(self, text: str) -> list[tuple[_Asked, Span, str]]:
        found = []
        stems = self._analyzers.stems.pre_tokenize(text).tokens
        surface = self._analyzers.surface.pre_tokenize(text).tokens
        for stem, written in zip(stems, surface, strict=True):
            for asked in self._asked:
                if asked.meets(stem.text, written.text):
                    span = Span(stem.char_offset_from, stem.char_offset_to)
                    found.append((asked, span, asked.meanings.get(stem.text, "")))
                    break
        return found


def _meanings(word: Word, analyzers: Analyzers) -> Mapping[str, str]:
    typed = dict.fromkeys(analyzers.stems.analyze(word.text), "")
    return {**{stem: other for other in reversed(word.others) for stem in analyzers.stems.analyze(other)}, **typed}
