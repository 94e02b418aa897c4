"""Which words of a document a query met, and where: for highlights and reasons."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from services.search.domain.documents import FoundWord, Span
from services.search.domain.query_words import Word
from services.search.domain.words import within_one_edit

from .tantivy_schema import Analyzers


@dataclass(frozen=True)
class _Asked:
    word: Word
    surface: str
    near: frozenset[str]

    def like(self, surface: str) -> bool:
        """Whether a word as written is one that is still being typed, or is misspelt."""
        if self.word.prefix and surface.startswith(self.surface):
            return True
        if not self.near:
            return False
        return surface in self.near or within_one_edit(self.surface, surface, prefix=self.word.prefix)


class Matches:
    """Looks for the words of one query in the texts of its results."""

    def __init__(self, analyzers: Analyzers, words: Sequence[tuple[Word, Sequence[str]]]) -> None:
        """`words` are those of the query, each with those that a misspelt one may be meant for."""
        self._analyzers = analyzers
        self._required = [word for word, _ in words if word.required]
        # By stem: the first word that it meets, and which of its meanings that is of; "" for the word as typed.
        self._by_stem: dict[str, tuple[Word, str]] = {}
        self._loose: list[_Asked] = []
        for word, near in words:
            for stem, meaning in _meanings(word, analyzers).items():
                self._by_stem.setdefault(stem, (word, meaning))
            if word.prefix or near:
                surface = "".join(analyzers.surface.analyze(word.text))
                self._loose.append(_Asked(word, surface, frozenset(near)))

    def found(self, description: str, terms: Sequence[str]) -> tuple[tuple[FoundWord, ...], tuple[Span, ...]]:
        """The words met, those of the description first, and the parts of the description to highlight."""
        words: dict[Word, FoundWord] = {}
        spans: list[Span] = []
        for word, span, meaning in self._in(description):
            if word.required:
                spans.append(span)
            met = description[span.start : span.end].lower()
            words.setdefault(word, FoundWord(word.text, met, meaning=meaning))
        for term in terms:
            if all(word in words for word in self._required):
                break
            for word, span, meaning in self._in(term):
                met = term[span.start : span.end].lower()
                words.setdefault(word, FoundWord(word.text, met, term, meaning))
        return tuple(words[word] for word in self._required if word in words), tuple(spans)

    def _in(self, text: str) -> Iterator[tuple[Word, Span, str]]:
        stems = self._analyzers.stems.pre_tokenize(text).tokens
        surface = self._analyzers.surface.pre_tokenize(text).tokens if self._loose else stems
        for stem, written in zip(stems, surface, strict=True):
            met = self._by_stem.get(stem.text)
            if met is None:
                like = next((asked.word for asked in self._loose if asked.like(written.text)), None)
                met = (like, "") if like else None
            if met:
                yield met[0], Span(stem.char_offset_from, stem.char_offset_to), met[1]


def _meanings(word: Word, analyzers: Analyzers) -> Mapping[str, str]:
    typed = dict.fromkeys(analyzers.stems.analyze(word.text), "")
    return {**{stem: other for other in reversed(word.others) for stem in analyzers.stems.analyze(other)}, **typed}
