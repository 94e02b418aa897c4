"""The glossary: official terms, the plain words for them, and how each behaves in a sentence.

It lives in the folder `glossary/` beside this module, one term a line, tab separated: the term as the official titles
write it, then the plain words (none means that the term is plain already and only its behaviour is told). The file
says how the term behaves:

    parts.tsv    a part of the body, or another noun that takes "the":      femur<TAB>thigh bone (femur)
    things.tsv   a noun that takes "a" or "an":                             hernia<TAB>bulge of tissue ... (hernia)
    stuff.tsv    a noun without an article (most diseases, plurals):        tinnitus<TAB>ringing in the ears (tinnitus)
    words.tsv    adjectives and the like, put in as they stand:             chronic<TAB>long-lasting (chronic)
    links.tsv    prepositions, and phrases that end the noun before them:   in relapse<TAB>come back (in relapse)

and three plain lists:

    names.tsv    words that keep their capital letter at the start of a title (people, places, genera)
    paired.tsv   parts that a body has twice, so that "unspecified" asks which side
    fitting.tsv  adjectives that read well in front of any plain wording

To add a term, add a line, in lower case, plain words first and the official term in parentheses behind them where a
patient may meet it in letters and bills. The longest term wins ("macular edema" before "edema"), and a second mention
in the same text drops the parentheses. Plain words that can only stand behind a noun begin with "~"
(gonococcal<TAB>~caused by gonorrhea (gonococcal)). Say only what the term itself means; what is not known stays as it
is.
"""

from __future__ import annotations

import re
from enum import IntEnum
from functools import cache
from importlib import resources
from typing import NamedTuple


class Kind(IntEnum):
    """How a piece of a title behaves in a sentence."""

    WORD = 0  # an adjective, a phrase, anything unknown
    PART = 1  # takes "the"
    THING = 2  # takes "a" or "an"
    STUFF = 3  # takes no article
    LINK = 4  # a preposition or a verb: a new noun phrase begins behind it
    JOIN = 5  # and, or
    COMMA = 6
    DETERMINER = 7
    UNSPECIFIED = 8
    OTHER = 9
    ASIDE = 10  # words in parentheses or brackets


class Entry(NamedTuple):
    """One term. `text` carries the official term in parentheses, `bare` does not; both "" where it is plain."""

    tokens: tuple[str, ...]
    kind: Kind
    text: str
    bare: str


class Glossary(NamedTuple):
    """Entries by their first token, the longest first, and the word lists."""

    entries: dict[str, tuple[Entry, ...]]
    names: frozenset[str]
    paired: frozenset[str]
    fitting: frozenset[str]

    def kind(self, word: str) -> Kind:
        """The kind of a single word, WORD where the glossary does not know it."""
        return next((entry.kind for entry in self.entries.get(word, ()) if len(entry.tokens) == 1), Kind.WORD)


_TOKEN = re.compile(r"\([^)]*\)|\[[^\]]*\]|,|[^\s,()\[\]]+(?:\([^)\s]*\)[^\s,()\[\]]*)*|[()\[\]]")
_ASIDE = re.compile(r" \([^()]*\)$")
_LISTS = ("names.tsv", "paired.tsv", "fitting.tsv")
_FILES = {
    "links.tsv": Kind.LINK,
    "words.tsv": Kind.WORD,
    "stuff.tsv": Kind.STUFF,
    "things.tsv": Kind.THING,
    "parts.tsv": Kind.PART,
}


def tokens_of(text: str) -> list[str]:
    """Words, commas, and parentheses with what they hold."""
    return _TOKEN.findall(text)


def without_aside(text: str) -> str:
    """The plain words without the official term behind them."""
    return _ASIDE.sub("", text)


@cache
def load() -> Glossary:
    """Read the glossary, once a process (about 3,000 lines)."""
    folder = resources.files(__package__) / "glossary"
    found: dict[str, list[Entry]] = {}
    for name, kind in _FILES.items():
        for line in (folder / name).read_text(encoding="utf-8").splitlines():
            term, _, text = line.partition("\t")
            tokens = tuple(tokens_of(term.lower()))
            entry = Entry(tokens, kind, text, without_aside(text))
            found.setdefault(tokens[0], []).append(entry)
    entries = {word: tuple(sorted(many, key=lambda entry: -len(entry.tokens))) for word, many in found.items()}
    words = (frozenset((folder / name).read_text(encoding="utf-8").splitlines()) for name in _LISTS)
    return Glossary(entries, *words)
