"""What is asked, as numbers of the stems that the texts of an index have."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from services.search.domain.query import Plan, Strictness
from services.search.domain.query_words import SIDE_WORDS, Word

from .texts import Stemmer, Texts

_UNKNOWN_RARITY, LEAST_RARITY = 12.0, 0.1
_LONGER = 20
# The sides, and the stems of their words.
SIDES = {"left": "left", "right": "right", "bilateral": "bilater"}


@dataclass(frozen=True)
class Asked:
    """A required word: its alternatives as numbers of stems, the first one as typed."""

    alternatives: Sequence[Sequence[int]]
    rarity: float


class Question:
    """The words of a plan. `read_as` are the words that misspelt ones are read as."""

    def __init__(
        self, plan: Plan, strictness: Strictness, read_as: Sequence[Sequence[str]], texts: Texts, stemmer: Stemmer
    ) -> None:
        self.strictness = strictness
        self.typed = frozenset(part for word in plan.words for part in word.text.split())
        self.meant = self.typed.union(part for word in plan.words for text in word.others for part in text.split())
        self._texts, self._stemmer = texts, stemmer
        self.required: list[Asked] = []
        self.optional: list[int] = []
        for word, near in zip(plan.words, read_as, strict=True):
            alternatives = [self._numbers(text) for text in (word.text, *word.others, *near)]
            if word.required:
                self.required.append(Asked([*alternatives, *self._longer(word)], self._rarity(alternatives[0])))
            else:
                self.optional += [number for numbers in alternatives for number in numbers]
        self.rarity = sum(asked.rarity for asked in self.required)

    @property
    def side(self) -> str:
        """The stem of the one side that is asked for; "" if none or several are."""
        asked = {SIDES[side] for word, side in SIDE_WORDS.items() if word in self.typed}
        return asked.pop() if len(asked) == 1 else ""

    def _numbers(self, text: str) -> list[int]:
        return [self._texts.number(stem) for stem in self._stemmer.analyze(text)]

    def _longer(self, word: Word) -> list[list[int]]:
        """What a word that is still being typed may become, where it is none yet."""
        if not word.prefix or self._texts.number(word.text) >= 0 or any(each >= 0 for each in self._numbers(word.text)):
            return []
        return [[number] for number in self._texts.numbers_from(word.text)[:_LONGER]]

    def _rarity(self, numbers: Sequence[int]) -> float:
        rarities = [float(self._texts.rarity[each]) if each >= 0 else _UNKNOWN_RARITY for each in numbers]
        return max(LEAST_RARITY, sum(rarities) / len(rarities)) if rarities else LEAST_RARITY
