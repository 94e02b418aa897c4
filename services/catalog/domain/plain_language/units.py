"""The pieces of an official title: glossary terms and single words, each with its kind.

Units between two breaks (a link such as "of", an "and", a comma) are one noun phrase, called a chunk here; its
last unit that stands outside parentheses is the head.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from .glossary import Glossary, Kind, load, tokens_of

_INNER_LINK = re.compile(r" (?:of|in|at|from|behind|to|with|without|that|which|for|on|above|below|around) ")
_JOINS = frozenset(("and", "or", "and/or", "nor", "versus"))
_DETERMINERS = frozenset(
    ("the", "a", "an", "no", "any", "all", "each", "every", "both", "several", "another", "multiple", "more", "less")
)
_NUMBERS = frozenset(("one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "only"))
SIDES = frozenset(("right", "left", "unspecified", "bilateral", "other", "multiple", "both"))
_PLURALS = frozenset(("feet", "teeth", "vertebrae", "women", "men", "children", "testes", "data", "bacteria"))
_NOT_PLURAL = ("ss", "is", "us", "as", "itis", "osis", "lens", "biceps")
_ACRONYM = re.compile(r"^(?:[A-Z0-9][A-Z0-9]|[A-Za-z]+[A-Z0-9]|[A-Z]-|[A-Z]$|.*\d)")
ADJECTIVE = re.compile(
    r"(?:blunt|open|closed|hot|sharp|known|upper|lower|inner|outer|partial|chronic|"
    r"al|ic|ile|ous|ar|ary|ive|oid|ior|moving|ed|less|-)$",
    re.IGNORECASE,
)
BREAKS = (Kind.LINK, Kind.JOIN, Kind.COMMA)


class Unit(NamedTuple):
    """One piece: `text` as it will be written, `bare` without the term in parentheses, `term` the official words."""

    kind: Kind
    text: str
    bare: str
    term: str

    @property
    def is_glossed(self) -> bool:
        return self.text != self.term

    @property
    def is_phrase(self) -> bool:
        """Whether the plain words are a phrase of their own, which nothing can stand in front of."""
        return self.bare.count(" ") > 1 or bool(_INNER_LINK.search(self.bare))

    @property
    def name(self) -> str:
        """The shorter wording, for "what kind of ..."."""
        return self.term if self.is_phrase else self.bare


COMMA = Unit(Kind.COMMA, ",", ",", ",")


def is_acronym(word: str) -> bool:
    return bool(_ACRONYM.match(word))


def lower_first(text: str) -> str:
    """The title's first word in lower case unless it is a name, an acronym or a letter with digits."""
    word = text.split(" ", 1)[0].rstrip(",")
    if is_acronym(word) or not word.isascii() or word.lower() in load().names:
        return text
    return text[:1].lower() + text[1:]


def upper_first(text: str) -> str:
    return text[:1].upper() + text[1:]


def units_of(phrase: str, glossary: Glossary) -> list[Unit]:
    """Cut a title into units, the longest glossary term first."""
    tokens = tokens_of(lower_first(phrase))
    low = [token.lower() for token in tokens]
    units: list[Unit] = []
    position, count = 0, len(tokens)
    while position < count:
        word = low[position]
        for entry in glossary.entries.get(word, ()):
            size = len(entry.tokens)
            if size == 1 or tuple(low[position : position + size]) == entry.tokens:
                said = " ".join(tokens[position : position + size]).replace(" ,", ",")
                if word[0] == "(" and entry.text[:1] == "~":
                    units.append(Unit(Kind.ASIDE, entry.text[1:], "", said))
                else:
                    units.append(Unit(entry.kind, entry.text or said, entry.bare or said, said))
                position += size
                break
        else:
            units.append(_single(tokens[position], word, glossary))
            position += 1
    return units


def _single(token: str, word: str, glossary: Glossary) -> Unit:
    kind = Kind.WORD
    if word == ",":
        return COMMA
    if word[0] in "([":
        inside = token[1:-1].strip()
        return Unit(Kind.LINK if glossary.kind(inside) is Kind.LINK else Kind.ASIDE, f"({inside})", "", f"({inside})")
    if word in _JOINS:
        kind = Kind.JOIN
    elif word == "unspecified":
        kind = Kind.UNSPECIFIED
    elif word == "other":
        kind = Kind.OTHER
    elif word in _DETERMINERS or word in _NUMBERS:
        kind = Kind.DETERMINER
        token = "several" if word == "multiple" else token
    return Unit(kind, token, token, word)


def chunk_end(units: list[Unit], start: int) -> int:
    """Where the chunk that begins at `start` ends (the index of its break)."""
    end = start
    while end < len(units) and units[end].kind not in BREAKS:
        end += 1
    return end


def head_of(chunk: list[Unit]) -> Unit | None:
    return next((unit for unit in reversed(chunk) if unit.kind is not Kind.ASIDE), None)


def first_head(units: list[Unit]) -> Unit | None:
    return head_of(units[: chunk_end(units, 0)])


def is_plural(unit: Unit | None) -> bool:
    """Whether the plain wording is a plural, by its last word."""
    if unit is None:
        return False
    word = unit.bare.rsplit(" ", 1)[-1]
    return word in _PLURALS or (word.endswith("s") and not word.endswith(_NOT_PLURAL) and "'" not in word)
