"""The ends of a title that tell where in care the patient is: seventh characters, trimesters, fetus numbers.

The seventh character A is active treatment, D routine care while healing, S a later problem; for fractures further
letters tell closed from open and how the bone heals (ICD-10-CM guidelines I.C.19.a and I.C.19.c). A is not "the first
visit": it stays A as long as treatment is active, whoever gives it.
"""

from __future__ import annotations

import re
from typing import NamedTuple

_ENCOUNTER = re.compile(
    r",? (?:(initial|subsequent) encounter(?: for (.*))?|(sequela)(?: of fracture)?)$", re.IGNORECASE
)
_FETUS = re.compile(r", (fetus (\d)|other fetus|not applicable or unspecified)$")
_TRIMESTER = re.compile(r"(?:,| in) (first|second|third|unspecified) trimester\b")

_TRIMESTERS = {
    "first": "in the first three months of pregnancy (first trimester)",
    "second": "in the middle three months of pregnancy (second trimester)",
    "third": "in the last three months of pregnancy (third trimester)",
}


class Ending(NamedTuple):
    """What the end of a title says. `stage` is "", "active", "healing" or "later"; `detail` the official words after
    "for"; `trimester` plain words or ""; `fetus` plain words or ""; `unsaid` what it leaves open."""

    rest: str
    stage: str = ""
    detail: str = ""
    trimester: str = ""
    fetus: str = ""
    unsaid: tuple[str, ...] = ()


def split_ending(title: str) -> Ending:
    """Cut the endings off a long title."""
    stage, detail = "", ""
    if found := _ENCOUNTER.search(title):
        title = title[: found.start()]
        stage = "later" if found[3] else {"initial": "active", "subsequent": "healing"}[found[1].lower()]
        detail = found[2] or ""
    fetus, trimester = "", ""
    unsaid: list[str] = []
    if found := _FETUS.search(title):
        title = title[: found.start()]
        if found[2]:
            fetus = f"It is about baby number {found[2]} (fetus {found[2]})."
        elif found[1] == "other fetus":
            fetus = "It is about another numbered baby (other fetus)."
        else:
            fetus = "There is only one baby (fetus), or the record does not say which baby it is about."
    if found := _TRIMESTER.search(title):
        title = title[: found.start()] + title[found.end() :]
        if found[1] == "unspecified":
            unsaid.append("which trimester")
        trimester = _TRIMESTERS.get(found[1], "")
    return Ending(title, stage, detail, trimester, fetus, tuple(unsaid))


_OPENINGS = {
    "closed fracture": "a closed fracture (skin not broken)",
    "open fracture": "an open fracture (skin broken)",
    "open fracture type I or II": "an open fracture, type I or II (skin broken)",
    "open fracture type IIIA, IIIB, or IIIC": "an open fracture, type IIIA, IIIB or IIIC (skin broken)",
    "open fracture NOS": "an open fracture (skin broken)",
    "fracture": "the fracture",
}
_HEALING = {
    "routine healing": "that is healing as expected",
    "delayed healing": "that is slow to heal (delayed healing)",
    "nonunion": "that has not grown together (nonunion)",
    "malunion": "that grew together in a wrong position (malunion)",
}


def encounter_sentence(stage: str, detail: str, matter: str) -> str:
    """The sentence for a stage of care. `matter` is what is treated: "injury", "poisoning", "problem" ...

    >>> encounter_sentence("healing", "", "injury")
    'This code is for routine care while the injury heals.'
    """
    if stage == "later":
        what = "it" if matter == "problem" else f"that {matter}"
        return f"This code is for a later problem caused by {what} (sequela)."
    if detail:
        return _fracture_sentence(stage, detail)
    if stage == "active":
        return f"This code is for active treatment of the {matter}."
    if stage == "healing":
        ending = "heals" if matter == "injury" else "gets better"
        return f"This code is for routine care while the {matter} {ending}."
    return ""


def _fracture_sentence(stage: str, detail: str) -> str:
    opening, _, healing = detail.partition(" with ")
    what = _OPENINGS.get(opening, opening)
    if stage == "active":
        return f"This code is for active treatment of {what}."
    return f"This code is for later care of {what} {_HEALING.get(healing, 'with ' + healing)}."
