""" "Other" and "unspecified" inside a title: two different things (ICD-10-CM guidelines I.A.9), kept apart here."""

from __future__ import annotations

from .articles import article
from .glossary import Kind, load
from .units import Unit, chunk_end, head_of, is_plural

_RIDERS = frozenset(("occupant", "car occupant", "rider", "pedal cyclist", "bicycle rider"))


def without_leading_other(units: list[Unit]) -> tuple[list[Unit], bool, list[str]]:
    """Takes "Other", "Other specified", "Other and unspecified" off the front."""
    if not units or units[0].kind is not Kind.OTHER:
        return units, False, []
    rest = units[1:]
    if rest and rest[0].term == "specified":
        rest = rest[1:]
    if len(rest) > 1 and rest[0].kind is Kind.JOIN and rest[1].kind is Kind.UNSPECIFIED:
        return rest[2:], True, ["whether there is a named kind"]
    return rest, True, []


def without_unspecified(units: list[Unit]) -> tuple[list[Unit], list[str]]:
    """Takes "unspecified" out of the phrase and says what the record leaves open."""
    if not any(unit.kind is Kind.UNSPECIFIED for unit in units):
        return units, []
    out: list[Unit] = []
    unsaid: list[str] = []
    skip_to = 0
    for position, unit in enumerate(units):
        if position < skip_to:
            continue
        if unit.kind is not Kind.UNSPECIFIED:
            out.append(unit)
            continue
        chunk = units[position + 1 : chunk_end(units, position + 1)]
        head = head_of(chunk)
        if head is None:
            unsaid.append(_what_ended(out))
            while out and out[-1].kind in (Kind.COMMA, Kind.JOIN):
                out.pop()
            continue
        note, one_of_many = _which(chunk, head, units[position + 1 + len(chunk) :])
        unsaid.append(note)
        if head.term == "side" or (head.kind is Kind.PART and any(_same_part(unit, head) for unit in out)):
            skip_to = position + 1 + len(chunk)
            while out and out[-1].kind in (Kind.COMMA, Kind.LINK):
                out.pop()
            continue
        if one_of_many and not (out and out[-1].kind is Kind.DETERMINER):
            out.append(Unit(Kind.DETERMINER, article(chunk[0].text), "", "a"))
    return out, unsaid


def _same_part(one: Unit, other: Unit) -> bool:
    """Whether both name one part of the body, in the singular or the plural."""
    return one.kind is Kind.PART and _singular(one.term) == _singular(other.term)


def _singular(term: str) -> str:
    return term[:-3] + "y" if term.endswith("ies") else term.removesuffix("s")


def _what_ended(before: list[Unit]) -> str:
    """What a bare ", unspecified" leaves open: the exact part of a place, else the exact kind."""
    head = next((unit for unit in reversed(before) if unit.kind not in (Kind.COMMA, Kind.ASIDE)), None)
    if head is not None and head.kind is Kind.PART and head.term not in ("level", "surface", "side"):
        return "the exact part or kind"
    return "the exact kind"


def _which(chunk: list[Unit], head: Unit, rest: list[Unit]) -> tuple[str, bool]:
    """The note for "unspecified N", and whether N is one of many (then "a", not "the", stands before it)."""
    name = " ".join(unit.name for unit in chunk if unit.name and unit.kind is not Kind.DETERMINER)
    if head.term in _RIDERS:
        return "whether this was the driver or a passenger", False
    if head.kind is Kind.PART:
        paired = load().paired
        official = " ".join(unit.term for unit in chunk)
        if official in paired or not paired.isdisjoint(head.term.split(" ")) or head.term in paired:
            return "which side", False
        return f"which {name.replace('(s)', '')}", not is_plural(head)
    if head.kind is Kind.WORD and not is_plural(head) and len(rest) > 1 and rest[0].kind is Kind.JOIN:
        return _which(rest[1:], head_of(rest[1 : chunk_end(rest, 1)]) or head, [])
    if head.term.endswith(("ly", "ing", "eaten")) and len(chunk) > 1:
        return f"what kind of {chunk[-2].name}", False
    if len(head.term) < 3 and len(chunk) > 1:
        return f"what kind of {chunk[-2].name} {head.term}", False
    return f"what kind of {head.name}", False


def with_others(units: list[Unit]) -> list[Unit]:
    """ "Other" before one noun is "another", "other specified" is "another named"."""
    if not any(unit.kind is Kind.OTHER for unit in units):
        return units
    out: list[Unit] = []
    skip = False
    for position, unit in enumerate(units):
        if skip:
            skip = False
            continue
        if unit.kind is not Kind.OTHER:
            out.append(unit)
            continue
        chunk = units[position + 1 : chunk_end(units, position + 1)]
        named = bool(chunk) and chunk[0].term == "specified"
        head = head_of(chunk[1:] if named else chunk)
        single = (
            head is not None
            and head.kind in (Kind.PART, Kind.THING)
            and not is_plural(head)
            and not head.term.endswith("tissue")
        )
        has_own = bool(out) and out[-1].kind is Kind.DETERMINER
        text = "another" if single and not has_own else "other"
        skip = named and head is not None
        text += " named" if skip else ""
        out.append(Unit(Kind.DETERMINER if head is not None else Kind.OTHER, text, text, text))
    return out
