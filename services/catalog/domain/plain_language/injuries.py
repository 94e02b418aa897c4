"""Frames for chapter 19 and for pathological fractures: what is broken, out of its joint, burnt, cut or torn."""

from __future__ import annotations

import re

from .grammar import Phrase, plain_phrase
from .sentence import Sentence, say

_FRACTURE = re.compile(r"^((?:[\w/-]+ )*?)fractures? of (.+)$", re.IGNORECASE)
_JOINT = re.compile(r"^((?:\w+ )?)(dislocation|subluxation) of (.+)$", re.IGNORECASE)
_AMPUTATION = re.compile(r"^(complete|partial) traumatic amputation of (.+)$", re.IGNORECASE)
_BURN = re.compile(r"^(burn|corrosion) of (first|second|third|unspecified) degree (?:of )?(.+)$", re.IGNORECASE)
_FOREIGN_BODY = re.compile(r"^(.+?) (with|without) foreign body(?: of|,) (.+?)( (?:with|without) .+)?$", re.IGNORECASE)
_SALTER = re.compile(r"salter-harris type (\w+) physeal ", re.IGNORECASE)
_MORE_TO_SAY = re.compile(
    r"\b(?:with|without|due|involving|following|insertion|in)\b|,(?! (?:right|left|unspecified|bilateral))"
)

_MANNERS = {
    "comminuted": "into several pieces (comminuted)",
    "transverse": "straight across (transverse)",
    "oblique": "at a slant (oblique)",
    "spiral": "in a spiral",
    "segmental": "in two or more places (segmental)",
    "greenstick": "with a bend and a crack on one side (greenstick)",
    "torus": "with a buckle on one side (torus)",
    "longitudinal": "lengthwise (longitudinal)",
    "physeal": "through the growth plate (physeal)",
    "intraarticular": "into the joint (intraarticular)",
    "extraarticular": "outside the joint (extraarticular)",
    "avulsion": "where a piece was pulled off (avulsion)",
    "": "",
}
_MOVED = {
    "displaced": ", and the pieces {have} moved out of place (displaced)",
    "nondisplaced": ", and the pieces {have} stayed in line (nondisplaced)",
}
_DIRECTIONS = {
    "anterior": "toward the front (anterior)",
    "posterior": "toward the back (posterior)",
    "inferior": "downward (inferior)",
    "superior": "upward (superior)",
    "lateral": "toward the outer side (lateral)",
    "medial": "toward the inner side (medial)",
    "central": "toward the center (central)",
    "": "",
}
_OUT_OF_JOINT = re.compile(r"\b(?:hip|shoulder|finger|toe|thumb|jaw|toe\(s\)|elbow)$")
_DEGREES = {
    "first": "first-degree {}",
    "second": "second-degree {}",
    "third": "third-degree {}",
    "unspecified": "{}",
}
_BURNS = {"burn": "burn", "corrosion": "chemical burn (corrosion)"}


def injury(title: str, past: bool) -> Sentence:
    """The first sentence for an injury, in the past tense where the code is about its later effects."""
    if found := _FOREIGN_BODY.match(title):
        title = f"{found[1]} of {found[3]} {found[2]} foreign body{found[4] or ''}"
    for frame in (_fracture, _out_of_joint, _amputation, _burn):
        if sentence := frame(title, past):
            return sentence
    return say("the patient had {0}" if past else "the patient has {0}", plain_phrase(title), matter="injury")


def _fracture(title: str, past: bool) -> Sentence | None:
    found = _FRACTURE.match(title)
    if not found or _MORE_TO_SAY.search(found[2]) or re.search(r"\bbones, ", found[2]):
        return None
    manner = ""
    described = found[1].lower()
    if salter := _SALTER.search(described):
        described = _SALTER.sub("", described)
        manner = f"through the growth plate (Salter-Harris type {salter[1].upper()} fracture)"
    words = described.split()
    other = "other" in words
    unsaid = ("what kind of fracture it is",) if "unspecified" in words else ()
    moved = next((_MOVED[word] for word in words if word in _MOVED), "")
    kinds = [word for word in words if word not in ("other", "unspecified", "displaced", "nondisplaced")]
    if len(kinds) > 1 or (kinds and (manner or kinds[0] not in _MANNERS)):
        return None
    manner = manner or (_MANNERS[kinds[0]] if kinds else "")
    site = plain_phrase(found[2], drop_other=False, definite=True)
    verb = ("were" if past else "are") if site.plural else ("was" if past else "is")
    manner = manner or ("" if moved else "(fracture)")
    sentence = say(f"{{0}} {verb} broken {manner}{moved.format(have='had' if past else 'have')}", site, matter="injury")
    return sentence._replace(other=other or sentence.other, unsaid=(*unsaid, *sentence.unsaid))


def _out_of_joint(title: str, past: bool) -> Sentence | None:
    found = _JOINT.match(title)
    if not found or "vertebra" in title or "prosthesis" in title or re.search(r"\b(?:with|due|and)\b", title):
        return None
    how = found[1].strip().lower()
    unsaid = ("in which direction",) if how == "unspecified" else ()
    other = how == "other"
    if not (unsaid or other or how in _DIRECTIONS):
        return None
    site = plain_phrase(found[3], drop_other=False, definite=True)
    partly = "partly " if found[2].lower() == "subluxation" else ""
    term = "" if not partly else " (subluxation)"
    place = "its joint" if _OUT_OF_JOINT.search(found[3]) else "place"
    have = "had" if past else ("have" if site.plural else "has")
    toward = "" if other or unsaid else _DIRECTIONS[how]
    term = term or ("" if place == "its joint" else " (dislocation)")
    sentence = say(f"{{0}} {have} {partly}come out of {place}{term} {toward}", site, matter="injury")
    return sentence._replace(other=other or sentence.other, unsaid=(*unsaid, *sentence.unsaid))


def _amputation(title: str, past: bool) -> Sentence | None:
    found = _AMPUTATION.match(title)
    if not found or "," in title:
        return None
    how = "completely" if found[1].lower() == "complete" else "partly"
    have = "had" if past else "has"
    site = plain_phrase(found[2], drop_other=False, definite=True)
    return say(f"an injury {have} {how} cut or torn off {{0}} (traumatic amputation)", site, matter="injury")


def _burn(title: str, past: bool) -> Sentence | None:
    found = _BURN.match(title)
    if not found:
        return None
    what = _DEGREES[found[2].lower()].format(_BURNS[found[1].lower()])
    site: Phrase = plain_phrase(found[3], drop_other=False, definite=True)
    unsaid = ("how deep the burn is",) if found[2].lower() == "unspecified" else ()
    where = f"of {site.text}" if site.text else ""
    sentence = say(f"the patient {'had' if past else 'has'} a {what} {where}", matter="injury")
    return sentence._replace(unsaid=(*unsaid, *site.unsaid), other=site.other)
