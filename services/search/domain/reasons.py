"""Why a result is there, in plain words."""

from __future__ import annotations

from collections.abc import Sequence

from .documents import FoundWord, Hit, MatchKind
from .query import Plan

MAX_TERM = 60
# Meanings that begin like the word are other forms of it.
_SAME_BEGINNING = 4


def why(plan: Plan, hit: Hit) -> str:
    """ "exact code", "from ICD-9-CM 835.00 by GEM, approximate", "code begins with S73.0", "code within 27250-27254",
    "matches 'hip', 'dislocation'"."""
    if hit.kind is MatchKind.EXACT:
        return "exact code"
    if hit.kind is MatchKind.EQUIVALENT:
        return _by_equivalent(plan, hit)
    if hit.kind is MatchKind.PREFIX:
        return f"code begins with {_beginning(hit.display, len(plan.prefix))}"
    if hit.kind is MatchKind.RANGE:
        return f"code within {', '.join(f'{each.low}-{each.high}' for each in plan.ranges)}"
    if hit.alike:
        return f"close in meaning: “{_cut(hit.alike)}”"
    return _by_words(hit.words)


def _by_equivalent(plan: Plan, hit: Hit) -> str:
    """ "from ICD-9-CM 835.00 by GEM, approximate"."""
    for typed in plan.codes:
        for one in hit.equivalents:
            if (typed.dotted or typed.code) in (one.code, one.display):
                return f"from ICD-9-CM {one.display} by GEM{', approximate' if one.approximate else ''}"
    return "from ICD-9-CM by GEM"


def _by_words(words: Sequence[FoundWord]) -> str:
    if not words:
        return "matches its description"
    said = "matches " + ", ".join(_word(word) for word in words)
    terms = list(dict.fromkeys(word.term for word in words if word.term))
    return f"{said} (in “{_cut(terms[0])}”)" if terms else said


def _word(word: FoundWord) -> str:
    asked, met = word.asked, word.met
    if word.meaning and not word.meaning.startswith(asked[:_SAME_BEGINNING]):
        return f"'{asked}' = {word.meaning}"
    if met.startswith(asked) or asked.startswith(met[: max(3, len(met) - 3)]):
        return f"'{met}'"
    return f"'{met}' (for '{asked}')"


def _cut(term: str) -> str:
    return term if len(term) <= MAX_TERM else term[: MAX_TERM - 1].rstrip() + "…"


def _beginning(display: str, characters: int) -> str:
    """The first characters of a code as displayed, its dot not counted: ("S73.005A", 4) is "S73.0"."""
    end = 0
    for end, char in enumerate(display, 1):  # noqa: B007 - the end is what is looked for
        characters -= char.isalnum()
        if not characters:
            break
    return display[:end]
