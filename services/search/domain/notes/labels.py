"""The words of titles and terms, and which of them say something."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache

from ..words import FUNCTION_WORDS
from . import tables
from .phrases import QUALIFIERS

OPEN = "open"
# Labels of the catalog, of which a look-up meets the same ones again and again.
_REMEMBERED = 20_000
SIDES = frozenset({"left", "right", "bilateral"})
SIDE_WORDS = {
    **{side: side for side in SIDES},
    "l": "left",
    "lt": "left",
    "r": "right",
    "rt": "right",
    **dict.fromkeys(("both", "bilat", "bilaterally"), "bilateral"),
}
_PARENTHESES = re.compile(r"\([^)]*\)|\[[^\]]*\]")
_WITHOUT = re.compile(r"\b(?:without|not)\b((?:[^,;]*,)+ and [^,;]*|[^,;]*)")
# What a label is for where nothing more is said; "not carried out" is something else.
_UNSAID = re.compile(
    r"\b(?:without|not(?= (?:intractable|specified|otherwise|elsewhere|stated)))\b((?:[^,;]*,)+ and [^,;]*|[^,;]*)"
)
_STATED = re.compile(r", so stated$")
_TAIL = re.compile(r", (?:initial|subsequent) encounter.*$|, sequela$")
_AMOUNT = re.compile(r"\b(?:up to )?\d[\d.,]*\s*(?:mg|mcg|ml|units?|gm|g|iu|meq|cc|%)(?!\w)")
_WORD = re.compile(r"[^\W_]+")
_POSSESSIVE = re.compile(r"['’]s\b")
_ENDING = re.compile(r"(?<=...)(?:ies|ing|es|ed|s|y)$")
_SHORTEST = 3
# Forms of one word that no ending tells apart have so many letters in common: "diabetic" and "diabetes".
_ALIKE = 6
_ENDING_LENGTH = 2
_NOTHING: frozenset[str] = frozenset()


def words(text: str) -> Sequence[str]:
    return _WORD.findall(_POSSESSIVE.sub("", text.lower()))


@lru_cache(maxsize=_REMEMBERED)
def all_words(description: str) -> frozenset[str]:
    return frozenset(words(description))


@lru_cache(maxsize=_REMEMBERED)
def title(description: str) -> str:
    """The description without its encounter."""
    return _TAIL.sub("", description.lower())


class Label:
    """What must be said for a label: the stems of its words, each once, not what stands in parentheses, what it is
    without, amounts, sides, and words that say nothing more; all of its words, if none is left."""

    def __init__(self, text: str) -> None:
        """`text` is the catalog's, never a note's: what is made of it is remembered."""
        plain = _STATED.sub("", _AMOUNT.sub(" ", _PARENTHESES.sub(" ", _POSSESSIVE.sub("", text.lower()))))
        self._pieces: list[tuple[str, frozenset[str]]] = []
        end = 0
        for match in _UNSAID.finditer(plain):
            self._pieces += [(each, _NOTHING) for each in _stems(plain[end : match.start()])]
            lack = frozenset(stem(word) for word in _WORD.findall(match[1]))
            self._pieces += [(each, lack) for each in _stems(match[1])]
            end = match.end()
        self._pieces += [(each, _NOTHING) for each in _stems(plain[end:])]
        self._lacks = any(lack for _, lack in self._pieces)
        always = dict.fromkeys(each for each, lack in self._pieces if not lack)
        self._always = tuple(always) or tuple(dict.fromkeys(map(stem, _telling_words(text))))

    def stems(self, asked: frozenset[str]) -> Sequence[str]:
        """With what it is without, if one of the stems `asked` for is in that."""
        if not self._lacks:
            return self._always
        found = [each for each, lack in self._pieces if not lack or not asked.isdisjoint(lack)]
        return tuple(dict.fromkeys(found)) or self._always


@lru_cache(maxsize=_REMEMBERED)
def label(text: str) -> Label:
    return Label(text)


def _telling_words(text: str) -> list[str]:
    return [word for word in words(text) if word not in FUNCTION_WORDS]


def _stems(text: str) -> list[str]:
    is_open = tables.words(OPEN)
    found = (word for word in _WORD.findall(text) if word not in FUNCTION_WORDS and word not in QUALIFIERS)
    return [stem(word) for word in found if word not in is_open]


def sides(said: Iterable[str]) -> frozenset[str]:
    return frozenset(SIDE_WORDS[word] for word in said if word in SIDE_WORDS)


def lacking(text: str) -> frozenset[str]:
    """The stems of what a text says is absent: the words behind "without" or "not" in their clause."""
    return frozenset(
        stem(word)
        for match in _WITHOUT.finditer(text.lower())
        for word in _WORD.findall(match[1])
        if word not in FUNCTION_WORDS and word not in tables.words(OPEN)
    )


class Known:
    """Stems that a text has. Forms of one word that no ending tells apart count as one: "hypoxic" and "hypoxia", but
    not "dysphagia" and "dysphasia"."""

    def __init__(self, known: Iterable[str]) -> None:
        self.stems = frozenset(known)
        self.beginnings = frozenset(each[:_ALIKE] for each in self.stems)
        self._alike: dict[str, list[str]] = {}
        for each in self.stems:
            if len(each) >= _ALIKE:
                self._alike.setdefault(each[:_ALIKE], []).append(each)

    def __contains__(self, stemmed: str) -> bool:
        if stemmed in self.stems:
            return True
        alike = self._alike.get(stemmed[:_ALIKE])
        return alike is not None and any(_are_forms(stemmed, each) for each in alike)


def _are_forms(one: str, other: str) -> bool:
    same = max(len(one), len(other)) - _ENDING_LENGTH
    return len(one) >= same and one[:same] == other[:same]


def stem(word: str) -> str:
    if len(word) <= _SHORTEST or word.endswith(("ss", "us", "is")):
        return word
    return _ENDING.sub("", word)


@lru_cache(maxsize=_REMEMBERED)
def stems(description: str) -> frozenset[str]:
    """What a title says, each word by its stem, without its encounter, what it is without, and open words."""
    plain = _WITHOUT.sub(" ", _PARENTHESES.sub(" ", title(description)))
    is_open = tables.words(OPEN)
    return frozenset(stem(word) for word in words(plain) if word not in FUNCTION_WORDS and word not in is_open)


@lru_cache(maxsize=_REMEMBERED)
def is_open(description: str) -> bool:
    """Whether a title says that nothing more is known."""
    return not {"unspecified", "uncomplicated"}.isdisjoint(words(description)) or description.endswith(
        "without complications"
    )
