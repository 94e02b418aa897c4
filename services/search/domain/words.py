"""Words out of typed text: Unicode normalised, lower case, split where an index splits."""

from __future__ import annotations

import re
import unicodedata

MAX_WORDS = 32
MAX_WORD_LENGTH = 64
# Function words: they rank a result higher, but none is missed for lacking one. "without", "no", "not" carry meaning.
FUNCTION_WORDS = frozenset(
    [
        *("a", "an", "and", "as", "at", "by", "for", "from", "in", "into", "is", "of", "on", "or", "the", "to", "with"),
        # "Me" and "her" are abbreviations, too.
        *("my", "his", "she", "your", "their"),
    ]
)

_APOSTROPHES = str.maketrans({"’": "'", "‘": "'", "ʼ": "'", "＇": "'", "`": "'", "´": "'"})
_DASHES = str.maketrans({**dict.fromkeys("‐‑‒–—―−﹘﹣－", "-"), **dict.fromkeys("·•‧", ".")})
# Control, format, unpaired surrogate, private and unassigned characters.
_DROPPED = frozenset({"Cc", "Cf", "Cs", "Co", "Cn"})
# What all of that comes to in ASCII, which nearly every text is: the long way takes six times as long.
_ASCII = str.maketrans({"`": "'", **dict.fromkeys(map(chr, (*range(0x20), 0x7F)), " ")})
_BETWEEN_WORDS = re.compile(r"[\W_]+")


def normalised(text: str) -> str:
    """NFKC, one kind of dash, dot and apostrophe, no control or unpaired surrogate characters, single spaces."""
    if text.isascii():
        return " ".join(text.translate(_ASCII).split())
    # Apostrophes first: NFKC turns an acute accent on its own into a space with a combining mark.
    plain = unicodedata.normalize("NFKC", text.translate(_APOSTROPHES)).translate(_DASHES)
    kept = (char if unicodedata.category(char) not in _DROPPED else " " for char in plain)
    return " ".join("".join(kept).split())


def split(text: str) -> list[str]:
    """The words of normalised text in order, each once, in lower case, without a possessive's `s`."""
    lower = text.lower()
    pieces = (piece.removesuffix("'s") for piece in lower.split())
    apart = _BETWEEN_WORDS.split(" ".join(pieces))
    return list(dict.fromkeys(word for word in apart if 0 < len(word) <= MAX_WORD_LENGTH))


def within_one_edit(typed: str, word: str, *, prefix: bool = False) -> bool:
    """Whether one letter added, dropped, replaced, or two neighbours swapped make `word` (or, with `prefix`, the
    beginning of it) of `typed`."""
    if prefix:
        return any(within_one_edit(typed, word[:length]) for length in range(len(typed) - 1, len(typed) + 2))
    if abs(len(typed) - len(word)) > 1:
        return False
    start = 0
    while start < min(len(typed), len(word)) and typed[start] == word[start]:
        start += 1
    left, right = typed[start:], word[start:]
    swapped = len(left) >= 2 and left[1::-1] + left[2:] == right
    return left[1:] == right[1:] or left[1:] == right or left == right[1:] or swapped
