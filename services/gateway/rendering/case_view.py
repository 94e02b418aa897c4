"""A note with its codes, as the page shows it: the note with its evidence marked, and the codes beside it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from markupsafe import Markup
from medcodes.search.v1 import search_pb2

from .case_json import CONFIDENCES, STATUSES

_CODED = Markup('<mark class="coded" id="e{0}"><a href="#c{1}" title="{2}">{3}<sup>{1}</sup></a></mark>')
_LEFT = Markup('<mark class="left" id="e{0}"><a href="#n{1}" title="{2}">{3}</a></mark>')
_UNKNOWN = Markup('<mark class="unknown" id="e{0}" title="{1}">{2}</mark>')
NOTHING_FOUND = "No code was found for this."
STATUS_WORDS = {
    "present": "mentioned only",
    "negated": "absent",
    "family": "family",
    "hypothetical": "not there yet",
    "history": "past",
    "uncertain": "uncertain",
}


@dataclass(frozen=True, slots=True)
class Quote:
    """Evidence in the note, by its number there."""

    number: int
    text: str


@dataclass(frozen=True, slots=True)
class CodeRow:
    number: int
    code: search_pb2.CaseCode
    confidence: str
    why: str
    quotes: Sequence[Quote]
    alternatives: Sequence[search_pb2.CaseCode]
    questions: Sequence[search_pb2.CaseQuestion]


@dataclass(frozen=True, slots=True)
class LeftRow:
    number: int
    quote: Quote
    status: str
    why: str
    code: search_pb2.CaseCode | None


@dataclass(frozen=True, slots=True)
class CaseView:
    note: Markup
    codes: Sequence[CodeRow]
    left: Sequence[LeftRow]
    unknown: Sequence[Quote]

    @property
    def listed(self) -> str:
        """The codes, a line each, to be copied."""
        return "\n".join(row.code.display for row in self.codes)


@dataclass(frozen=True, slots=True)
class _Mark:
    start: int
    end: int
    kind: Markup
    target: int
    title: str


def view(text: str, found: search_pb2.CodedCase) -> CaseView:
    """Places that overlap one before them, or lie outside of the text, are neither marked nor quoted."""
    marks = _apart(_marks(found), len(text))
    numbers = {(mark.start, mark.end): number for number, mark in enumerate(marks, 1)}

    def quote(place: search_pb2.CasePlace) -> Quote:
        return Quote(numbers.get((place.start, place.end), 0), _in_one_line(text[place.start : place.end]))

    return CaseView(
        note=_marked(text, marks),
        codes=[
            CodeRow(
                number,
                each.code,
                CONFIDENCES[each.confidence],
                each.why,
                [quote(place) for place in each.evidence],
                each.alternatives,
                each.questions,
            )
            for number, each in enumerate(found.codes, 1)
        ],
        left=[
            LeftRow(
                number,
                quote(each.place),
                STATUS_WORDS[STATUSES[each.status]],
                each.why,
                each.code if each.HasField("code") else None,
            )
            for number, each in enumerate(found.not_coded, 1)
        ],
        unknown=[quote(place) for place in found.nothing_found],
    )


def _marks(found: search_pb2.CodedCase) -> Iterable[_Mark]:
    for number, code in enumerate(found.codes, 1):
        for place in code.evidence:
            yield _Mark(place.start, place.end, _CODED, number, f"{code.code.display} {code.code.description}")
    for number, each in enumerate(found.not_coded, 1):
        yield _Mark(each.place.start, each.place.end, _LEFT, number, f"Not coded: {each.why}")
    for place in found.nothing_found:
        yield _Mark(place.start, place.end, _UNKNOWN, 0, NOTHING_FOUND)


def _apart(marks: Iterable[_Mark], length: int) -> Sequence[_Mark]:
    """In the order of the text, none over another."""
    kept: list[_Mark] = []
    end = 0
    for mark in sorted(marks, key=lambda one: (one.start, -one.end)):
        if end <= mark.start < mark.end <= length:
            kept.append(mark)
            end = mark.end
    return kept


def _marked(text: str, marks: Sequence[_Mark]) -> Markup:
    pieces: list[Markup | str] = []
    end = 0
    for number, mark in enumerate(marks, 1):
        said = text[mark.start : mark.end]
        shown = (number, mark.title, said) if mark.kind is _UNKNOWN else (number, mark.target, mark.title, said)
        pieces += [text[end : mark.start], mark.kind.format(*shown)]
        end = mark.end
    # Whatever is no markup is escaped.
    return Markup().join([*pieces, text[end:]])


def _in_one_line(text: str) -> str:
    return " ".join(text.split())
