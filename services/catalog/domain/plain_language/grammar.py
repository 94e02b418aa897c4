"""From an official noun phrase to a plain one: glossary terms, articles, sides, "other" and "unspecified".

A title such as "Nondisplaced fracture of neck of unspecified talus" is cut into units (glossary terms and single
words). Units between two links ("of", "with", "due to") are one noun phrase, whose last noun decides the article.
"Unspecified" leaves the phrase and becomes a note of what the record does not say; "other" in front becomes the note
that the kind has no code of its own. Nothing else is dropped: a number, a side, a "without" comes out as it went in.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import lru_cache

from .articles import goes_on, with_articles
from .glossary import Glossary, Kind, load
from .notes import unspecified_phrases
from .qualifiers import with_others, without_leading_other, without_unspecified
from .units import COMMA, SIDES, Unit, chunk_end, first_head, head_of, is_plural, units_of
from .wording import fitted, joined


@dataclass(frozen=True, slots=True)
class Phrase:
    """A plain noun phrase, what the record does not say about it, and whether its kind has no code of its own."""

    text: str
    unsaid: tuple[str, ...] = ()
    other: bool = False
    nowhere_else: bool = False
    plural: bool = field(default=False, compare=False)


@lru_cache(maxsize=8192)
def plain_phrase(phrase: str, drop_other: bool = True, definite: bool = False) -> Phrase:
    """The plain wording of one official noun phrase, in lower case at the start, without a full stop.

    `drop_other`: a leading "other" becomes the note that the kind has no code of its own. `definite`: the phrase names
    a place ("the left hip"), not a finding ("a cystic kidney").
    """
    rest, unsaid = unspecified_phrases(phrase.replace("bilateral lower extremity", "bilateral lower extremities"))
    nowhere_else = "not elsewhere classified" in rest
    if nowhere_else:
        rest = re.sub(r",? \(?not elsewhere classified\)?", "", rest)
    glossary = load()
    units = units_of(rest, glossary)
    other = False
    if drop_other:
        units, other, more = without_leading_other(units)
        unsaid += more
        units = _singular_head(units, glossary)
    units = _with_sides(units)
    units, more = without_unspecified(units)
    unsaid += more
    units, ended_other = _with_places(with_others(units))
    plural = is_plural(first_head(units))
    text = joined(with_articles(fitted(units), definite))
    return Phrase(text, tuple(dict.fromkeys(unsaid)), other or ended_other, nowhere_else, plural)


def _singular_head(units: list[Unit], glossary: Glossary) -> list[Unit]:
    """ "Disorders of bone" is one disorder in one patient."""
    end = chunk_end(units, 0)
    if not end or (end < len(units) and goes_on(units, end)):
        return units
    chunk = units[:end]
    head = chunk[-1]
    if head.kind is not Kind.WORD or not head.term.endswith("s") or any(one.kind is Kind.DETERMINER for one in chunk):
        return units
    for single in (head.term[:-3] + "y" if head.term.endswith("ies") else "", head.term[:-1], head.term[:-2]):
        if single and glossary.kind(single.lower()) in (Kind.THING, Kind.STUFF):
            again = units_of(" ".join((*(unit.term for unit in chunk[:-1]), single)), glossary)
            return [*again, *units[end:]]
    return units


def _with_sides(units: list[Unit]) -> list[Unit]:
    """ "Lagophthalmos left eye" is lagophthalmos of the left eye."""
    out: list[Unit] = []
    for unit in units:
        before = out[-1] if out else None
        if before and before.kind in (Kind.THING, Kind.STUFF) and unit.term in SIDES and unit.term != "multiple":
            out.append(Unit(Kind.LINK, "of", "of", "of"))
        out.append(unit)
    return units if out and out[-1].term in SIDES else out


def _with_places(units: list[Unit]) -> tuple[list[Unit], bool]:
    """A place behind a comma gets its preposition: "bursitis, left hip" is "of the left hip"."""
    out: list[Unit] = []
    other = False
    linked = False
    for position, unit in enumerate(units):
        linked = linked or unit.kind is Kind.LINK or (unit.kind is Kind.COMMA and COMMA in out)
        if unit.kind is not Kind.COMMA:
            out.append(unit)
            continue
        chunk = units[position + 1 : chunk_end(units, position + 1)]
        if chunk and chunk[0].kind is Kind.OTHER and len(chunk) == 1:
            other = True
            continue
        if not chunk and position == len(units) - 1:
            continue
        out.append(_preposition(units, position, chunk, linked) or unit)
    if out and out[-1].kind is Kind.OTHER:
        out.pop()
        other = True
    return out, other


def _preposition(units: list[Unit], comma: int, chunk: list[Unit], linked: bool) -> Unit | None:
    head = head_of(chunk)
    if head is None:
        return None
    if head.term == "bilateral":
        return Unit(Kind.LINK, "", "", "")
    if head.term in ("sites", "site", "places", "locations"):
        return Unit(Kind.LINK, "in" if is_plural(head) else "at", "", "in")
    if head.kind is not Kind.PART or not _is_apposition(units, comma, chunk):
        return None
    word = {"side": "on", "sides": "on", "level": "at"}.get(head.term, "in" if linked else "of")
    return Unit(Kind.LINK, word, word, word)


def _is_apposition(units: list[Unit], comma: int, chunk: list[Unit]) -> bool:
    """Whether the place behind this comma stands for itself, not as one of a list ("muscle, fascia and tendon")."""
    if chunk[0].term in SIDES or chunk[0].kind is Kind.DETERMINER:
        return True
    if any(unit.kind is Kind.JOIN for unit in units[comma:]):
        return units[comma - 1].kind is not Kind.PART and units[comma - 1].term != "other"
    return True
