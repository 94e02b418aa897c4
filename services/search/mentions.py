"""What one sentence of a note mentions, with the codes that fit."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from .case_retrieval import DIAGNOSES as DIAGNOSIS_SYSTEM
from .case_retrieval import Among, Retrieval, Words
from .domain.documents import Hit
from .domain.notes import labels, narrowing, tables
from .domain.notes.choice import Phrase
from .domain.notes.coding import DIAGNOSES, SUPPLIES, stays
from .domain.notes.context import Scope
from .domain.notes.cues import Cues, tells_of_harm
from .domain.notes.findings import Candidate, Confidence, Mention, Place, Status
from .domain.notes.fit import Ranked
from .domain.notes.phrases import QUALIFIERS, Stretch
from .domain.notes.reading import Sentence
from .domain.notes.sections import SectionKind

SUPPLY_SYSTEM = "hcpcs"
MOST_CANDIDATES = 8
# Where nothing fits, these sections say that something should have.
_EXPECTED = DIAGNOSES | {SectionKind.COMPLAINT}
# Equipment, supplies, drugs, orthotics and prosthetics. The other letters are services that payers and programmes name.
_SUPPLY_LETTERS = tuple("ABEJKLPQRV")
_HISTORY, _FAMILY_HISTORY = "personal history of", "family history of"
# Of a label, at least: HCPCS names things, and half a name is another thing.
_LEAST_OF_SUPPLIES = 0.6
_SURE, _LIKELY = 0.9, 0.65


@dataclass(frozen=True, slots=True)
class _Asked:
    """A phrase of a stretch: what it says, the words beside it that may belong to it, and the codes it may have."""

    text: str
    around: Words
    among: Among


class Mentions:
    def __init__(self, retrieval: Retrieval, cues: Cues) -> None:
        self._retrieval, self._cues = retrieval, cues

    async def of(self, sentence: Sentence) -> Sequence[Mention]:
        """In the order of the text. Raises Unavailable."""
        words = frozenset(word.text for word in sentence.words)
        supplies, diagnoses = Among(SUPPLY_SYSTEM, False), Among(DIAGNOSIS_SYSTEM, tells_of_harm(words))
        of_supplies = sentence.section in SUPPLIES
        found: list[Mention] = []
        for stretch in sentence.stretches:
            given: Sequence[Mention] = ()
            if of_supplies or not words.isdisjoint(tables.words("supply")):
                given = await self._in(stretch, sentence, supplies)
            if not given and not of_supplies:
                given = await self._in(stretch, sentence, diagnoses)
            found += given
        if not found and sentence.section in _EXPECTED:
            found += _nothing(sentence)
        return found

    async def _in(self, stretch: Stretch, sentence: Sentence, among: Among) -> Sequence[Mention]:
        phrases = await self._retrieval.phrases(stretch, among)
        around = self._around(phrases, stretch, sentence)
        found: list[Mention] = []
        before: Phrase | None = None
        for phrase in phrases:
            lead = _lead(before, phrase, stretch, sentence)
            asked = _Asked(stretch.text(*phrase), around | lead, among)
            mention = await self._mention(phrase, asked, stretch, sentence)
            before = phrase
            if not mention.candidates:
                continue
            if found and lead and _holds(mention, lead):
                # "Hypoxic" leads "respiratory failure": it is part of it, and nothing of its own.
                last = found.pop()
                mention = replace(mention, place=Place(last.place.start, mention.place.end))
            found.append(mention)
        return found

    async def _mention(self, phrase: Phrase, asked: _Asked, stretch: Stretch, sentence: Sentence) -> Mention:
        first, last = stretch.parts[phrase[0]].first, stretch.parts[phrase[1] - 1].last
        scope = sentence.context.of(first, last)
        status = _status(scope, sentence.section)
        ranked = await self._retrieval.candidates(asked.text, asked.around, asked.among)
        if asked.among.system == SUPPLY_SYSTEM:
            ranked = [one for one in ranked if _is_supply(one)]
        elif status in (Status.HISTORY, Status.FAMILY):
            status, ranked = await self._of_history(status, asked, ranked)
        return Mention(
            place=_place(sentence, first, last),
            section=sentence.section,
            status=status,
            candidates=await self._candidates(ranked, asked),
            trigger=_place(sentence, scope.by.first, scope.by.last) if scope else None,
        )

    async def _of_history(
        self, status: Status, asked: _Asked, ranked: Sequence[Ranked]
    ) -> tuple[Status, Sequence[Ranked]]:
        """The codes for the history of what was found: Z codes, where there are some. What stays is no history: it is
        there."""
        if status is Status.HISTORY and ranked and stays(ranked[0].hit.code):
            return Status.PRESENT, ranked
        said = _FAMILY_HISTORY if status is Status.FAMILY else _HISTORY
        found = await self._retrieval.candidates(f"{said} {asked.text}", asked.around, asked.among)
        past = [one for one in found if one.hit.code.startswith("Z8")]
        return status, past or ranked

    async def _candidates(self, ranked: Sequence[Ranked], asked: _Asked) -> Sequence[Candidate]:
        """The best codes, the most specific one that the text supports first."""
        if not ranked:
            return ()
        best = ranked[0]
        chosen = await self._narrowed(best, asked)
        others = [_candidate(one.hit, one) for one in ranked if one.hit.code != chosen.code]
        return [_candidate(chosen, best), *others][:MOST_CANDIDATES]

    async def _narrowed(self, best: Ranked, asked: _Asked) -> Hit:
        exact = not best.fit.goes_on
        more = bool(asked.around - labels.SIDES - narrowing.OF_FOLLOW_UP)
        beginning = narrowing.beginning(best.hit, exact=exact, more=more)
        if not beginning:
            return best.hit
        text = asked.around | frozenset(labels.words(asked.text))
        said = narrowing.Said(
            words=text,
            lacking=labels.lacking(asked.text),
            encounter=narrowing.SEQUELA if "sequela" in text else self._cues.encounter,
        )
        return narrowing.narrowed(best.hit, await self._retrieval.family(beginning), said, exact=exact)

    def _around(self, phrases: Sequence[Phrase], stretch: Stretch, sentence: Sentence) -> Words:
        """The words that may belong to a phrase beside it: what no other phrase of its stretch has, and the side, if
        the sentence has but one."""
        taken = {
            place
            for begin, end in phrases
            for part in stretch.parts[begin:end]
            for place in range(part.first, part.last)
        }
        places = range(stretch.parts[0].first, stretch.parts[-1].last)
        beside = {sentence.words[place].text for place in places if place not in taken}
        sides = labels.sides(word.text for word in sentence.words)
        found = {word for word in beside if word not in labels.SIDE_WORDS and word not in ("without", "no", "not")}
        if len(sides) == 1:
            found |= sides
        if self._cues.follow_up:
            found |= narrowing.OF_FOLLOW_UP
        return frozenset(found)


def _lead(before: Phrase | None, phrase: Phrase, stretch: Stretch, sentence: Sentence) -> Words:
    """The words of the phrase before this one, if nothing stands between them; else none."""
    first = stretch.parts[phrase[0]]
    if before is None or before[1] != phrase[0] or stretch.joints[phrase[0]]:
        return frozenset()
    if sentence.words[first.first].follows_comma or stretch.parts[before[1] - 1].last != first.first:
        return frozenset()
    return frozenset(labels.words(stretch.text(*before)))


def _holds(mention: Mention, lead: Words) -> bool:
    """Whether the best code of a mention says all that the words before it say."""
    said = labels.Known(labels.stem(word) for word in labels.words(mention.candidates[0].hit.description))
    return all(labels.stem(word) in said for word in lead)


def _status(scope: Scope | None, section: SectionKind) -> Status:
    status = Status(scope.kind.value) if scope else Status.PRESENT
    if section is SectionKind.FAMILY_HISTORY and status is not Status.NEGATED:
        return Status.FAMILY
    return status


def _place(sentence: Sentence, first: int, last: int) -> Place:
    return Place(sentence.words[first].start, sentence.words[last - 1].end)


def _is_supply(one: Ranked) -> bool:
    return one.hit.code.startswith(_SUPPLY_LETTERS) and one.fit.covered >= _LEAST_OF_SUPPLIES


def _candidate(hit: Hit, one: Ranked) -> Candidate:
    return Candidate(hit, one.fit.covered, _confidence(one))


def _confidence(one: Ranked) -> Confidence:
    if one.fit.covered >= _SURE and one.fit.agrees >= 0:
        return Confidence.HIGH
    return Confidence.MEDIUM if one.fit.covered >= _LIKELY else Confidence.LOW


def _nothing(sentence: Sentence) -> Iterable[Mention]:
    """An honest "nothing found" for the stretches of a sentence that name something."""
    for stretch in sentence.stretches:
        telling = [part for part in stretch.parts if part.text not in QUALIFIERS and not part.text.isdigit()]
        if telling:
            place = _place(sentence, telling[0].first, telling[-1].last)
            yield Mention(place, sentence.section, Status.PRESENT, ())
