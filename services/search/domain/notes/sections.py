"""The sections of a note: what a heading says that the lines below it are about."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import Enum

from . import tables

# A heading stands at the beginning of a line or of a sentence and ends in a colon, or fills its line.
_HEADING = re.compile(r"(?:^|(?<=[.;]))[ \t]*(?:\d+[.)][ \t]*)?([A-Za-z][A-Za-z /&'’-]{0,50}?)[ \t]*:", re.MULTILINE)
_LINE = re.compile(r"^[ \t#*=-]*([A-Za-z][A-Za-z /&'’-]{1,50}?)[ \t*=-]*$", re.MULTILINE)
_WORDS = re.compile(r"[a-z]+")


class SectionKind(Enum):
    COMPLAINT = "complaint"
    PRESENT_ILLNESS = "present_illness"
    PAST_HISTORY = "past_history"
    FAMILY_HISTORY = "family_history"
    SOCIAL_HISTORY = "social_history"
    MEDICATIONS = "medications"
    ALLERGIES = "allergies"
    REVIEW = "review"
    EXAM = "exam"
    RESULTS = "results"
    COURSE = "course"
    ASSESSMENT = "assessment"
    PLAN = "plan"
    PROCEDURES = "procedures"
    ORDERS = "orders"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Section:
    """`start` is where its text begins, behind the heading."""

    kind: SectionKind
    start: int
    end: int


def sections(text: str) -> Sequence[Section]:
    """All of a text, cut where a known heading stands; what comes before the first one is `OTHER`. Headings that are
    not known ("X-ray:") belong to the section that they stand in."""
    found: list[Section] = []
    kind, start = SectionKind.OTHER, 0
    for begins, ends, named in sorted(_headings(text)):
        if begins < start:
            continue
        found.append(Section(kind, start, begins))
        kind, start = named, ends
    found.append(Section(kind, start, len(text)))
    return [each for each in found if text[each.start : each.end].strip()]


def _headings(text: str) -> Iterator[tuple[int, int, SectionKind]]:
    known = tables.headings()
    for form in (_HEADING, _LINE):
        for match in form.finditer(text):
            words = tuple(_WORDS.findall(match[1].lower()))
            if named := known.get(words):
                yield match.start(1), match.end(), SectionKind(named)
