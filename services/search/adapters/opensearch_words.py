"""The words of one index: which it knows, and what a misspelt one may be meant for.

They are known here, beside the cluster, so that a question need not ask for them first. The index itself keeps them
(opensearch_kept).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from services.search.domain.documents import IndexedCode
from services.search.domain.query_words import Word

from .corrections import Corrections
from .lexicon import Lexicon, LexiconBuilder
from .tantivy_schema import Analyzers


class WordsBuilder:
    """Collects the words of an index while it is filled."""

    def __init__(self) -> None:
        self._analyzers = Analyzers.create()
        self._lexicon = LexiconBuilder()
        self._words: set[str] = set()

    def add(self, code: IndexedCode) -> None:
        for text in (code.description, *code.terms, *code.phrases):
            words = self._analyzers.surface.analyze(text)
            self._lexicon.add(words)
            self._words.update(words)
        for text in code.modifiers:
            self._words.update(self._analyzers.surface.analyze(text))

    def document(self) -> dict[str, str]:
        """What `KnownWords` is read from: words as written with their numbers of documents, and stems."""
        stems = {stem for word in self._words if word.isalpha() for stem in self._analyzers.stems.analyze(word)}
        return {"lexicon": self._lexicon.text(), "stems": " ".join(sorted(stems))}


class KnownWords:
    """Both engines cut, fold and stem alike, so that the analyzers of one say what the other has."""

    def __init__(self, document: Mapping[str, str]) -> None:
        """Takes a good part of a second. Raises KeyError, ValueError or the like for what is no such document."""
        self.analyzers = Analyzers.create()
        self._stems = frozenset(document["stems"].split())
        self.corrections = Corrections(Lexicon(document["lexicon"]), self.analyzers, self._known)

    def parts(self, text: str) -> Sequence[str]:
        """The words of a text as they are written, in lower case and without accents."""
        return self.analyzers.surface.analyze(text)

    def _known(self, word: Word) -> bool:
        return any(stem in self._stems for stem in self.analyzers.stems.analyze(word.text))
