"""Case text to codes: what a note mentions, and the codes that it is coded by. The text is kept nowhere."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from itertools import islice
from typing import Any, TypeVar

from services.common.errors import DeadlineExceeded, InvalidArgument, Unavailable

from .case_retrieval import DIAGNOSES, Retrieval
from .domain.notes.coding import decide
from .domain.notes.combining import joined, next_join, suggested
from .domain.notes.cues import cues
from .domain.notes.findings import Mention, NotCoded, Place, Setting, SuggestedCode
from .domain.notes.questions import beginning, questions
from .domain.notes.reading import Sentence, read
from .domain.vocabulary import vocabulary
from .mentions import Mentions
from .ports import SearchIndex
from .service import day

T = TypeVar("T")

MAX_BYTES = 20_000
# Joins of joins end at three: hypertension with heart and kidney disease.
MOST_JOINS = 8
# Sentences that are looked up at the same moment; their answers go out in the order of the text.
AHEAD = 4


@dataclass(frozen=True, slots=True)
class CaseText:
    """As asked, unchecked: `setting` "outpatient", "inpatient" or "" for outpatient, `on` an ISO date or ""."""

    text: str
    setting: str = ""
    on: str = ""


@dataclass(frozen=True, slots=True)
class CodedCase:
    """What comes of all mentions. `nothing_found` are those that look like problems and that no code fits."""

    codes: Sequence[SuggestedCode]
    not_coded: Sequence[NotCoded]
    nothing_found: Sequence[Place]
    setting: Setting
    release: str


class CaseLookup:
    """Raises InvalidArgument naming the fields, Unavailable INDEX_NOT_READY, ENGINE_UNAVAILABLE or OVERLOADED, and
    DeadlineExceeded NOTE_TAKES_TOO_LONG."""

    def __init__(self, active: Callable[[], SearchIndex | None], *, most: int, seconds: float) -> None:
        """`most` notes are looked up at the same moment; one more is refused at once. Each may take `seconds`."""
        self._active, self._most, self._seconds = active, most, seconds
        self._under_way = 0

    async def look_up(self, case: CaseText) -> AsyncIterator[Mention | CodedCase]:
        """The mentions in the order of the text, as they are found, then what comes of all of them."""
        setting, on = _checked(case)
        index = self._active()
        if index is None:
            raise Unavailable("no search index has been built yet", reason="INDEX_NOT_READY")
        if self._under_way >= self._most:
            raise Unavailable("too many notes are looked up at the same moment", reason="OVERLOADED")
        self._under_way += 1
        try:
            until = asyncio.get_running_loop().time() + self._seconds
            told = cues(case.text)
            retrieval = Retrieval(index, told, on)
            mentions = Mentions(retrieval, told)
            found: list[Mention] = []
            for sentences in _some_at_a_time(read(case.text, vocabulary())):
                for mention in await _in_time(until, _of(sentences, mentions)):
                    found.append(mention)
                    yield mention
            yield await _in_time(until, _coded(case.text, found, setting, retrieval, index.release))
        finally:
            self._under_way -= 1


def _some_at_a_time(sentences: Iterator[Sentence]) -> Iterator[Sequence[Sentence]]:
    while some := list(islice(sentences, AHEAD)):
        yield some


async def _in_time(until: float, work: Coroutine[Any, Any, T]) -> T:
    try:
        async with asyncio.timeout_at(until):
            return await work
    except TimeoutError:
        raise DeadlineExceeded("the note takes too long to look up", reason="NOTE_TAKES_TOO_LONG") from None


async def _of(sentences: Sequence[Sentence], mentions: Mentions) -> Sequence[Mention]:
    found = await asyncio.gather(*(mentions.of(sentence) for sentence in sentences))
    return [mention for each in found for mention in each]


async def _coded(
    text: str, mentions: Sequence[Mention], setting: Setting, retrieval: Retrieval, release: str
) -> CodedCase:
    decided, left = decide(mentions, setting)
    codes = suggested(decided)
    for _ in range(MOST_JOINS):
        join = next_join(codes, text)
        hit = await retrieval.code(join.code) if join else None
        if join is None or hit is None:
            break
        codes = joined(codes, join, hit)
    return CodedCase(
        codes=[await _with_questions(code, retrieval) for code in codes],
        not_coded=left,
        nothing_found=[mention.place for mention in mentions if not mention.candidates],
        setting=setting,
        release=release,
    )


async def _with_questions(code: SuggestedCode, retrieval: Retrieval) -> SuggestedCode:
    """What an answer leads to is no alternative beside it."""
    if code.hit.system != DIAGNOSES:
        return code
    asked = questions(code.hit, await retrieval.family(beginning(code.hit)))
    answers = {hit.code for question in asked for _, hit in question.options}
    others = tuple(hit for hit in code.alternatives if hit.code not in answers)
    return replace(code, questions=asked, alternatives=others)


def _checked(case: CaseText) -> tuple[Setting, date | None]:
    fields: dict[str, str] = {}
    on = day(case.on, fields)
    if not case.text.strip():
        fields["text"] = "is empty"
    elif len(case.text.encode()) > MAX_BYTES:
        fields["text"] = f"is longer than {MAX_BYTES} bytes"
    try:
        setting = Setting(case.setting or Setting.OUTPATIENT.value)
    except ValueError:
        fields["setting"] = f"is none of {', '.join(each.value for each in Setting)}"
    if fields:
        raise InvalidArgument("the note cannot be looked up", fields=fields)
    return setting, on
