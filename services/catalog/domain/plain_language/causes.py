"""Frames for external causes (chapter 20): who was hurt, how, where, doing what, with what intent."""

from __future__ import annotations

import re

from .grammar import plain_phrase
from .sentence import Sentence, say
from .units import lower_first

_INJURED = re.compile(r"^(.+?) injured (in|while) (.+)$")
_PASSIVE = re.compile(
    r"^(bitten|struck|crushed|hit|caught|pecked|kicked|pinched|scratched|sucked|run over)\b", re.IGNORECASE
)
_SELF_HARM = re.compile(r"^(?:(other) )?intentional self-harm by (.+)$", re.IGNORECASE)
_ASSAULT = re.compile(r"^(?:(other) )?assault by (.+)$", re.IGNORECASE)
_UNDETERMINED = re.compile(r"^(.+), undetermined intent$", re.IGNORECASE)
_DEED = re.compile(r"\w+ing\b|(?:strike|bite|bodily|unarmed|(?:other|unspecified)(?: specified)? means)\b")
_PLACE = re.compile(r"^(.+?) as the place of occurrence of the external cause$")
_PERPETRATOR = re.compile(r"^(.+?), perpetrator of maltreatment and neglect$")
_WHO = re.compile(
    r"^(.+), (civilian|military personnel|law enforcement official|bystander|suspect|unspecified person|terrorist|"
    r"public safety official)(?: injured)?$"
)
_WHO_WORDS = {
    "civilian": "the patient was a civilian",
    "military personnel": "the patient was in the military",
    "law enforcement official": "the patient was a law enforcement official",
    "public safety official": "the patient was a public safety official",
    "bystander": "the patient was a bystander",
    "suspect": "the patient was a suspect",
    "terrorist": "the patient was a terrorist",
    "unspecified person": "",
}
_BOARDING = re.compile(r"\bboarding or alighting(?: from)?\b")
_NONTRAFFIC = "an accident away from public roads (nontraffic)"
_TRAFFIC = "a traffic accident (on a public road)"
_ACCIDENTS = (
    (re.compile(r"^(?:an? )?(?:unspecified )?nontraffic accident$"), "an accident away from public roads (nontraffic)"),
    (re.compile(r"^(?:unspecified )?traffic accident$"), "a traffic accident (on a public road)"),
    (
        re.compile(r",? (?:in|\() ?(?:an? )?nontraffic(?: accident)?\)?$"),
        ", in an accident away from public roads (nontraffic)",
    ),
    (re.compile(r",? \(traffic\)$"), ", in a traffic accident (on a public road)"),
    (re.compile(r",? in (?:an? )?traffic accident$"), ", in a traffic accident (on a public road)"),
)


def cause(code: str, title: str) -> Sentence:
    """The first sentence for an external cause. It is told in the past tense always."""
    for frame in (_place, _activity, _perpetrator, _self_harm, _assault, _undetermined, _who, _injured, _passive):
        if sentence := frame(title):
            return sentence._replace(matter="injury")
    if code.startswith("Y9"):
        return say("about the time of the event, the record notes {0}", plain_phrase(title), matter="injury")
    return say("the cause of the injury was {0}", plain_phrase(title), matter="injury")


def _place(title: str) -> Sentence | None:
    found = _PLACE.match(title)
    return say("the patient was hurt in this place: {0}", plain_phrase(found[1])) if found else None


def _activity(title: str) -> Sentence | None:
    if not title.startswith("Activity, "):
        return None
    what = plain_phrase(title.removeprefix("Activity, "))
    if not what.text or what.text.startswith("involving"):
        return say("at the time of the injury the patient was busy with an activity {0}", what)
    return say("at the time of the injury the patient's activity was {0}", what)


def _perpetrator(title: str) -> Sentence | None:
    found = _PERPETRATOR.match(title)
    return say("the person who mistreated or neglected the patient was {0}", plain_phrase(found[1])) if found else None


def _by(means: str) -> str:
    return (
        "by"
        if re.match(r"\w+ing\b|(?:strike|bite|bodily|unarmed|(?:other|unspecified)(?: specified)? means)\b", means)
        else "by means of"
    )


def _self_harm(title: str) -> Sentence | None:
    found = _SELF_HARM.match(title)
    if not found:
        return None
    sentence = say(
        f"the patient hurt themselves on purpose {_by(found[2])} {{0}}", plain_phrase(found[2], drop_other=False)
    )
    return sentence._replace(other=sentence.other or bool(found[1]))


def _assault(title: str) -> Sentence | None:
    found = _ASSAULT.match(title)
    if not found:
        return None
    sentence = say(
        f"someone attacked the patient {_by(found[2])} {{0}} (assault)", plain_phrase(found[2], drop_other=False)
    )
    return sentence._replace(other=sentence.other or bool(found[1]))


def _undetermined(title: str) -> Sentence | None:
    found = _UNDETERMINED.match(title)
    if not found:
        return None
    ending = "it could not be decided whether it was an accident or meant (undetermined intent)"
    return say(f"the cause of the injury was {{0}}, and {ending}", plain_phrase(found[1]))


def _who(title: str) -> Sentence | None:
    found = _WHO.match(title)
    if not found:
        return None
    who = _WHO_WORDS[found[2]]
    sentence = say(f"the cause of the injury was {{0}}{', and ' if who else ''}{who}", plain_phrase(found[1]))
    return sentence if who else sentence._replace(unsaid=("who the injured person was", *sentence.unsaid))


def _injured(title: str) -> Sentence | None:
    found = _INJURED.match(_BOARDING.sub("getting on or off", title))
    if not found:
        return None
    event = found[3]
    vague = ("what kind of accident",) if event.startswith(("unspecified nontraffic", "unspecified traffic")) else ()
    after = ""
    for pattern, words in _ACCIDENTS:
        if match := pattern.search(event):
            after = words
            event = event[: match.start()] + event[match.end() :]
            break
    happened = plain_phrase(event, drop_other=False) if event else plain_phrase("")
    joined = f"{found[2]} {happened.text}{after}" if event or after else ""
    if found[1].lower() == "person":
        return say(f"the patient was hurt {joined}")._replace(unsaid=(*happened.unsaid, *vague), other=happened.other)
    role = plain_phrase(found[1])
    unsaid = (*happened.unsaid, *vague)
    sentence = say(f"the patient was hurt as {{0}} {joined}", role, unsaid=unsaid)
    return sentence._replace(other=role.other or happened.other)


def _passive(title: str) -> Sentence | None:
    found = _PASSIVE.match(title)
    return say("the patient was {0}", plain_phrase(lower_first(title))) if found else None
