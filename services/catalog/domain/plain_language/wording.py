"""The plain wording of each term, in the form that its place in the noun phrase allows, and the whole as text."""

from __future__ import annotations

from .articles import article
from .glossary import Kind, load
from .units import BREAKS, Unit, chunk_end, head_of, is_plural

_MAX_TERMS_SHOWN = 3


def fitted(units: list[Unit]) -> list[Unit]:
    """Each glossary term in the form that fits its place in the noun phrase."""
    out: list[Unit] = []
    position = 0
    while position < len(units):
        if units[position].kind in BREAKS:
            out.append(units[position])
            position += 1
            continue
        end = chunk_end(units, position)
        out.extend(_fitted_chunk(_on_both_sides(units[position:end])))
        position = end
    return out


def _on_both_sides(chunk: list[Unit]) -> list[Unit]:
    """ "Bilateral" in the words for its place: both legs, the tear gland on both sides, a two-sided hernia."""
    at = next((at for at, unit in enumerate(chunk) if unit.term.lower() == "bilateral"), -1)
    head = head_of(chunk)
    if at < 0 or head is None:
        return chunk
    before, after = chunk[:at], chunk[at + 1 :]
    if head is chunk[at]:
        return [*before, Unit(Kind.ASIDE, "on both sides", "", "on both sides"), *after]
    if head.kind is not Kind.PART:
        return [*before, Unit(Kind.WORD, "two-sided", "two-sided", "two-sided"), *after]
    if is_plural(head) and not head.is_phrase and not before:
        return [Unit(Kind.DETERMINER, "both", "both", "both"), *after]
    return [*before, *after, Unit(Kind.ASIDE, "on both sides", "", "on both sides")]


def _fitted_chunk(chunk: list[Unit]) -> list[Unit]:
    """One noun phrase.

    Plain words that cannot stand before a noun ("caused by ...") move behind it. A long plain wording with an unknown
    word or a side in front of it goes into the parentheses: "left ciliary body (ring of tissue ...)".
    """
    head_at = next((at for at in range(len(chunk) - 1, -1, -1) if chunk[at].kind is not Kind.ASIDE), -1)
    if head_at < 0 or not any(unit.is_glossed for unit in chunk):
        return chunk
    out: list[Unit] = []
    behind: list[Unit] = []
    hindered = False
    for at, unit in enumerate(chunk):
        if unit.kind is Kind.ASIDE and at < head_at and not unit.text.startswith("("):
            behind.append(unit)
        elif not unit.is_glossed:
            hindered = hindered or (unit.kind is Kind.WORD and unit.term not in load().fitting)
            out.append(unit)
        elif unit.term.lower() == "unilateral" and at == head_at:
            out.append(Unit(Kind.ASIDE, "on one side (unilateral)", "on one side", unit.term))
        elif unit.text.startswith("~"):
            moved = Unit(Kind.ASIDE if at < head_at else Kind.WORD, unit.text[1:], unit.bare[1:], unit.term)
            (behind if at < head_at else out).append(moved)
        elif unit.kind is Kind.WORD:
            hindered = hindered or unit.term not in load().fitting
            out.append(unit)
        elif at < head_at:
            before_unknown = chunk[at + 1].kind is Kind.WORD and not chunk[at + 1].is_glossed
            short = unit.bare.count(" ") < 2 and not before_unknown
            out.append(unit if short else Unit(unit.kind, unit.term, unit.term, unit.term))
            hindered = True
        elif hindered and unit.is_phrase and unit.bare != unit.text:
            out.append(Unit(unit.kind, f"{unit.term} ({unit.bare})", unit.term, unit.term))
        else:
            out.append(unit)
    return out + behind if behind and head_at == len(chunk) - 1 else _insert(out, behind)


def _insert(chunk: list[Unit], behind: list[Unit]) -> list[Unit]:
    """Put moved words right behind the head, before what stands in parentheses."""
    if not behind:
        return chunk
    at = len(chunk)
    while at and chunk[at - 1].kind is Kind.ASIDE:
        at -= 1
    return [*chunk[:at], *behind, *chunk[at:]]


def joined(units: list[Unit]) -> str:
    """The units as text. A term is shown once, and three at most, so that a sentence stays readable."""
    shown: set[str] = set()
    words: list[str] = []
    for position, unit in enumerate(units):
        text = unit.text
        if unit.kind is Kind.COMMA:
            if words and position < len(units) - 1 and not words[-1].endswith(","):
                words[-1] += ","
            continue
        if unit.kind is Kind.DETERMINER and text in ("a", "an") and position + 1 < len(units):
            text = article(_shown(units[position + 1], shown))
        elif unit.bare and unit.text != unit.bare:
            text = _shown(unit, shown)
            shown.add(unit.text)
        if text:
            words.append(text)
    return " ".join(words).rstrip(",")


def _shown(unit: Unit, shown: set[str]) -> str:
    if unit.text in shown or len(shown) >= _MAX_TERMS_SHOWN:
        return unit.bare or unit.text
    return unit.text
