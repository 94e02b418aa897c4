"""What the words of a query are to a search: which must be met, which only rank, and what each of them stands for.

- Words that the vocabulary knows, also several together, may be met by what they stand for.
- Forms of one word side by side, as the alphabetic index writes them ("ulcer, ulcerated, ulcerating"), are one word.
- Sides, encounters, trimesters, acuity, age, sex and the index's "NEC" and "NOS" rank results; none is missed for
  lacking them. Those that nobody asked for are avoided.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from .vocabulary import Vocabulary
from .words import FUNCTION_WORDS

FUNCTION_WEIGHT, PREFERENCE_WEIGHT = 0.2, 1.2
MIN_PREFIX = 2
MIN_CORRECTED = 5
MAX_CORRECTED = 24
# Forms of one word have at least so many letters in common at their beginning.
_COMMON = 5


@dataclass(frozen=True, slots=True)
class Word:
    """A word as typed, in lower case, or several that mean one thing together. It is met by all its parts, or by all
    parts of one of `others`, which mean the same. `required` words count for the strictness, the others only rank, by
    `weight`. With `prefix` the word may be the beginning of a longer one (it is still being typed), `as_typed` it is
    meant as it is spelled."""

    text: str
    required: bool = True
    prefix: bool = False
    others: tuple[str, ...] = ()
    weight: float = 1.0
    as_typed: bool = False

    @property
    def weighty(self) -> bool:
        """Whether it says something by itself, as a function word does not."""
        return self.required or self.weight >= PREFERENCE_WEIGHT

    @property
    def several(self) -> bool:
        return " " in self.text

    @property
    def correctable(self) -> bool:
        """Whether it may be misspelled: codes, figures and words of the vocabulary never are."""
        spelled = self.text.isalpha() and not self.others and not self.as_typed
        return spelled and MIN_CORRECTED <= len(self.text) <= MAX_CORRECTED


@dataclass(frozen=True, slots=True)
class Choice:
    """Something that a code's description says one way or another, with the words for each way: {typed: official}.

    Without one of them the `default` words are preferred and `avoided` ones rank lower, each set by its weight."""

    words: dict[str, str]
    default: tuple[str, ...] = ()
    avoided: tuple[str, ...] = ()
    default_weight: float = 0.0
    avoided_weight: float = 0.0
    needs: str = ""


class Circumstance(NamedTuple):
    """A description that says one of these words ranks lower by `weight`, unless one of `asking` was typed."""

    said: tuple[str, ...]
    asking: frozenset[str]
    weight: float


def word_set(text: str) -> frozenset[str]:
    return frozenset(text.split())


def _same(*words: str) -> dict[str, str]:
    return {word: word for word in words}


SIDE_WORDS = {
    **dict.fromkeys(("l", "lt", "left"), "left"),
    **dict.fromkeys(("r", "rt", "right"), "right"),
    **dict.fromkeys(("bilat", "bilateral", "bilaterally", "both"), "bilateral"),
}

CHOICES = (
    # Without a side the code for an unspecified one, or the header.
    Choice(
        SIDE_WORDS,
        avoided=("left", "right", "bilateral"),
        avoided_weight=1.0,
    ),
    # Encounters (guidelines, I.C.19.a).
    Choice(
        {
            "initial": "initial",
            **_same("subsequent", "sequela"),
            **dict.fromkeys(("sequelae", "sequel"), "sequela"),
            **dict.fromkeys(("followup", "aftercare"), "subsequent"),
            **_same("encounter"),
        },
        avoided=("subsequent", "sequela"),
        # More than a description wins by being the shorter one.
        avoided_weight=4.0,
    ),
    Choice(
        {
            **dict.fromkeys(("first", "1st"), "first"),
            **dict.fromkeys(("second", "2nd"), "second"),
            **dict.fromkeys(("third", "3rd"), "third"),
            "trimester": "trimester",
        },
        needs="trimester",
    ),
    Choice(
        {**_same("acute", "chronic", "subacute", "recurrent")},
        avoided=("chronic", "recurrent"),
        avoided_weight=0.3,
    ),
    Choice(
        {
            **dict.fromkeys(("female", "woman", "women", "girl"), "female"),
            **dict.fromkeys(("male", "man", "men", "boy"), "male"),
        },
        avoided=("female", "male"),
        avoided_weight=0.3,
    ),
    Choice(
        {
            **dict.fromkeys(("child", "childhood", "pediatric", "kid"), "childhood"),
            **dict.fromkeys(("adult", "elderly"), "adult"),
        },
    ),
    # As the alphabetic index says what is specified nowhere else, and what is not specified at all.
    Choice(
        {
            **dict.fromkeys(("nec", "specified", "other"), "other"),
            **dict.fromkeys(("nos", "unspecified"), "unspecified"),
            "type": "type",
        },
        default=("unspecified",),
        default_weight=6.0,
        avoided=("other",),
        avoided_weight=1.0,
    ),
)

# What follows the word for a side and says nothing more ("left sided").
_SIDED = word_set("side sided")

# Circumstances that a description names only for those who ask for them.
CIRCUMSTANCES = (
    Circumstance(
        ("pregnancy", "childbirth", "puerperium", "trimester", "maternal", "postpartum"),
        word_set(
            "pregnancy pregnant childbirth puerperium puerperal trimester maternal postpartum labor delivery "
            "obstetric gestational gestation fetus fetal prenatal antepartum weeks"
        ),
        3.0,
    ),
    Circumstance(
        ("newborn", "neonatal", "fetus", "birth"),
        word_set("newborn neonatal neonate baby infant fetus fetal birth perinatal"),
        3.0,
    ),
    Circumstance(
        ("history", "screening", "status", "absence"),
        word_set("history hx old had previous past screening status presence absence"),
        3.0,
    ),
    Circumstance(
        ("underdosing", "poisoning", "adverse", "assault", "self"),
        word_set("poisoning overdose toxic adverse underdosing drug effect reaction assault suicide harm self"),
        1.0,
    ),
    Circumstance(
        ("patient", "patients", "documentation", "documented", "clinician", "measure"),
        word_set("patient patients documentation documented clinician measure visit"),
        8.0,
    ),
    Circumstance(
        ("congenital",),
        word_set("congenital born birth newborn"),
        0.5,
    ),
    # What is put in is taken out, too.
    Circumstance(
        ("removal", "revision"),
        word_set("removal remove removed removing revision revise revised replace replaced exchange hardware out off"),
        3.0,
    ),
    # What is for a thing is not the thing.
    Circumstance(
        ("attachment", "accessory", "accessories"),
        word_set("attachment attachments attached accessory accessories part parts"),
        3.0,
    ),
)


@dataclass(frozen=True, slots=True)
class Sorted:
    """The words as typed, and the words that were not typed but are preferred, and avoided, each with its weight.

    A set of avoided words counts once, however many of them a description has."""

    words: tuple[Word, ...]
    preferred: tuple[Word, ...]
    avoided: tuple[Word, ...]


def sort(texts: Sequence[str], vocabulary: Vocabulary, *, typing: bool) -> Sorted:
    """`texts` are the words typed, each once. With `typing` the last of them may be the beginning of a word."""
    if not texts:
        return Sorted((), (), ())
    typed = frozenset(texts)
    words = [_preference(word, typed) for word in _forms_joined(_known(texts, vocabulary))]
    last = words[-1]
    # One letter by itself says nothing; after other words it narrows. With "a" a great many words begin.
    if typing and last.text == texts[-1] != "a" and (len(last.text) >= MIN_PREFIX or len(texts) > 1):
        words[-1] = replace(last, prefix=True)
    if not any(word.required for word in words):
        words = [replace(word, required=True, weight=1.0) for word in words]
    asked = frozenset(part for word in words for text in (word.text, *word.others) for part in text.split())
    return Sorted(tuple(words), tuple(_preferred(asked)), tuple(_avoided(asked)))


def _known(texts: Sequence[str], vocabulary: Vocabulary) -> list[Word]:
    """The words in order, where the vocabulary's are taken together: the longest that it knows first. Function words
    among those stand behind them."""
    # No article stands at the end: "hepatitis a".
    joining = FUNCTION_WORDS - {"a"} if len(texts) > 1 and texts[-1] == "a" else FUNCTION_WORDS
    telling = [text for text in texts if text not in joining]
    found: list[Word] = []
    together = 0
    for text in texts:
        if text in joining:
            found.append(Word(text, required=False, weight=FUNCTION_WEIGHT))
        elif together:
            together -= 1
        else:
            length, others = vocabulary.longest(telling)
            found.append(Word(" ".join(telling[:length]), others=others))
            telling, together = telling[length:], length - 1
    return found


def _forms_joined(words: Iterable[Word]) -> list[Word]:
    joined: list[Word] = []
    for word in words:
        before = joined[-1] if joined else None
        if before and before.required and _are_forms(before, word):
            joined[-1] = replace(before, others=(*before.others, word.text, *word.others))
        else:
            joined.append(word)
    return joined


def _are_forms(one: Word, other: Word) -> bool:
    if " " in one.text or " " in other.text or not (one.text.isalpha() and other.text.isalpha()):
        return False
    common = min(_COMMON, len(one.text))
    return len(one.text) >= 4 and len(other.text) >= 4 and one.text[:common] == other.text[:common]


def _preference(word: Word, typed: frozenset[str]) -> Word:
    for choice in CHOICES:
        official = choice.words.get(word.text)
        if official and (not choice.needs or choice.needs in typed):
            others = word.others if official == word.text else (*word.others, official)
            return replace(word, required=False, others=others, weight=PREFERENCE_WEIGHT)
    if word.text in _SIDED and typed & SIDE_WORDS.keys():
        return replace(word, required=False, weight=FUNCTION_WEIGHT)
    return word


def _preferred(asked: frozenset[str]) -> Iterable[Word]:
    for choice in CHOICES:
        if choice.default and not asked & choice.words.keys():
            yield Word(choice.default[0], False, others=choice.default[1:], weight=choice.default_weight)


def _avoided(asked: frozenset[str]) -> Iterable[Word]:
    for choice in CHOICES:
        if choice.avoided and not asked & choice.words.keys():
            yield Word(choice.avoided[0], False, others=choice.avoided[1:], weight=choice.avoided_weight)
    for said, asking, weight in CIRCUMSTANCES:
        if not asked & asking:
            yield Word(said[0], False, others=said[1:], weight=weight)
