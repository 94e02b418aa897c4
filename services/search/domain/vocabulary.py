"""The words that notes and people use, and what the official descriptions say instead: services/search/vocabulary.

Each file is a table with a header line, its columns separated by tabs:

- `term`: what is typed, in lower case; words that only join others ("of", "the") may be left out or in;
- `stands_for`: what it may mean, one or more, separated by " | ". A result that has the typed words is found, too;
- `provenance`: who says so. "team" is the project's own knowledge.

A term that stands for several things is found under each of them: an abbreviation adds meanings and removes none.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from importlib import resources

from .words import FUNCTION_WORDS, normalised, split

PACKAGE = "services.search"
FOLDER = "vocabulary"
COLUMNS = ("term", "stands_for", "provenance")
BETWEEN_MEANINGS = "|"


class VocabularyError(Exception):
    """A line of a table cannot be read; the message names it."""


@dataclass(frozen=True)
class Vocabulary:
    """Terms by their words in order."""

    meanings: Mapping[tuple[str, ...], tuple[str, ...]]

    @cached_property
    def most_words(self) -> int:
        return max(map(len, self.meanings), default=0)

    def longest(self, words: Sequence[str]) -> tuple[int, tuple[str, ...]]:
        """How many of the first words make up the longest term known, and what it stands for; (1, ()) if none is."""
        for length in range(min(self.most_words, len(words)), 0, -1):
            if found := self.meanings.get(tuple(words[:length])):
                return length, found
        return 1, ()


@cache
def vocabulary() -> Vocabulary:
    """All tables together, read once. Raises VocabularyError."""
    found: dict[tuple[str, ...], dict[str, None]] = {}
    for file in sorted((resources.files(PACKAGE) / FOLDER).iterdir(), key=lambda each: each.name):
        if file.name.endswith(".tsv"):
            for term, meanings in rows(file.name, file.read_text(encoding="utf-8").splitlines()):
                found.setdefault(term, {}).update(dict.fromkeys(meanings))
    return Vocabulary({term: tuple(meanings) for term, meanings in found.items()})


def rows(name: str, lines: Iterable[str]) -> Iterable[tuple[tuple[str, ...], list[str]]]:
    """The terms of one table with their meanings. Raises VocabularyError."""
    reader = csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE)
    if tuple(reader.fieldnames or ()) != COLUMNS:
        raise VocabularyError(f"{name}: the columns are not {', '.join(COLUMNS)}")
    for row in reader:
        term = key(row["term"])
        meanings = [" ".join(split(normalised(each))) for each in (row["stands_for"] or "").split(BETWEEN_MEANINGS)]
        if not (term and all(meanings) and row["provenance"]):
            raise VocabularyError(f"{name}, line {reader.line_num}: a column is empty")
        yield term, meanings


def key(text: str) -> tuple[str, ...]:
    words = split(normalised(text))
    return tuple(word for word in words if word not in FUNCTION_WORDS) or tuple(words)
