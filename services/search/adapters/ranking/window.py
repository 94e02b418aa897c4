"""The first results by words in the order of the second opinion. Both engines put them in order here.

An engine is asked for what the words find and for codes of like meaning in one query. The latter get a bonus that no
score by words comes near, so that all of them are in the window of results that are put in order.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from services.search.domain.query import Strictness

from .features import Candidate
from .opinion import WINDOW, Alike, PlanOpinion

ALIKE_BONUS = 1000.0


class Placed(NamedTuple):
    """The place of a result in the order of the engine; `alike` is the text whose meaning found it, "" if words did."""

    place: int
    alike: str


@dataclass(frozen=True)
class Window:
    """What puts the first results of one plan in order."""

    opinion: PlanOpinion
    alike: Sequence[Alike]

    @property
    def size(self) -> int:
        """So many of the first results: those of like meaning are among them, because the query puts them there."""
        return WINDOW + len(self.alike)

    def order(
        self, found: Sequence[Candidate], strictness: Strictness, read_as: Sequence[Sequence[str]]
    ) -> list[Placed]:
        """`found` are the first results as the engine orders them, each with its score `by_words`; `read_as` has the
        words that each word of the plan is read as."""
        places = sorted(range(len(found)), key=lambda place: -found[place].score)
        candidates = [found[place] for place in places]
        texts = {each.key: each.text for each in self.alike}
        return [
            Placed(places[each], "" if candidates[each].score else texts.get(candidates[each].key, ""))
            for each in self.opinion.order(candidates, strictness, read_as)
        ]


def by_words(score: float) -> float:
    """An engine's score without what the meaning added to it; 0 if words added nothing. Words that are avoided may take
    a little off the bonus."""
    return score - ALIKE_BONUS if score > ALIKE_BONUS / 2 else score
