"""Which words of a document a query met, and where: for highlights and reasons."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
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
        # By word as written: the loose one that it is like. Results say the same words again and again.
        self._like: dict[str, Word | None] = {}
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
        missing = [word for word in self._required if word not in words]
        for term in self._saying(missing, terms):
            for word, span, meaning in self._in(term):
                met = term[span.start : span.end].lower()
                words.setdefault(word, FoundWord(word.text, met, term, meaning))
            if all(word in words for word in missing):
                break
        return tuple(words[word] for word in self._required if word in words), tuple(spans)

    def _saying(self, missing: Sequence[Word], terms: Sequence[str]) -> Iterator[str]:
        """The terms that may say one of the words. Most say none, and to see where a word stands costs much more."""
        stems = {stem for stem, (word, _) in self._by_stem.items() if word in missing}
        loose = [asked for asked in self._loose if asked.word in missing]
        if missing and self._may_say("\n".join(terms), stems, loose):
            for term in terms:
                if self._may_say(term, stems, loose):
                    yield term

    def _may_say(self, text: str, stems: AbstractSet[str], loose: Sequence[_Asked]) -> bool:
        if any(asked.near or not text.isascii() or asked.surface in text.lower() for asked in loose):
            return True
        return not stems.isdisjoint(self._analyzers.stems.analyze(text))

    def _in(self, text: str) -> Iterator[tuple[Word, Span, str]]:
        stems = self._analyzers.stems.pre_tokenize(text).tokens
        surface = self._analyzers.surface.pre_tokenize(text).tokens if self._loose else stems
        for stem, written in zip(stems, surface, strict=True):
            met = self._by_stem.get(stem.text)
            if met is None and self._loose and (like := self._liked(written.text)):
                met = (like, "")
            if met:
                yield met[0], Span(stem.char_offset_from, stem.char_offset_to), met[1]

    def _liked(self, surface: str) -> Word | None:
        """The word that one as written is the beginning of, or misspelt for."""
        if surface not in self._like:
            self._like[surface] = next((asked.word for asked in self._loose if asked.like(surface)), None)
        return self._like[surface]


def _meanings(word: Word, analyzers: Analyzers) -> Mapping[str, str]:
    typed = dict.fromkeys(analyzers.stems.analyze(word.text), "")
    return {**{stem: other for other in reversed(word.others) for stem in analyzers.stems.analyze(other)}, **typed}
