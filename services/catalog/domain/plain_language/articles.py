""" "A", "an" and "the" in front of the noun phrases of a title."""

from __future__ import annotations

import re

from .glossary import Kind
from .units import ADJECTIVE, BREAKS, Unit, chunk_end, head_of, is_acronym, is_plural

_VOWELS = re.compile(
    r"^(?:[aei]|o(?!ne\b|nce\b)|u(?!ni(?![dnm])|se|te|re|ri|ro)|hour|honest|x-|8|11|18)", re.IGNORECASE
)
_ACRONYM_VOWEL = re.compile(r"^(?:[AEFHILMNORSX][A-Z0-9-]|[AEFHILMNORSX]$)")
_NAMED_AFTER = frozenset(("syndrome", "disease", "virus disease", "disorder"))


def article(text: str) -> str:
    """'a' or 'an', by the sound of the first word."""
    if text.startswith("Rh "):
        return "an"
    if is_acronym(text.split(" ", 1)[0].split("-")[0]) and text[:2].isupper():
        return "an" if _ACRONYM_VOWEL.match(text) else "a"
    return "an" if _VOWELS.match(text) else "a"


def with_articles(units: list[Unit], definite: bool) -> list[Unit]:
    """Put the article that its head wants in front of each noun phrase; one article leads a list ("a cyst and ulcer").

    `definite`: the first noun phrase is a known place ("the left hip"), not a finding.
    """
    out: list[Unit] = []
    led = False
    position = 0
    while position < len(units):
        unit = units[position]
        if unit.kind in BREAKS:
            led = led and unit.kind is not Kind.LINK
            out.append(unit)
            position += 1
            continue
        end = chunk_end(units, position)
        chunk = units[position:end]
        word = (
            _article_for(chunk) if led else _article_ahead(units, position, end, subject=position == 0 and not definite)
        )
        if word and not led:
            out.append(Unit(Kind.DETERMINER, word, "", word))
        led = led or word is not None
        out.extend(chunk)
        position = end
    return out


def _article_ahead(units: list[Unit], start: int, end: int, subject: bool) -> str | None:
    """The article at the front of a noun phrase. Adjectives joined to a noun ("moving and stationary object") take the
    noun's."""
    chunk = units[start:end]
    word = _article_for(chunk, subject)
    if word is not None or end >= len(units) or not goes_on(units, end):
        return word
    if not all(ADJECTIVE.search(unit.term) for unit in chunk):
        return None
    word = _article_ahead(units, end + 1, chunk_end(units, end + 1), subject)
    return article(chunk[0].text) if chunk and word in ("a", "an") else word


def goes_on(units: list[Unit], at: int) -> bool:
    """Whether the break at `at` belongs to a list that ends in "and" or "or"."""
    if units[at].kind is Kind.JOIN:
        return True
    if units[at].kind is not Kind.COMMA:
        return False
    end = chunk_end(units, at + 1)
    return end < len(units) and goes_on(units, end)


def _article_for(chunk: list[Unit], subject: bool = False) -> str | None:
    head = head_of(chunk)
    if head is None or head.kind not in (Kind.PART, Kind.THING):
        return None
    if any(unit.kind is Kind.DETERMINER for unit in chunk) or chunk[0].text[:1].isdigit():
        return ""
    if head.kind is Kind.PART:
        return _article_of_part(chunk, head) if subject else "the"
    if head.term in _NAMED_AFTER and chunk[0].text[:1].isupper():
        return ""
    return article(chunk[0].text)


def _article_of_part(chunk: list[Unit], head: Unit) -> str:
    """A part of the body that is the finding itself: "a cystic meniscus", but "the left hip"."""
    if chunk[0] is head and len(chunk) == 1:
        return ""
    return "" if is_plural(head) or head.term == "blood" else article(chunk[0].text)
