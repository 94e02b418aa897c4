"""Frames for the reasons to see a doctor (Z), pregnancy and birth (O), the newborn (P) and findings (R)."""

from __future__ import annotations

import re

from .grammar import plain_phrase
from .notes import unspecified_phrases
from .sentence import Sentence, say

_COMPLICATING = re.compile(r"^(.+?),? complicating (pregnancy|childbirth|the puerperium)\b(.*)$")
_COMPLICATED = {
    "pregnancy": "the pregnancy",
    "childbirth": "the birth",
    "the puerperium": "the weeks after the birth (puerperium)",
}
_WEEKS = re.compile(r"^(\d+) weeks gestation of pregnancy$")
_BMI = re.compile(r"^Body mass index \[BMI\] (.+?)(?:, (adult|pediatric.*))?$")
_NEWBORN = re.compile(r",? (?:of|in) (?:the )?newborn\b")
_EYE_CATEGORY = re.compile(r",? (right|left|both) eyes? category (\d|[AB])")
_WHOSE = re.compile(r"^(?:Patient's|Caregiver's)(?: other)? ")
_NEONATAL = re.compile(r"\bneonatal ", re.IGNORECASE)
_ALLERGY = re.compile(r"^(.+) allergy status$")
_COMA = re.compile(r"^(Coma scale|Glasgow coma scale)(?:, | )(.+)$")

_OPENINGS: tuple[tuple[str, str], ...] = (
    ("Encounter for ", "the visit is for {0}"),
    ("Personal history of ", "in the past the patient had {0} (personal history)"),
    ("Family history of ", "someone in the patient's family has or had {0} (family history)"),
    ("Presence of left artificial ", "the patient has an artificial left {0}"),
    ("Presence of right artificial ", "the patient has an artificial right {0}"),
    ("Presence of ", "the patient has {0}"),
    ("Contact with and (suspected) exposure to ", "the patient was, or may have been, in contact with {0}"),
    ("Allergy status to ", "the patient is allergic to {0}"),
    ("Long term (current) use of ", "the patient takes {0} for a long time"),
    ("Carrier of ", "the patient carries {0}"),
    ("Genetic susceptibility to ", "the patient's genes make {0} more likely (genetic susceptibility)"),
    ("Dependence on ", "the patient depends on {0}"),
    ("Resistance to ", "the germ cannot be stopped by {0} (resistance)"),
    ("Maternal care for ", "the mother gets care in pregnancy because of {0}"),
    ("Supervision of ", "this is regular care (supervision) of {0}"),
    ("Labor and delivery complicated by ", "labor and birth are complicated by {0}"),
    ("Newborn affected by ", "the newborn is affected by {0}"),
    ("Newborn small ", "the newborn is small {0}"),
    ("Newborn light ", "the newborn is light {0}"),
    ("Lack of ", "the patient lacks {0}"),
    ("Aftercare following ", "the visit is for follow-up care (aftercare) following {0}"),
)


def reason(code: str, title: str) -> Sentence | None:
    """The first sentence where the title has one of these shapes."""
    chapter = code[:1]
    if chapter == "H" and _EYE_CATEGORY.search(title):
        return say("the patient has {0}", plain_phrase(_EYE_CATEGORY.sub(r" in the \1 eye (category \2)", title)))
    for opening, pattern in _OPENINGS:
        if title.startswith(opening):
            about = title.removeprefix(opening)
            about = about.removesuffix(" status") if opening == "Dependence on " else about
            return say(pattern, plain_phrase(about, drop_other=False))
    if chapter == "O" and (found := _COMPLICATING.match(title)):
        rest = plain_phrase(f"{_COMPLICATED[found[2]]}{found[3]}", drop_other=False)
        return say("the patient has {0}, which complicates {1}", plain_phrase(found[1]), rest)
    if chapter == "Z":
        return _state(title)
    if chapter == "P":
        if re.search(r"\bnewborn(?:,|$)", _NEWBORN.sub("", title)):
            return say("the patient is {0}", plain_phrase(title))
        return say("the newborn has {0}", plain_phrase(_NEONATAL.sub("", _NEWBORN.sub("", title))))
    if chapter == "R":
        return _finding(title)
    return None


def _state(title: str) -> Sentence:
    if found := _WEEKS.match(title):
        return say(f"the pregnancy has lasted {found[1]} weeks")
    if found := _BMI.match(title):
        group = f" ({found[2]})" if found[2] else ""
        return say(f"the patient's body mass index (BMI) is {found[1]}{group}")
    if found := _ALLERGY.match(title):
        return say("the patient is allergic to {0}", plain_phrase(found[1]))
    if title.startswith("Acquired absence of "):
        lost = plain_phrase(title.removeprefix("Acquired absence of "), drop_other=False, definite=True)
        verb = "have" if lost.plural else "has"
        return say(f"{{0}} {verb} been removed or lost (acquired absence)", lost)
    whose = _WHOSE.match(title)
    title = title[whose.end() :] if whose else title
    return say(
        f"the record notes {'the ' if whose else ''}{whose[0].lower() if whose else ''} {{0}}", plain_phrase(title)
    )


def _finding(title: str) -> Sentence:
    if not (found := _COMA.match(title)):
        return say("the record shows {0}", plain_phrase(title))
    result, unsaid = unspecified_phrases(found[2])
    scale = found[1] if found[1].startswith("Glasgow") else "coma scale"
    return say(f"the patient's result on the {scale} is: {result}", unsaid=tuple(unsaid))
