"""What was found in a note: mentions with the codes that fit them, and the codes that come of all of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum, IntEnum

from ..documents import Hit
from .sections import SectionKind


class Setting(Enum):
    """Who codes: uncertain diagnoses are coded for a stay in a hospital (guidelines, II.H), and not for other visits
    (IV.H)."""

    OUTPATIENT = "outpatient"
    INPATIENT = "inpatient"


class Status(Enum):
    """What a note says of what it mentions."""

    PRESENT = "present"
    NEGATED = "negated"
    FAMILY = "family"
    HYPOTHETICAL = "hypothetical"
    HISTORY = "history"
    UNCERTAIN = "uncertain"


class Confidence(IntEnum):
    """How sure it is that the code says what the text says: a band, no probability."""

    LOW = 1
    MEDIUM = 2
    HIGH = 3


@dataclass(frozen=True, slots=True)
class Place:
    """Part of a note, in characters; `end` is not included."""

    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Candidate:
    """A code that a mention may be coded by. `covered` is the part of its label that the text says."""

    hit: Hit
    covered: float
    confidence: Confidence


@dataclass(frozen=True, slots=True)
class Mention:
    """A problem or a procedure that a note mentions, its candidates best first: none is an honest "nothing found"."""

    place: Place
    section: SectionKind
    status: Status
    candidates: Sequence[Candidate]
    trigger: Place | None = None

    @property
    def best(self) -> Candidate | None:
        return self.candidates[0] if self.candidates else None


@dataclass(frozen=True, slots=True)
class Question:
    """What the text would have to say for a code to be more specific, and the codes that the answers lead to."""

    text: str
    options: Sequence[tuple[str, Hit]]


@dataclass(frozen=True, slots=True)
class SuggestedCode:
    """A code for the note, with the mentions that it stands on. `why` is a plain reason beside what was found, such as
    the guideline that joins two conditions."""

    hit: Hit
    confidence: Confidence
    evidence: Sequence[Place]
    why: str
    alternatives: Sequence[Hit]
    questions: Sequence[Question] = ()


@dataclass(frozen=True, slots=True)
class NotCoded:
    """A mention that is not coded, with the reason, and the code that it would have had."""

    place: Place
    status: Status
    why: str
    hit: Hit | None
