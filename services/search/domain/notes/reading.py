"""A note, read: its sentences in order, each with its words, what they say of one another, and its stretches."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ..vocabulary import Vocabulary
from .context import Context, context
from .phrases import Stretch, stretches
from .sections import SectionKind, sections
from .sentences import sentences
from .tokens import Token, tokens

# What stands there are names of drugs and figures, not what a patient has.
UNREAD = frozenset({SectionKind.MEDICATIONS})
# A sentence is cut after so many words: what stands further away says nothing of one another, and whoever pastes a
# page without a full stop waits no longer for it.
MOST_WORDS = 200


@dataclass(frozen=True, slots=True)
class Sentence:
    section: SectionKind
    words: Sequence[Token]
    context: Context
    stretches: Sequence[Stretch]


def read(text: str, vocabulary: Vocabulary) -> Iterator[Sentence]:
    """Never raises, whatever the text is. Sentences of medication lists are left out."""
    for section in sections(text):
        if section.kind in UNREAD:
            continue
        for start, end in sentences(text, section.start, section.end):
            words = tokens(text, start, end)
            for begin in range(0, len(words), MOST_WORDS):
                yield _sentence(section.kind, words[begin : begin + MOST_WORDS], vocabulary)


def _sentence(section: SectionKind, words: Sequence[Token], vocabulary: Vocabulary) -> Sentence:
    said = context(words)
    return Sentence(section, words, said, tuple(stretches(words, said.between, vocabulary)))
