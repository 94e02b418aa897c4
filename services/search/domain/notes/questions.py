"""What a note would have to say for a code to be more specific: which hip, which trimester, which type."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from ..documents import Hit
from .findings import Question

MOST_OPTIONS = 8
MOST_NAMED, LONGEST_NAMED = 3, 40
ENCOUNTER = 7
_WORD = re.compile(r"[^\W_]+(?:['’-][^\W_]+)*")
_OPEN = frozenset({"unspecified"})
_SIDES = frozenset({"right", "left", "bilateral"})
_TRIMESTERS = frozenset({"first", "second", "third"})


def beginning(hit: Hit) -> str:
    """What the codes begin with that a code is compared with: a header's own characters; else all but the last one,
    and but the encounter where there is one."""
    if hit.billable is False:
        return hit.code
    return hit.code[:-2] if len(hit.code) == ENCOUNTER else hit.code[: max(3, len(hit.code) - 1)]


def questions(code: Hit, family: Iterable[Hit]) -> Sequence[Question]:
    """At most one question: what the codes beside this one tell apart that this one leaves open. None where it leaves
    nothing open."""
    others = [hit for hit in family if hit.code != code.code and hit.billable is not False and _beside(code, hit)]
    options = [(said, hit) for hit in others if (said := _difference(code.description, hit.description))]
    if not options:
        return ()
    # What is only another side of the same is what there is to ask; other codes beside it may be other things.
    options = [option for option in options if _is_choice(option[0])] or options
    return (Question(_asked(code.description, [said for said, _ in options]), tuple(options[:MOST_OPTIONS])),)


def _is_choice(said: str) -> bool:
    return set(_words(said)) <= _SIDES | _TRIMESTERS


def _open_words(hit: Hit) -> int:
    """How often a title says that something is not known; "stage 4 or unspecified" is a choice that it leaves to
    nobody."""
    words = _words(hit.description)
    return sum(word in _OPEN and before != "or" for before, word in zip(["", *words], words, strict=False))


def _beside(code: Hit, hit: Hit) -> bool:
    """Whether it says more where the code leaves something open, and is of the same encounter, where codes have one."""
    if len(code.code) == len(hit.code) == ENCOUNTER and code.code[-1] != hit.code[-1]:
        return False
    return code.billable is False or _open_words(hit) < _open_words(code)


def _difference(open_title: str, title: str) -> str:
    """What the title says that the open one does not, in the order of its words."""
    said = set(_words(open_title))
    return " ".join(word for word in _WORD.findall(title) if word.lower() not in said)


def _asked(description: str, said: Sequence[str]) -> str:
    words = {word.lower() for each in said for word in each.split()}
    if words & _SIDES and len(said) <= len(_SIDES) + 1:
        return f"Which {_noun(description)}: {', '.join(said)}?"
    if words & _TRIMESTERS and "trimester" in _words(description):
        return f"Which trimester: {', '.join(said)}?"
    named = [each for each in said[:MOST_NAMED] if len(each) <= LONGEST_NAMED]
    return f"Is it more specific: {', '.join(named)}, ...?" if named else "Is it more specific?"


def _noun(description: str) -> str:
    """What an open title says that the side is unknown of: "unspecified hip" is a hip."""
    found = re.findall(r"\bunspecified ((?:(?!unspecified)[\w' -])+?)(?=,| and | with|$)", description, re.IGNORECASE)
    return found[-1] if found else "side"


def _words(text: str) -> list[str]:
    return [word.lower() for word in _WORD.findall(text)]
