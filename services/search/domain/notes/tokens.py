"""Words of a note with their places."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

_WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)?")
_POSSESSIVE = re.compile(r"['’]s$")
# What stands between two words keeps a phrase together, or ends it.
_STRONG = frozenset(".;:()[]{}<>=!?\n\r\t|•*→")
_COMMA = ","


@dataclass(frozen=True, slots=True)
class Token:
    """A word in lower case without a possessive's `s`, and what stands before it."""

    text: str
    start: int
    end: int
    before: str = ""

    @property
    def is_number(self) -> bool:
        return self.text[0].isdigit()

    @property
    def follows_break(self) -> bool:
        return not _STRONG.isdisjoint(self.before.removesuffix(".") if _is_decimal(self) else self.before)

    @property
    def follows_comma(self) -> bool:
        return _COMMA in self.before


def tokens(text: str, start: int, end: int) -> Sequence[Token]:
    """The words of a part of a text, in order."""
    found: list[Token] = []
    last = start
    for match in _WORD.finditer(text, start, end):
        word = _POSSESSIVE.sub("", match.group().lower())
        found.append(Token(word, match.start(), match.end(), text[last : match.start()]))
        last = match.end()
    return found


def _is_decimal(token: Token) -> bool:
    return token.before == "." and token.is_number
